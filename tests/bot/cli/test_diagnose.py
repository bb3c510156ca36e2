"""`alb502 diagnose` as a shell sees it: streams, statuses, one line for each mistake."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from bot.cli import exits
from diagnostics.facts.fact import Gap
from diagnostics.question import Ambiguous, Candidate, Refused, Unknown
from diagnostics.report import Report
from tests import reports
from tests.bot.cli.conftest import Oracle
from tests.bot.cli.running import alb502

Capsys = pytest.CaptureFixture[str]
CANDIDATE = Candidate(
    kind="ecs-service",
    name="checkout",
    account="111122223333",
    account_name="prod",
    region="us-east-1",
    words="prod/checkout",
)


def test_the_report_goes_to_stdout_and_nothing_to_a_stderr_that_is_no_terminal(oracle: Oracle, capsys: Capsys) -> None:
    ran = alb502(capsys, "diagnose", "checkout")

    assert ran.status == exits.OK
    assert ran.out.startswith("● checkout · 504 from the load balancer since 03:12 UTC (4 % of requests)")
    assert ran.err == ""


def test_json_is_the_report_and_nothing_else(oracle: Oracle, capsys: Capsys) -> None:
    ran = alb502(capsys, "diagnose", "checkout", "--json")

    assert Report.from_json(ran.out) == reports.report()
    assert json.loads(ran.out)["schema"] == "alb502.report/1"


def test_markdown_is_for_the_post_mortem(oracle: Oracle, capsys: Capsys) -> None:
    ran = alb502(capsys, "diagnose", "checkout", "--format", "markdown")

    assert ran.out.startswith("# checkout · 504 from the load balancer")


def test_the_arguments_become_the_question(oracle: Oracle, capsys: Capsys, now: Callable[[], datetime]) -> None:
    alb502(
        capsys,
        *("diagnose", "prod/checkout", "--account", "prod", "--region", "eu-west-1"),
        *("--from", "03:00", "--to", "03:30", "--seen", "502", "--no-logs", "--refresh"),
    )

    (asked,) = oracle.asked
    assert (asked.words, asked.account, asked.region, asked.seen) == ("prod/checkout", "prod", "eu-west-1", 502)
    assert (asked.start, asked.end) == (reports.at(0), reports.at(30))
    assert asked.refresh
    assert not asked.logs


def test_since_is_a_length_of_time(oracle: Oracle, capsys: Capsys) -> None:
    alb502(capsys, "diagnose", "checkout", "--since", "2h")

    assert oracle.asked[0].since_s == 7_200


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "TARGET"),
        (("checkout", "--since", "yesterday"), "--since 'yesterday': write a duration such as 30m, 2h or 1d"),
        (("checkout", "--since", "15d"), "from 1m to 14d"),
        (("checkout", "--from", "soon"), "--from 'soon': write a time"),
        (("checkout", "--from", "03:30", "--to", "03:00"), "has to be before --to"),
        (("checkout", "--from", "2026-11-22T00:00Z", "--to", "2026-11-22T01:00Z"), "in the future"),
        (("checkout", "--from", "2026-10-01"), "at most 14 days"),
        (("checkout", "--since", "1h", "--from", "03:00"), "either --since or --from"),
        (("checkout", "--seen", "200"), "--seen '200': give an HTTP error code"),
        (("checkout", "--json", "--format", "markdown"), "either --json or --format"),
        (("checkout", "--save", "/nowhere/at/all"), "give a file in a directory that exists"),
        (
            (
                "checkout",
                "--colour",
            ),
            "--colour",
        ),
        (("   ",), "give a name"),
        (("x" * 4_000,), "it has 4,000 characters"),
        (("\u200b\u202e",), "give a name"),
    ],
)
def test_bad_usage_is_one_line_and_status_2(
    oracle: Oracle, capsys: Capsys, now: Callable[[], datetime], arguments: tuple[str, ...], said: str
) -> None:
    ran = alb502(capsys, "diagnose", *arguments)

    assert ran.status == exits.BAD_USAGE
    assert said in ran.err
    assert ran.err.startswith("alb502: ")
    assert ran.err.count("\n") == 1
    assert len(ran.err) < 400
    assert ran.out == ""
    assert oracle.asked == []


def test_an_ambiguous_name_lists_the_commands_that_are_not(oracle: Oracle, capsys: Capsys) -> None:
    oracle.outcomes = [Ambiguous(words="checkout", candidates=(CANDIDATE, CANDIDATE), more=3)]
    ran = alb502(capsys, "diagnose", "checkout", "--json")

    assert ran.status == exits.BAD_USAGE
    assert ran.out == ""
    assert "alb502: 'checkout' means 5 things" in ran.err
    assert "alb502 diagnose prod/checkout --account prod --region us-east-1" in ran.err
    assert "showing 2 of 5" in ran.err


def test_a_cluster_is_called_one_and_leads_to_its_services(oracle: Oracle, capsys: Capsys) -> None:
    oracle.outcomes = [Ambiguous(words="prod", candidates=(CANDIDATE,), is_cluster=True)]
    ran = alb502(capsys, "diagnose", "prod")

    assert ran.status == exits.BAD_USAGE
    assert "alb502: 'prod' is an ECS cluster; say which of its services:" in ran.err
    assert "alb502 diagnose prod/checkout --account prod --region us-east-1" in ran.err


def test_an_unknown_name_suggests_the_nearest(oracle: Oracle, capsys: Capsys) -> None:
    gaps = tuple(Gap(action="ecs:ListServices", resource="*", error=error) for error in ("AccessDenied", "OutOfTime"))
    oracle.outcomes = [Unknown(words="chekout\n", nearest=(CANDIDATE,), gaps=gaps)]
    ran = alb502(capsys, "diagnose", "chekout")

    assert ran.status == exits.BAD_USAGE
    assert "nothing found that is called 'chekout'; the nearest:" in ran.err
    assert "not read: ecs:ListServices on *: AccessDenied" in ran.err
    assert "not read: ecs:ListServices on *: not in time" in ran.err


@pytest.mark.parametrize(("bad_request", "status"), [(True, exits.BAD_USAGE), (False, exits.NO_REPORT)])
def test_a_refusal_is_a_line_and_its_status(oracle: Oracle, capsys: Capsys, bad_request: bool, status: int) -> None:
    oracle.outcomes = [Refused(message="No AWS credentials: run aws sso login.", bad_request=bad_request)]
    ran = alb502(capsys, "diagnose", "checkout")

    assert (ran.status, ran.err) == (status, "alb502: No AWS credentials: run aws sso login.\n")


def test_a_wrong_setting_is_named(oracle: Oracle, capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALB502_HTTP_PORT", "many")
    ran = alb502(capsys, "diagnose", "checkout")

    assert ran.status == exits.BAD_USAGE
    assert "ALB502_HTTP_PORT" in ran.err


def test_what_was_read_can_be_saved(oracle: Oracle, capsys: Capsys, tmp_path: Path) -> None:
    file = tmp_path / "incident.json"
    ran = alb502(capsys, "diagnose", "checkout", "--save", str(file))

    assert ran.status == exits.OK
    assert json.loads(file.read_text())["subject"]["query"] == "checkout"
    assert file.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir() if path.name != "state"] == ["incident.json"]


def test_an_unexpected_error_is_one_line_with_a_reference(oracle: Oracle, capsys: Capsys, tmp_path: Path) -> None:
    oracle.outcomes = [RuntimeError("the sky fell\non two lines")]
    ran = alb502(capsys, "diagnose", "checkout")

    assert ran.status == exits.NO_REPORT
    assert ran.err.count("\n") == 1
    (kept,) = (tmp_path / "state" / "errors").iterdir()
    assert kept.stem.removeprefix("alb502-") in ran.err
    assert "the sky fell" in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0


def test_only_so_many_error_files_are_kept(oracle: Oracle, capsys: Capsys, tmp_path: Path) -> None:
    oracle.outcomes = [RuntimeError("again")]
    for _ in range(23):
        alb502(capsys, "diagnose", "checkout")

    assert len(list((tmp_path / "state" / "errors").iterdir())) == 20


def test_ctrl_c_ends_quietly(oracle: Oracle, capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_arguments: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(Oracle, "__call__", interrupted)
    ran = alb502(capsys, "diagnose", "checkout")

    assert (ran.status, ran.out, ran.err) == (exits.INTERRUPTED, "", "")
