"""`alb502 manifest`, as somebody makes the Slack app."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from handlers.scopes import APP_SCOPES, BOT_SCOPES
from tests.bot.cli.running import alb502

Capsys = pytest.CaptureFixture[str]
DOCS = Path(__file__).parents[3] / "docs" / "slack.md"
URL = "https://alb502.example.com/slack/events"


def test_socket_mode_where_the_app_token_is_set(capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1-A0-1-made-up")

    ran = alb502(capsys, "manifest")

    assert (ran.status, ran.err) == (0, "")
    assert json.loads(ran.out)["settings"]["socket_mode_enabled"]
    assert "made-up" not in ran.out


def test_http_where_it_is_not_set(capsys: Capsys) -> None:
    ran = alb502(capsys, "manifest")

    assert ran.status == 0
    assert json.loads(ran.out)["settings"]["interactivity"]["request_url"] == "https://YOUR-HOST/slack/events"
    assert re.fullmatch(r"replace YOUR-HOST .*--http URL.*\n", ran.err)


@pytest.mark.parametrize("given", ["https://alb502.example.com", "https://alb502.example.com/", URL])
def test_the_address_is_completed(capsys: Capsys, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1-A0-1-made-up")

    ran = alb502(capsys, "manifest", "--http", given)

    assert (ran.status, ran.err) == (0, "")
    assert json.loads(ran.out)["settings"]["event_subscriptions"]["request_url"] == URL


@pytest.mark.parametrize(
    "given",
    [
        "http://alb502.example.com",
        "alb502.example.com",
        "https://",
        "https://me:pw@alb502.example.com",
        "https://alb502.example.com/?x=1",
        "https://alb502.example.com:0",
        "https://alb502.example.com:no",
        "https://alb502.example.com/\n",
        'https://alb502.example.com/"',
        "https://alb502.example.com\\slack",
        "https://alb502.example.com/../slack",
        "https://alb502..example.com",
        "https://-",
        "https://localhost",
        "https://[::1]",
        f"https://{'a' * 600}.example.com",
        "",
    ],
)
def test_an_address_that_slack_would_not_call(capsys: Capsys, given: str) -> None:
    ran = alb502(capsys, "manifest", "--http", given)

    assert (ran.status, ran.out) == (2, "")
    assert re.fullmatch(r"alb502: --http .*: give an address such as https://alb502\.example\.com\n", ran.err)
    assert "me:pw" not in ran.err


def test_one_way_at_a_time(capsys: Capsys) -> None:
    ran = alb502(capsys, "manifest", "--socket-mode", "--http", "https://alb502.example.com")

    assert (ran.status, ran.err) == (2, "alb502: give either --socket-mode or --http\n")


def test_both_forms_hold_the_same(capsys: Capsys) -> None:
    plain = json.loads(alb502(capsys, "manifest", "--socket-mode").out)

    assert yaml.safe_load(alb502(capsys, "manifest", "--socket-mode", "--format", "yaml").out) == plain


def test_the_one_in_the_docs_is_what_the_command_prints(capsys: Capsys) -> None:
    block = re.search(r"```yaml\n(.*?)```", DOCS.read_text(), re.DOTALL)

    assert block is not None
    assert block[1] == alb502(capsys, "manifest", "--socket-mode", "--format", "yaml").out


def test_the_docs_say_what_each_scope_is_for() -> None:
    rows = re.findall(r"^\| `([a-z_]+:?[a-z]*)` \| (.+?) \| (.+?) \|$", DOCS.read_text(), re.MULTILINE)

    assert rows == [(scope.name, scope.why, scope.without) for scope in (*BOT_SCOPES, *APP_SCOPES)]
