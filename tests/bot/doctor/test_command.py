"""`alb502 doctor` as somebody runs it: exit status, page and JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from bot.cli import exits
from bot.cli.schema import schema_text
from bot.doctor import slack
from handlers.scopes import names
from tests import slack_fake
from tests.bot.cli.running import alb502
from tests.slack_fake import SlackFake, serving

Capsys = pytest.CaptureFixture[str]
ROOT = Path(__file__).parents[3]
TOKEN = "xoxb-1234-of-another-app"


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings but those of the test."""
    for name in list(os.environ):
        if name.startswith(("ALB502_", "SLACK_", "REDIS_URL", "AWS_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("ALB502_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def well(monkeypatch: pytest.MonkeyPatch, store_url: str) -> Iterator[SlackFake]:
    """What the role that takes requests needs, and nothing is wrong with it."""
    fake = SlackFake(scopes=names(), socket_url="wss://fake.slack.com/link")
    with serving(fake):
        for name, value in {
            "SLACK_BOT_TOKEN": slack_fake.TOKEN,
            "SLACK_APP_TOKEN": slack_fake.APP_TOKEN,
            "ALB502_SLACK_API_URL": f"{fake.url}/api/",
            "REDIS_URL": store_url,
        }.items():
            monkeypatch.setenv(name, value)
        yield fake


def test_all_is_well(capsys: Capsys, well: SlackFake, tmp_path: Path) -> None:
    ran = alb502(capsys, "doctor", "--role", "web")

    assert (ran.status, ran.err) == (exits.OK, "")
    assert ran.out.startswith("alb502 doctor: all is well · role web\n")
    assert "Will not work" not in ran.out
    assert "Slack: Socket Mode can be opened" in ran.out
    assert not (tmp_path / "state").exists()


def test_a_problem_is_said_first_and_ends_in_status_1(
    capsys: Capsys, well: SlackFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)

    ran = alb502(capsys, "doctor", "--role", "web")

    assert ran.status == 1
    assert ran.out.startswith("alb502 doctor: 1 problem · role web\n\nWill not work\n  Slack refuses SLACK_BOT_TOKEN")
    assert TOKEN not in ran.out


def test_what_is_missing_stands_as_it_is_to_be_pasted(capsys: Capsys, well: SlackFake) -> None:
    well.scopes = tuple(name for name in names() if name not in ("commands", "users:read"))

    ran = alb502(capsys, "doctor", "--role", "web")

    assert ran.status == 1
    assert "The bot token lacks commands, users:read" in ran.out
    assert "\ncommands\nusers:read\n" in ran.out


def test_json_keeps_to_its_schema(capsys: Capsys, well: SlackFake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)

    ran = alb502(capsys, "doctor", "--role", "web", "--json")
    told = json.loads(ran.out)

    assert ran.status == 1
    Draft202012Validator(json.loads(schema_text("doctor"))).validate(told)
    assert (told["schema"], told["role"], told["verdict"]) == ("alb502.doctor/1", "web", "problems")
    assert told["findings"][0]["id"] == "slack-bot-token"
    assert told["findings"][0]["status"] == "problem"


def test_the_schema_in_the_docs_is_the_current_one() -> None:
    assert (ROOT / "docs" / "doctor.schema.json").read_text() == schema_text("doctor")


def test_settings_that_contradict_one_another_are_bad_usage(capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    twice = [{"name": "prod", "id": number, "regions": ["us-east-1"]} for number in ("111122223333", "444455556666")]
    monkeypatch.setenv("ALB502_ACCOUNTS", json.dumps(twice))

    ran = alb502(capsys, "doctor")

    assert ran.status == exits.BAD_USAGE
    assert "a name that no other account has" in ran.err
    assert ran.out == ""


def test_a_role_that_there_is_not_is_bad_usage(capsys: Capsys) -> None:
    assert alb502(capsys, "doctor", "--role", "janitor").status == exits.BAD_USAGE


def test_an_executor_needs_no_slack(capsys: Capsys, well: SlackFake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does it say so. There are no credentials of AWS here, which it does say."""
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    told = json.loads(alb502(capsys, "doctor", "--role", "executor", "--json").out)

    wrong = [one for one in told["findings"] if one["status"] == "problem"]
    assert [one["id"] for one in wrong] == ["aws-credentials"]
    assert "There are no AWS credentials" in wrong[0]["says"]
    assert well.calls == []

    monkeypatch.delenv("REDIS_URL")
    told = json.loads(alb502(capsys, "doctor", "--role", "executor", "--json").out)

    lacking = [one["says"] for one in told["findings"] if one["area"] in ("settings", "redis")]
    assert len(lacking) == 1, "a split role never starts a store of its own"
    assert "--role executor needs REDIS_URL" in lacking[0]


def test_a_fault_of_our_own_in_one_part_leaves_the_others(
    capsys: Capsys, well: SlackFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> object:
        raise KeyError("team_id")

    monkeypatch.setattr(slack, "findings", broken)

    told = json.loads(alb502(capsys, "doctor", "--role", "web", "--json").out)

    assert [one["id"] for one in told["findings"] if one["area"] == "slack"] == ["not-looked-at"]
    assert [one["status"] for one in told["findings"] if one["area"] == "redis"][-1] == "well"
