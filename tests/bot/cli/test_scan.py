"""`alb502 scan` as people and programs get it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

import bot.scanning
from bot.cli import progress
from bot.cli.schema import schema_text
from diagnostics.question import Progress, ProgressListener, Refused
from diagnostics.report import ReportWindow
from diagnostics.scan.answer import Scan, ScannedPlace, ScanStats, UnscannedPlace
from diagnostics.scan.rows import ScannedCause, ScannedService, worst_first
from tests import reports
from tests.bot.cli.running import Ran, alb502
from tests.diagnostics.scan.test_rows import row

SCHEMA_FILE = Path(__file__).parents[3] / "docs" / "scan.schema.json"
HOSTILE = "[bold red]evil[/] \x1b[31m<!here> \u202e" + "x" * 4_000
Ask = Callable[..., Ran]


def cause(**changes: Any) -> ScannedCause:
    values = {
        "code": "sg-ingress-missing",
        "title": "Security group blocks the load balancer",
        "summary": "security group sg-0a1 does not let the load balancer in on port 8080",
        "band": "confirmed",
        "confidence": 0.98,
        "role": "root",
        "since": reports.ONSET,
    }
    return ScannedCause.model_validate(values | changes)


def broken(name: str = "checkout", **changes: Any) -> ScannedService:
    values: dict[str, Any] = {
        "name": f"prod/{name}",
        "words": f"prod/{name}",
        "state": "broken",
        "looked": "full",
        "headline": f"{name} · 504 from the load balancer since 03:12 UTC (92 % of requests)",
        "symptom": "errors",
        "error_rate": 0.33,
        "errors_per_minute": 255.6,
        "targets": 8,
        "targets_not_serving": 8,
        "since": reports.ONSET,
        "causes": (cause(),),
    }
    return row(name, **(values | changes))


def scan_of(*rows: ScannedService, **changes: Any) -> Scan:
    values: dict[str, Any] = {
        "made_at": reports.END,
        "window": ReportWindow(start=reports.START, end=reports.END),
        "places": (ScannedPlace(account="111122223333", account_name="prod", region="us-east-1"),),
        "services": worst_first(rows),
        "stats": ScanStats(aws_calls=114, log_calls=31, seconds=3.8, full_looks=1),
    }
    return Scan(**(values | changes))


EVERY_STATE = scan_of(
    row("well-one", judged_without=("ec2:DescribeSubnets: AccessDenied",)),
    row("keeps-long", state="at_risk", risks=(cause(code="keepalive-race", summary="idle time is too short"), cause())),
    row("hidden", state="unread", unread=("ecs:DescribeServices is not allowed.",)),
    row("was-ill", state="over", headline="was-ill · 502 from 03:12 to 03:20 UTC", symptom="errors", causes=(cause(),)),
    broken(),
    broken("next", looked="first", errors_per_minute=0.2, causes=()),
    broken("vague", state="unclear", causes=(), runbook="https://wiki.example.com/vague"),
    row("rollout", state="degraded", symptom="deployment", headline="rollout · its deployment fails"),
    unscanned=(
        UnscannedPlace(
            account="444455556666",
            account_name="sealed",
            region="us-east-1",
            action="sts:AssumeRole",
            error="AccessDenied",
            reason="Role r could not be assumed.",
        ),
    ),
    not_looked_at=("prod/late",),
    left_out=("only 500 of 512 services are looked at",),
)


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    def run(found: Scan | Refused, *arguments: str) -> Ran:
        def scanned(account: str | None, region: str | None, progress: ProgressListener) -> Scan | Refused:
            progress(Progress(step="reading", text="services", done=1, total=2))
            return found

        monkeypatch.setattr(bot.scanning, "scanner", lambda *_: scanned)
        return alb502(capsys, "scan", *arguments)

    return run


def test_what_is_broken_comes_first_and_nothing_is_left_unsaid(ask: Ask) -> None:
    ran = ask(EVERY_STATE)
    assert (ran.status, ran.err) == (0, "")
    said = " ".join(ran.out.split())
    assert said.startswith("● 8 load-balanced services: 2 broken, 1 deployment fails, 1 unclear, 1 over, 1 not read,")
    in_order = [
        "prod/checkout broken",
        "504 from the load balancer since 03:12 UTC (92 % of requests) · 256 a minute · 8 of 8 targets not serving",
        "confirmed, sg-ingress-missing",
        "prod/vague unclear",
        "its cause cannot be told from what was read",
        "runbook https://wiki.example.com/vague",
        "prod/next broken",
        "seen at a first look and not looked into",
        "rollout deployment fails",
        "diagnose prod/checkout --account 111122223333 --region us-east-1",
        "was-ill 502 from 03:12 to 03:20 UTC",
        "hidden: ecs:DescribeServices is not allowed.",
        "prod/late: The time was up before it was their turn.",
        "keeps-long Idle time is too short keepalive-race; 1 more",
        "Nothing found at a first look well-one",
        "ec2:DescribeSubnets: AccessDenied (1 service)",
        "sealed us-east-1: Role r could not be assumed.",
        "only 500 of 512 services are looked at",
        "3.8 s · 114 AWS calls · 1 service looked into",
    ]
    places = [said.find(text) for text in in_order]
    assert -1 not in places, in_order[places.index(-1)]
    assert places == sorted(places)


def test_a_list_with_more_pages_than_were_read_is_told_as_what_it_is(ask: Ask) -> None:
    """As of a service whose tasks have been replaced for hours."""
    gaps = ("ecs:ListTasks: TooManyPages", "ec2:DescribeSubnets: AccessDenied")
    said = " ".join(ask(scan_of(broken(judged_without=gaps), row("calm", judged_without=gaps[:1]))).out.split())

    assert "Judged without • ec2:DescribeSubnets: AccessDenied (1 service)" in said
    assert "Judged by what was read of it • ecs:ListTasks: read in part (2 services)" in said


@pytest.mark.parametrize("columns", ["40", "60", "80", "120"])
def test_it_fits_the_window(ask: Ask, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    lines = ask(EVERY_STATE).out.splitlines()
    assert all(
        len(line) <= int(columns) for line in lines if "alb502 diagnose" not in line and " diagnose " not in line
    )


def test_foreign_text_is_bounded_and_drawn_as_it_is(ask: Ask) -> None:
    ran = ask(scan_of(broken(HOSTILE, headline=f"h · {HOSTILE}", causes=(cause(summary=HOSTILE),))))
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out
    assert "[bold red]evil[/]" in ran.out
    assert len(ran.out) < 12_000


def test_services_of_several_places_are_told_apart(ask: Ask) -> None:
    ran = ask(scan_of(broken(), broken("other", account_name="dev", region="eu-west-1")))
    assert "prod/other in dev eu-west-1" in ran.out


def test_an_account_without_services_is_an_answer(ask: Ask) -> None:
    ran = ask(scan_of())
    assert (ran.status, "no load-balanced service found" in ran.out) == (0, True)


def test_many_rows_are_counted(ask: Ask) -> None:
    many = [row(f"risky-{number}", state="at_risk", risks=(cause(),)) for number in range(50)]
    ran = ask(scan_of(*many, *(row(f"well-{number}") for number in range(70))))
    assert "showing 40 of 50" in ran.out
    assert "and 10 more" in ran.out


def test_programs_get_json(ask: Ask) -> None:
    told = json.loads(ask(EVERY_STATE, "--json").out)
    assert told["schema"] == "alb502.scan/1"
    assert [one["state"] for one in told["services"]][:2] == ["broken", "unclear"]
    assert told["services"][0]["causes"][0]["code"] == "sg-ingress-missing"


def test_the_schema_in_the_docs_is_the_schema() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text("scan"), (
        "python -m bot.cli.schema scan > docs/scan.schema.json"
    )


def test_the_answer_fits_its_schema(ask: Ask) -> None:
    validator = Draft202012Validator(json.loads(schema_text("scan")))
    told = json.loads(ask(EVERY_STATE, "--json").out)
    assert list(validator.iter_errors(told)) == []
    assert list(validator.iter_errors({name: value for name, value in told.items() if name != "stats"}))


@pytest.mark.parametrize(("bad_request", "status"), [(True, 2), (False, 3)])
def test_no_answer_is_one_line(ask: Ask, bad_request: bool, status: int) -> None:
    ran = ask(Refused(message="Account 'x' is not configured.", bad_request=bad_request), "--account", "x")
    assert (ran.status, ran.out, ran.err) == (status, "", "alb502: Account 'x' is not configured.\n")


def test_where_nothing_could_be_listed_there_is_no_answer(ask: Ask) -> None:
    ran = ask(scan_of(unscanned=EVERY_STATE.unscanned))
    assert (ran.status, ran.out) == (3, "")
    assert ran.err == "alb502: sealed us-east-1: Role r could not be assumed.\n"


def test_progress_counts_services() -> None:
    step = Progress(step="reading", text="services in prod, us-east-1", done=14, total=40)
    assert progress.beside_bar(step) == "14 of 40 · reading services in prod, us-east-1"


@pytest.mark.parametrize(("width", "with_bar"), [(80, True), (40, False)])
def test_a_terminal_gets_a_bar_that_goes_away(monkeypatch: pytest.MonkeyPatch, width: int, with_bar: bool) -> None:
    stream = io.StringIO()
    screen = Console(file=stream, width=width, force_terminal=True, color_system=None)
    monkeypatch.setattr(progress, "live_screen", lambda: screen)
    with progress.bar_on_stderr() as listener:
        listener(Progress(step="reading", text="[bold]services[/] in prod", done=1, total=2))
    drawn = stream.getvalue()
    assert "1 of 2 · reading [bold]services" in drawn
    assert ("━" in drawn) == with_bar
    assert drawn.endswith("\x1b[2K")
