"""The clock that tests move by hand."""

from __future__ import annotations

import pytest

from demo.clock import ManualClock


def test_a_manual_clock_moves_only_when_told() -> None:
    clock = ManualClock(1_000)
    assert clock() == clock() == 1_000
    clock.advance(90.5)
    assert clock() == 1_090.5


def test_time_does_not_run_back() -> None:
    with pytest.raises(ValueError, match="cannot go back"):
        ManualClock(1_000).advance(-1)
