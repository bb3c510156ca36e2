"""Where simulated time comes from: a callable that returns epoch seconds."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Anything that, called, says the present moment in seconds since the epoch."""

    def __call__(self) -> float: ...


class ManualClock:
    """A clock that moves only when told to, so that a test can wait fifteen minutes in no time.

    `start` is in epoch seconds.
    """

    def __init__(self, start: float) -> None:
        self._now_s = float(start)

    def __call__(self) -> float:
        return self._now_s

    def advance(self, seconds: float) -> None:
        """Move forward. Raises ValueError for a negative step: nothing downstream survives time running back."""
        if seconds < 0:
            raise ValueError(f"a clock cannot go back ({seconds} s)")
        self._now_s += seconds
