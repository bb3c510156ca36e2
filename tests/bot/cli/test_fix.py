"""`alb502 fix` and `alb502 audit`, as somebody with credentials types them, against an AWS that answers over HTTP."""

from __future__ import annotations

import io
import json
import os
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from redis.exceptions import ConnectionError as NoConnectionError

from bot.cli import fix
from bot.store.audit import StoredAudit
from bot.store.private import private_store
from demo.running import RunningWorld, run
from remediations.desk import Wanted
from tests import reports
from tests.bot.cli.running import Ran, alb502
from tests.bot.conftest import WAIT
from tests.remediations.cloud import REACH, plan

Capsys = pytest.CaptureFixture[str]
FIX = "sg-allow-lb-ingress"


@pytest.fixture(scope="module")
def world() -> Iterator[RunningWorld]:
    with run("security-group-revoked", live=False) as world:
        yield world


@pytest.fixture(autouse=True)
def there(world: RunningWorld, monkeypatch: pytest.MonkeyPatch, a_quiet_place: Path) -> None:
    for name, value in world.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def saved(world: RunningWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A diagnosis of the incident, as `diagnose --save` leaves it."""
    from bot.diagnosing import diagnoser
    from bot.settings import Settings
    from diagnostics.question import Diagnosed, Question

    file = tmp_path_factory.mktemp("saved") / "incident.json"
    before = dict(os.environ)
    os.environ.update(world.environment())
    try:
        found = diagnoser(Settings())(Question(words="checkout", logs=False), lambda _: None)
    finally:
        os.environ.clear()
        os.environ.update(before)
    assert isinstance(found, Diagnosed)
    file.write_text(found.snapshot.model_dump_json())
    return file


def rules(world: RunningWorld) -> set[str]:
    ec2 = boto3.client("ec2", endpoint_url=world.endpoint_url)
    return {rule["SecurityGroupRuleId"] for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]}


def typed(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    """A person at a terminal who types these lines."""
    lines = iter(answers)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("builtins.input", lambda _question: next(lines))


def one_line(ran: Ran) -> str:
    (line,) = [line for line in ran.err.splitlines() if line.startswith("alb502: ")]
    return line


def test_a_dry_run_shows_the_plan_and_changes_nothing(capsys: Capsys, world: RunningWorld, saved: Path) -> None:
    before = rules(world)
    ran = alb502(capsys, "fix", str(saved), FIX, "--dry-run")
    assert ran.status == 0
    for words in ("aws ec2 authorize-security-group-ingress", "medium risk", "8080", "looked at just now", "--dry-run"):
        assert words in ran.out
    assert rules(world) == before


@pytest.mark.parametrize("mode", ["off", "deny", "freeze", "two-person"])
def test_what_the_settings_forbid_is_refused_here_too(
    capsys: Capsys, world: RunningWorld, saved: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    now = datetime.now(UTC)
    freeze = [{"from": now.isoformat(), "to": (now + timedelta(days=1)).isoformat(), "why": "release day"}]
    setting, value, said = {
        "off": ("MODE", "off", "this report offers none"),
        "deny": ("DENY", f'["{FIX}"]', "`remediations.deny` lists"),
        "freeze": ("FREEZE", json.dumps(freeze), "release day"),
        "two-person": ("TWO_PERSON", '["medium"]', "second person"),
    }[mode]
    monkeypatch.setenv(f"ALB502_REMEDIATIONS__{setting}", value)
    before = rules(world)
    ran = alb502(capsys, "fix", str(saved), FIX, "--yes")
    assert said in one_line(ran)
    assert ran.status == (2 if mode == "off" else 1)
    assert rules(world) == before


def test_an_unknown_fix_lists_those_that_there_are(capsys: Capsys, saved: Path) -> None:
    ran = alb502(capsys, "fix", str(saved), "reboot")
    assert ran.status == 2
    assert FIX in one_line(ran)


def test_a_report_that_nobody_kept(capsys: Capsys) -> None:
    ran = alb502(capsys, "fix", "r-0123456789ab", FIX)
    assert ran.status == 3
    assert "REDIS_URL" in one_line(ran)


def test_credentials_of_another_account_are_not_used(
    capsys: Capsys, world: RunningWorld, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "444455556666")
    before = rules(world)
    ran = alb502(capsys, "fix", str(saved), FIX, "--yes")
    assert ran.status == 3
    assert "use a profile of that one" in one_line(ran)
    assert rules(world) == before


def test_nobody_who_could_be_asked(
    capsys: Capsys, world: RunningWorld, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    before = rules(world)
    ran = alb502(capsys, "fix", str(saved), FIX)
    assert ran.status == 1
    assert "--yes" in one_line(ran)
    assert rules(world) == before


def test_a_no_changes_nothing(
    capsys: Capsys, world: RunningWorld, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "y")
    before = rules(world)
    assert alb502(capsys, "fix", str(saved), FIX).status == 1
    assert rules(world) == before


def test_a_fix_of_high_risk_is_asked_about_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    target = SimpleNamespace(service="checkout", function=None, label="")
    hand: Any = SimpleNamespace(plan=SimpleNamespace(risk="high"), wanted=SimpleNamespace(target=target))
    typed(monkeypatch, "yes", "checkout")
    assert not fix._agreed(hand, yes=True)
    assert fix._agreed(hand, yes=True)


def test_done_watched_undone_and_in_the_audit(
    capsys: Capsys, world: RunningWorld, saved: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fix, "pause", world.world.advance)
    typed(monkeypatch, "yes", "undo")
    before = rules(world)
    with private_store(tmp_path / "store", WAIT) as url:
        monkeypatch.setenv("REDIS_URL", url)
        ran = alb502(capsys, "fix", str(saved), FIX)
        assert ran.status == 0, ran.err
        assert "Worked: the targets pass their health checks" in ran.out
        assert "Undone." in ran.out
        assert rules(world) == before

        told = alb502(capsys, "audit").out
        assert all(event in told for event in ("approved", "executed", "verified", "undone"))
        records = [json.loads(line) for line in alb502(capsys, "audit", "--json").out.splitlines()]
    assert [record["event"] for record in records] == ["approved", "executed", "verified", "executed", "undone"]
    assert all(record["who"]["id"].startswith("arn:aws:") for record in records)
    assert records[1]["request_ids"]

    changed = alb502(capsys, "audit", "--since", "soon")
    assert (changed.status, "--since" in changed.err) == (2, True)


def test_who_keeps_it_gets_the_commands_of_the_undo_with_the_ids_of_aws(
    capsys: Capsys, world: RunningWorld, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fix, "pause", world.world.advance)
    typed(monkeypatch, "yes", "")
    before = rules(world)
    ran = alb502(capsys, "fix", str(saved), FIX)
    assert ran.status == 0, ran.err
    (new,) = rules(world) - before
    last = shlex.split(ran.out.splitlines()[-1])
    assert last[:3] == ["aws", "ec2", "revoke-security-group-ingress"]
    assert last[-2:] == ["--security-group-rule-ids", new]
    group = last[last.index("--group-id") + 1]
    ec2 = boto3.client("ec2", endpoint_url=world.endpoint_url)
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[new])
    assert rules(world) == before


def test_a_store_that_goes_away_keeps_nobody_from_the_undo(
    capsys: Capsys, world: RunningWorld, saved: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def gone(*_: object) -> None:
        raise NoConnectionError

    monkeypatch.setattr(fix, "pause", world.world.advance)
    monkeypatch.setattr(StoredAudit, "append", gone)
    typed(monkeypatch, "yes", "undo")
    before = rules(world)
    with private_store(tmp_path / "store", WAIT) as url:
        monkeypatch.setenv("REDIS_URL", url)
        ran = alb502(capsys, "fix", str(saved), FIX)
    assert (ran.status, "Undone." in ran.out) == (0, True), ran.err
    assert "not in the audit: executed" in ran.err
    assert rules(world) == before


def test_what_is_shown_is_what_would_be_done(capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who can write to the store makes the report say less than the plan behind it does."""
    harmless = reports.fix(id="two-settings", title="Look only", aws_cli=("aws elbv2 describe-target-groups",))
    told = reports.report(causes=(reports.cause(remediations=(harmless,)),))
    wanted = Wanted(report=told.id, offer="two-settings", plan=plan(), target=told.target, reach=REACH)
    monkeypatch.setattr(fix, "_kept", lambda *_: (told, wanted))
    ran = alb502(capsys, "fix", "r-0123456789ab", "two-settings", "--dry-run")
    assert "aws elbv2 modify-target-group" in ran.out
    assert "Look only" not in ran.out


def test_a_file_says_that_it_is_one(capsys: Capsys, saved: Path) -> None:
    ran = alb502(capsys, "fix", str(saved), FIX, "--dry-run")
    assert "who wrote it chose what is proposed" in ran.err
