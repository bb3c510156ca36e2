"""A few errors now and then are not the beginning of a trouble that counts many times more."""

from __future__ import annotations

from diagnostics.facts import Point
from diagnostics.rules.onset import last_burst, without_trickle
from tests.incidents.building import NOW, ago, minutes_of


def test_single_errors_before_do_not_make_a_burst_look_older() -> None:
    points = (Point(at=ago(31), value=1), Point(at=ago(24), value=2), *minutes_of(120, 12))
    burst = last_burst(without_trickle(points), NOW)
    assert burst is not None
    assert burst.start == ago(12)


def test_a_trickle_alone_stays() -> None:
    points = tuple(Point(at=ago(m), value=1) for m in (50, 41, 33, 12))
    assert without_trickle(points) == points


def test_the_calm_after_a_peak_belongs_to_it() -> None:
    points = (Point(at=ago(20), value=1000), *minutes_of(8, 19))
    assert without_trickle(points) == points
