"""Errors over time: from minute counts to the report's series, and from that to a sparkline."""

from __future__ import annotations

from datetime import timedelta

import pytest

from diagnostics.engine import diagnose
from diagnostics.picture import picture, sparkline, text_lines
from diagnostics.report import ErrorsOverTime, Report
from tests import reports
from tests.incidents.building import NOW, Incident, ago


def told(incident: Incident) -> ErrorsOverTime | None:
    return diagnose(incident.snapshot()).symptom.over_time


def test_the_report_tells_errors_by_kind_and_minute() -> None:
    series = told(Incident().elb_errors(502, 7, since=20).elb_errors(504, 3, since=10, until=5))

    assert series is not None
    assert (series.start, series.step_seconds) == (NOW - timedelta(hours=1), 60)
    assert list(series.counts) == ["elb_502", "elb_504"], "most first"
    assert series.counts["elb_502"] == (0,) * 40 + (7,) * 20
    assert series.counts["elb_504"] == (0,) * 50 + (3,) * 5 + (0,) * 5


def test_a_healthy_service_has_no_picture() -> None:
    assert told(Incident()) is None


def test_errors_that_began_before_the_window_are_shown_from_there() -> None:
    series = told(Incident().elb_errors(502, 7, since=150))

    assert series is not None
    assert series.start <= ago(150)
    assert len(series.counts["elb_502"]) <= 60
    assert series.step_seconds == 180


def test_an_old_report_without_a_series_is_still_read() -> None:
    raw = reports.report(symptom=reports.symptom(over_time=None)).to_json()

    assert "over_time" not in raw
    assert Report.from_json(raw).symptom.over_time is None
    assert Report.from_json(reports.report().to_json()) == reports.report()


@pytest.mark.parametrize(
    ("counts", "highest", "line"),
    [
        ((), 0, ""),
        ((0, 0), 0, "··"),
        ((0, 1, 4, 8), 8, "·▁▄█"),
        ((1, 1_000_000), 1_000_000, "▁█"),
        ((3, 3), 3, "██"),
        ((-1, 9), 8, "·█"),
    ],
)
def test_a_sparkline_draws_something_for_all_but_nothing(counts: tuple[int, ...], highest: int, line: str) -> None:
    assert sparkline(counts, highest) == line


def test_kinds_share_one_scale_and_the_onset_stands_below_them() -> None:
    shown = picture(
        reports.report(
            symptom=reports.symptom(
                over_time=ErrorsOverTime(
                    start=reports.START,
                    step_seconds=120,
                    counts={"elb_504": (0,) * 14 + (8,) * 16, "target_5xx": (1,) * 30},
                )
            )
        ),
        columns=30,
    )

    assert shown is not None
    assert list(text_lines(shown)) == [
        "504              ··············████████████████",
        "5xx from targets ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁",
        "                         d    ^",
        "02:45 to 03:45 UTC",
        "2 min each, █ is 8 errors",
        "d deployment 03:02",
        "^ errors began 03:12",
    ]


def test_columns_are_joined_where_there_is_no_room_for_all() -> None:
    shown = picture(reports.report(), columns=20)

    assert shown is not None
    assert shown.step == timedelta(minutes=3)
    assert shown.columns == 20
    assert sum(shown.rows[0].counts) == 400


def test_a_picture_of_more_than_a_day_tells_days() -> None:
    series = ErrorsOverTime(start=reports.START, step_seconds=7_200, counts={"elb_502": (1,) * 20})
    shown = picture(reports.report(symptom=reports.symptom(over_time=series)), columns=20)

    assert shown is not None
    assert "21 Nov 02:45 to 22 Nov 18:45 UTC" in list(text_lines(shown))
