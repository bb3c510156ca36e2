"""Who watches pays once: what a scan for money found is used again until the window has moved on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from diagnostics.access_logs.questions import COUNT_COLUMNS
from diagnostics.access_logs.row import FIELDS
from diagnostics.collect.earlier_scans import MAX_KEPT, EarlierScans
from diagnostics.collect.sources.athena_logs import _again
from diagnostics.facts import AccessLogs, ApplicationLogs, ErrorCount, Gap, KeyCount
from diagnostics.snapshot import Window
from tests.diagnostics.collect import test_athena_logs as athena_logs
from tests.diagnostics.collect import test_insights as scans
from tests.diagnostics.collect.log_shop import Shop, ends
from tests.diagnostics.collect.test_application_logs import NOW, WINDOW
from tests.diagnostics.collect.test_athena_logs import Catalogue, catalogue  # noqa: F401 - a fixture
from tests.diagnostics.collect.test_insights import Insights, _no_pauses, a_moment, row  # noqa: F401 - a fixture


def moved(window: Window, by: timedelta) -> Window:
    return Window(start=window.start + by, end=window.end + by)


def test_a_window_that_stands_still_is_never_scanned_twice_and_a_moving_one_every_half_of_it() -> None:
    earlier, half = EarlierScans(), (WINDOW.end - WINDOW.start) / 2
    earlier.keep("asked", WINDOW, "found")
    assert earlier.find("something else", WINDOW) is None
    assert earlier.find("asked", WINDOW) is not None
    assert earlier.find("asked", moved(WINDOW, half)) is not None
    assert earlier.find("asked", moved(WINDOW, half + timedelta(seconds=1))) is None
    assert earlier.find("asked", moved(WINDOW, -half)) is None


def test_only_a_few_are_kept() -> None:
    earlier = EarlierScans()
    for number in range(MAX_KEPT + 1):
        earlier.keep(f"{number}", WINDOW, number)
    assert earlier.find("0", WINDOW) is None
    assert earlier.find(f"{MAX_KEPT}", WINDOW) is not None


def again(insights: Insights, earlier: EarlierScans, window: Window, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(scans, "WINDOW", window)
    return scans.asked(insights, earlier=earlier).outcome


def test_the_next_round_uses_the_lines_that_were_paid_for_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = row("panic: old", a_moment(19.5)), row("panic: the last", a_moment(5))
    insights, earlier = Insights(["Complete"], new, old), EarlierScans()
    first = again(insights, earlier, WINDOW, monkeypatch)
    later = moved(WINDOW, timedelta(minutes=2))
    second = again(insights, earlier, later, monkeypatch)
    assert isinstance(first, ApplicationLogs)
    assert isinstance(second, ApplicationLogs)
    assert len(insights.started) == 1
    assert first.count("crash") == second.count("crash") == 3
    assert first.share_read == 1.0
    assert 0.9 < second.share_read < 1.0
    assert second.paid is not None
    next_scan = WINDOW.end + (WINDOW.end - WINDOW.start) / 2
    assert f"used again (scanned anew from {next_scan:%H:%M} UTC on)" in second.paid
    assert "at most 2.0 GB (logs.app_log_scan_bytes), about 0.010 USD, and scanned 0.5 GB" in second.paid
    assert f"searched until {WINDOW.end:%H:%M} UTC; there is more" in " ".join(second.notes)


def test_the_same_time_is_answered_in_full_and_without_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    insights, earlier = Insights(["Complete"], row("panic: the last", a_moment(5))), EarlierScans()
    again(insights, earlier, WINDOW, monkeypatch)
    second = again(insights, earlier, WINDOW, monkeypatch)
    assert (second.share_read, len(insights.started)) == (1.0, 1)
    assert "(all of it)" in second.paid


def test_a_scan_that_its_limit_stopped_is_not_begun_again_either(monkeypatch: pytest.MonkeyPatch) -> None:
    insights, earlier = Insights(["Running"], row("panic: the last", a_moment(5))), EarlierScans()
    for by in range(3):
        monkeypatch.setattr(scans, "WINDOW", moved(WINDOW, timedelta(minutes=by)))
        found = scans.asked(insights, app_log_scan_bytes=600_000_000, earlier=earlier).outcome
        assert [gap.error for gap in found.gaps] == ["TooManyBytes"]
    assert len(insights.started) == 1


def test_what_was_refused_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    insights, earlier = Insights(["Complete"], refuse="start_query"), EarlierScans()
    for _ in range(2):
        again(insights, earlier, WINDOW, monkeypatch)
    assert insights.calls == ["start_query", "start_query"]


def test_half_a_window_later_it_is_paid_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    insights, earlier = Insights(["Complete"], row("panic: the last", a_moment(5))), EarlierScans()
    again(insights, earlier, WINDOW, monkeypatch)
    late = moved(WINDOW, (WINDOW.end - WINDOW.start) / 2 + timedelta(minutes=1))
    assert again(insights, earlier, late, monkeypatch) is not None
    assert len(insights.started) == 2


def test_athena_is_asked_once_and_its_rows_are_those_of_the_window(shop: Shop, catalogue: Catalogue) -> None:  # noqa: F811
    shop.turn_on().deliver(ends()[0], [shop.row(ends()[1])])
    catalogue.make(shop)
    totals = {"question": "totals", "row_count": "900", "failures": "0", "damaged": "0", "unknown_fields": "0"}
    athena_logs.seed(shop, (COUNT_COLUMNS, [totals]), (FIELDS, []))
    options = replace(athena_logs.ASKED, earlier=EarlierScans())
    first = shop.logs(options, refresh=True)
    second = shop.logs(options, refresh=True)
    assert len(shop.client("athena").list_query_executions()["QueryExecutionIds"]) == 2
    assert (first.rows, second.rows, second.engine) == (900, 900, "athena")
    assert first.paid is not None
    assert "(logs.athena.max_bytes)" in first.paid
    assert second.paid is not None
    assert "used again" in second.paid
    assert second.paid in second.notes


def test_an_earlier_answer_is_cut_to_the_window() -> None:
    earlier = EarlierScans()
    later = moved(WINDOW, timedelta(minutes=10))

    def error(minutes_ago: int) -> ErrorCount:
        at = NOW - timedelta(minutes=minutes_ago)
        return ErrorCount(
            elb_status=502,
            target_status=None,
            generated_by="load-balancer",
            row_family="other",
            count=1,
            first=at,
            last=at,
        )

    window_minutes = int((WINDOW.end - WINDOW.start).total_seconds() // 60)
    ages = (window_minutes - 1, 5)
    logs = AccessLogs(
        source="s3",
        engine="athena",
        covered_from=WINDOW.start,
        covered_to=WINDOW.end,
        rows=9,
        errors=tuple(map(error, ages)),
        by_minute=tuple(KeyCount(key=f"{NOW - timedelta(minutes=ago):%Y-%m-%dT%H:%M}", errors=1) for ago in ages),
        notes=("Athena read 1.0 MB",),
        paid="Athena read 1.0 MB",
    )
    earlier.keep("asked", WINDOW, logs)
    kept = earlier.find("asked", later)
    assert kept is not None
    cut = _again(logs, kept, later)
    assert isinstance(cut, AccessLogs)
    assert (len(cut.errors), len(cut.by_minute)) == (1, 1)
    assert (cut.covered_from, cut.covered_to) == (later.start, WINDOW.end)
    assert cut.notes == (cut.paid,)
    gap = Gap(action="athena:StartQueryExecution", resource="w", error="TooManyBytes", kind="not-read")
    assert _again(gap, kept, later) == gap
