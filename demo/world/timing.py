"""The world's time: one clock for everything, and durations that a demo may shorten."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from demo.clock import Clock


class Timing:
    """Reads the clock; a speed divides every simulated duration, while timestamps stay near real time."""

    def __init__(self, clock: Clock, speed: float = 1.0) -> None:
        if speed <= 0:
            raise ValueError(f"speed must be positive, not {speed}")
        self.clock = clock
        self.speed = speed
        self._faster_from = -math.inf
        self._speed_before = speed

    def now(self) -> float:
        """POSIX seconds."""
        return self.clock()

    def speed_up(self, speed: float) -> None:
        """Durations shrink from now on; what lasts already has aged at the speed before."""
        self._speed_before, self._faster_from, self.speed = self.speed, self.now(), speed

    def age_s(self, since: float) -> float:
        """For how long something lasts that began at `since`, in seconds of real AWS."""
        now = self.now()
        turn = min(max(since, self._faster_from), now)
        return max(turn - since, 0.0) * self._speed_before + (now - turn) * self.speed

    def span_s(self, seconds: float) -> float:
        """How long a duration of real AWS takes here."""
        return seconds / self.speed


def stamp(seconds: float | None) -> datetime | None:
    """A stored time as the API answers it."""
    return None if seconds is None else datetime.fromtimestamp(round(seconds, 3), UTC)
