"""`alb502 logs`: tables for a person, JSON for programs, and one line when there are none."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import bot.diagnosing
from diagnostics.collect.log_options import AthenaOptions, LogOptions
from diagnostics.facts import (
    AccessLogs,
    ErrorCount,
    Gap,
    KeyCount,
    Latency,
    LoadBalancerAttributes,
    LoggedRow,
    NotApplicable,
)
from diagnostics.question import ProgressListener, Question, Refused, Unknown
from diagnostics.snapshot import Snapshot, Subject, Window
from tests.bot.cli.running import alb502

END = datetime(2026, 11, 21, 3, 45, tzinfo=UTC)
WINDOW = Window(start=END - timedelta(hours=1), end=END)
LB = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/shop/50dc6c495c0c9188"
GROUP = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/checkout/73e2d6bc24d8a067"
OTHER = GROUP.replace("checkout", "search")
HOSTILE = 'GET /\x1b[31m" [bold]DROP TABLE\u202e ' + "x" * 5000


def logs(**changes: Any) -> AccessLogs:
    at = END - timedelta(minutes=20)
    row = LoggedRow(
        at=at, elapsed_s=0.004, elb_status=502, target_status=None, row_family="not-dispatched-fast", line=HOSTILE
    )
    given: dict[str, Any] = {
        "source": "s3",
        "engine": "local",
        "covered_from": WINDOW.start,
        "covered_to": END - timedelta(minutes=10),
        "rows": 7010,
        "files": 24,
        "bytes": 3_800_000,
        "errors": (
            ErrorCount(
                elb_status=502,
                target_status=None,
                generated_by="load-balancer",
                row_family="not-dispatched-fast",
                target_group=GROUP,
                count=412,
                first=at,
                last=at,
            ),
            ErrorCount(
                elb_status=503,
                target_status=503,
                generated_by="target",
                row_family="answered",
                target_group=OTHER,
                count=9,
                first=at,
                last=at,
            ),
        ),
        "latency": Latency(p50=0.02, p95=0.3, p99=1.5, max=58.2),
        "by_minute": (KeyCount(key="2026-11-21T03:25:00Z", rows=100, errors=40),),
        "by_target": (KeyCount(key="10.0.1.11:8080", rows=900, errors=400),),
        "by_route": tuple(KeyCount(key=f"GET shop/{number}", errors=number) for number in range(48)),
        "by_rule": (KeyCount(key="0", errors=421),),
        "sample": (row,) * 7,
    }
    return AccessLogs(**(given | changes))


def snapshot(outcome: AccessLogs | Gap | NotApplicable) -> Snapshot:
    return Snapshot(
        taken_at=END,
        subject=Subject(
            query="checkout",
            kind="ecs-service",
            account="111122223333",
            region="us-east-1",
            load_balancers=(LB,),
            target_groups=(GROUP,),
            cluster="prod",
            service="checkout",
        ),
        window=WINDOW,
        facts={
            AccessLogs.name: outcome,
            LoadBalancerAttributes.name: LoadBalancerAttributes(by_arn={LB: {"idle_timeout.timeout_seconds": "60"}}),
        },
    )


class Reader:
    """Stands for the reading of logs."""

    def __init__(self) -> None:
        self.answer: Any = snapshot(logs())
        self.settings = LogOptions()
        self.asked: list[tuple[Question, LogOptions]] = []

    def logs(self, question: Question, wanted: Callable[[LogOptions], LogOptions], listener: ProgressListener) -> Any:
        self.asked.append((question, wanted(self.settings)))
        return self.answer


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch, now: Callable[[], datetime]) -> Reader:
    made = Reader()
    monkeypatch.setattr(bot.diagnosing, "diagnoser", lambda _settings: made)
    return made


def test_a_person_sees_who_made_which_error_and_how_much_is_shown(
    reader: Reader, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    ran = alb502(capsys, "logs", "checkout", "--since", "2h")
    assert ran.status == 0
    assert "checkout · 7,010 requests logged, 421 errors" in ran.out
    assert "connection to the target refused, or TLS failed" in ran.out
    assert "of another target group, search" in ran.out
    assert "showing 8 of 48" in ran.out
    assert "showing 3 of 7" in ran.out
    assert "the default rule" in ran.out
    line = next(line.split()[1] for line in ran.out.splitlines() if line.startswith("  errors ") and "█" in line)
    assert (line.index("█"), len(line)) == (40, 51), "a column of one minute each, from the first to the last"
    assert "1 min each, █ is 40 errors" in ran.out
    assert "p99 1.500 s · max 58.200 s · idle timeout 60 s" in ran.out
    assert "later files have not been delivered yet" in ran.out
    question, options = reader.asked[0]
    assert question.since_s == 7200
    assert (options.wish, options.athena_first) == ("always", False)


@pytest.mark.parametrize("width", [30, 40, 60, 200])
def test_narrow_terminals_and_hostile_lines_do_no_harm(
    reader: Reader, capsys: Any, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", f"{width}")
    out = alb502(capsys, "logs", "checkout").out
    assert max(map(len, out.splitlines())) <= width
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "[bold]" in "".join(line.strip() for line in out.splitlines()).replace(" ", "")
    assert out.count("x") < 5000


def test_a_part_of_the_files_is_said_to_be_a_part(reader: Reader, capsys: Any) -> None:
    reader.answer = snapshot(logs(share_read=0.37))
    assert "only the newest 37% was read" in alb502(capsys, "logs", "checkout").out


def test_rows_of_targets_that_are_gone_are_in_no_zone_and_this_is_said(
    reader: Reader, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    zone = KeyCount(key="us-east-1a", rows=500, errors=400)
    reader.answer = snapshot(logs(by_zone=(zone,)))
    said = alb502(capsys, "logs", "checkout").out
    assert "without 400 requests to targets of unknown zone, such as those that are gone" in said
    reader.answer = snapshot(logs(by_zone=(zone.model_copy(update={"rows": 900}),)))
    assert "unknown zone" not in alb502(capsys, "logs", "checkout").out


def test_in_a_narrow_window_no_sentence_is_broken_into_syllables(
    reader: Reader, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    out = " ".join(alb502(capsys, "logs", "checkout").out.split())
    assert "502 made by balancer, first " in out
    assert "connection to the target refused, or TLS failed" in out


def test_no_errors_at_all_is_an_answer(reader: Reader, capsys: Any) -> None:
    reader.answer = snapshot(logs(errors=(), by_minute=(), by_route=(), sample=(), latency=Latency()))
    ran = alb502(capsys, "logs", "checkout")
    assert ran.status == 0
    assert "0 errors" in ran.out


def test_json_is_the_versioned_answer(reader: Reader, capsys: Any) -> None:
    ran = alb502(capsys, "logs", "checkout", "--json")
    answer = json.loads(ran.out)
    assert answer["schema"] == "alb502.logs/1"
    assert (answer["rows"], answer["engine"], answer["share_read"]) == (7010, "local", 1.0)
    assert answer["errors"][0]["count"] == 412


def test_conditions_are_read_before_anything_else(reader: Reader, capsys: Any) -> None:
    ran = alb502(capsys, "logs", "checkout", "--where", "status=502", "--where", "target~10.0.1.")
    assert [one.value for one in reader.asked[0][1].where] == ["502", "10.0.1."]
    assert "only rows with status=502 and target~10.0.1." in " ".join(ran.out.split())
    ran = alb502(capsys, "logs", "checkout", "--where", "planet=mars'; DROP TABLE")
    assert ran.status == 2
    assert ran.err.startswith("alb502: --where")
    assert len(reader.asked) == 1


def test_athena_must_be_set_up_and_makes_a_table_only_when_asked(reader: Reader, capsys: Any) -> None:
    ran = alb502(capsys, "logs", "checkout", "--athena")
    assert (ran.status, "logs.athena.workgroup" in ran.err) == (2, True)
    assert alb502(capsys, "logs", "checkout", "--create-table").status == 2
    reader.settings = LogOptions(athena=AthenaOptions(workgroup="primary", database="logs"))
    assert alb502(capsys, "logs", "checkout", "--athena").status == 0
    alb502(capsys, "logs", "checkout", "--athena", "--create-table")
    made = [options.athena.create_table for _, options in reader.asked if options.athena]
    assert made == [False, True]


def test_why_there_are_no_logs_is_one_line_that_says_what_to_do(reader: Reader, capsys: Any) -> None:
    reader.answer = snapshot(
        Gap(action="s3:GetObject", resource=LB, error="LoggingIsOff", kind="not-read", message="access logs are off")
    )
    ran = alb502(capsys, "logs", "checkout")
    assert (ran.status, ran.out) == (3, "")
    assert "access logs are off" in ran.err
    reader.answer = snapshot(NotApplicable(reason="no load balancer belongs to it"))
    assert "no load balancer belongs to it" in alb502(capsys, "logs", "checkout").err


def test_an_unknown_target_is_bad_usage(reader: Reader, capsys: Any) -> None:
    reader.answer = Unknown(words="checkot")
    assert alb502(capsys, "logs", "checkot").status == 2
    reader.answer = Refused(message="There are no AWS credentials.")
    assert alb502(capsys, "logs", "checkout").status == 3
