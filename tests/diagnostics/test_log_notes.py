"""The report says what share of the logs was read, and what was paid for reading them."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console

from bot.cli.drawing import markdown
from bot.cli.drawing import report as terminal
from diagnostics.engine import diagnose
from diagnostics.facts import AccessLogs, ApplicationLogs, Gap
from diagnostics.log_notes import log_notes
from diagnostics.report import Report
from diagnostics.snapshot import Snapshot
from handlers import views
from tests.incidents.building import Incident

PRICE = "Athena read 3.2 GB, at most 100.0 GB (logs.athena.max_bytes), about 0.02 USD"
SCAN = (
    "CloudWatch Logs Insights was to scan at most 2.0 GB (logs.app_log_scan_bytes), about 0.010 USD, and scanned 0.5 GB"
)
EMPTY = Incident().snapshot()


def rows(**more: Any) -> AccessLogs:
    window = EMPTY.window
    given: dict[str, Any] = {"covered_from": window.start, "covered_to": window.end, "engine": "local"} | more
    return AccessLogs(source="cloudwatch-logs", rows=1, **given)


def lines(**more: Any) -> ApplicationLogs:
    window = EMPTY.window
    return ApplicationLogs(
        source="insights", covered_from=window.start, covered_to=window.end, log_groups=(), lines_read=1, **more
    )


def with_logs(*facts: AccessLogs | ApplicationLogs) -> Snapshot:
    return EMPTY.model_copy(update={"facts": {**EMPTY.facts, **{fact.name: fact for fact in facts}}})


def test_what_was_read_in_full_for_nothing_is_no_note() -> None:
    assert log_notes(with_logs(rows(), lines())) == ()
    assert "log_notes" not in diagnose(with_logs(rows())).to_json()


def test_the_share_is_told_with_its_time_and_the_setting_that_ended_the_reading() -> None:
    since = EMPTY.window.end - timedelta(minutes=25)
    (note,) = log_notes(with_logs(rows(share_read=0.43, covered_from=since)))
    assert note == f"access logs: the newest 43% was read, all from {since:%H:%M} UTC on; logs.local_budget ended it"


@pytest.mark.parametrize(("share", "words"), [(0.001, "under 1%"), (0.999, "99%")])
def test_a_share_is_never_told_as_nothing_or_all(share: float, words: str) -> None:
    assert f"the newest {words} was read" in log_notes(with_logs(rows(share_read=share)))[0]
    assert log_notes(with_logs(lines(share_read=share))) == (f"application logs: {words} was searched",)


def test_what_a_refused_call_left_out_is_not_put_down_to_the_budget() -> None:
    gap = Gap(action="logs:FilterLogEvents", resource="*", error="ThrottlingException", kind="throttled")
    assert "local_budget" not in log_notes(with_logs(rows(share_read=0.5, gaps=(gap,))))[0]


def test_every_drawing_of_the_report_tells_the_price() -> None:
    report = diagnose(with_logs(rows(engine="athena", paid=PRICE), lines(paid=SCAN)))
    assert report.stats.log_notes == (PRICE, SCAN)
    assert Report.from_json(report.to_json()) == report
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(*terminal.drawn(report))
    slack = str(views.summary(report, now=report.made_at, age_s=None, plain=False))
    for drawn in (console.export_text(), markdown.post_mortem(report), slack):
        assert "about 0.02 USD" in drawn
        assert "logs.app_log_scan_bytes" in drawn
