"""What lasted already when a demo goes live keeps the age that it had."""

from __future__ import annotations

from demo.clock import ManualClock
from demo.world.timing import Timing


def test_ages_grow_faster_only_from_when_the_world_got_faster() -> None:
    clock = ManualClock(1_000.0)
    timing = Timing(clock)
    clock.advance(50.0)
    assert timing.age_s(1_000.0) == 50.0
    timing.speed_up(10.0)
    assert timing.age_s(1_000.0) == 50.0
    clock.advance(2.0)
    assert timing.age_s(1_000.0) == 70.0
    assert timing.age_s(1_051.0) == 10.0
    assert timing.span_s(300.0) == 30.0
