"""When errors began, and in what rhythm."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.facts import Point
from diagnostics.rules.onset import last_burst, pattern_of
from tests.incidents.building import NOW, ago, minutes_of


def test_the_onset_is_that_of_the_newest_run_of_errors() -> None:
    points = minutes_of(5, 120, 110) + minutes_of(5, 12)
    burst = last_burst(points, NOW)
    assert burst is not None
    assert (burst.start, burst.end) == (ago(12), ago(1))


def test_short_pauses_do_not_end_an_incident() -> None:
    points = minutes_of(5, 40, 35) + minutes_of(5, 28, 20)
    burst = last_burst(points, NOW)
    assert burst is not None
    assert burst.start == ago(40)


def test_no_errors_no_onset() -> None:
    assert last_burst((), NOW) is None
    assert last_burst(minutes_of(0, 30), NOW) is None


@pytest.mark.parametrize(
    ("points", "deployments", "pattern"),
    [
        (minutes_of(9, 20), (), "constant"),
        (minutes_of(9, 4), (ago(6),), "deployment"),
        (minutes_of(9, 20, 16), (), "burst"),
        (tuple(Point(at=ago(m), value=3) for m in (50, 42, 33, 21, 12, 2)), (), "intermittent"),
        ((), (), "none"),
    ],
)
def test_pattern(points: tuple[Point, ...], deployments: tuple[datetime, ...], pattern: str) -> None:
    assert pattern_of(points, last_burst(points, NOW), deployments, NOW) == pattern


@given(st.lists(st.tuples(st.integers(0, 180), st.integers(0, 5)), max_size=60))
def test_a_burst_lies_within_its_points(raw: list[tuple[int, int]]) -> None:
    points = [Point(at=ago(minute), value=value) for minute, value in raw]
    burst = last_burst(points, NOW)
    times = [point.at for point in points if point.value]
    assert (burst is None) == (not times)
    if burst:
        assert burst.end == max(times)
        assert burst.start in times
