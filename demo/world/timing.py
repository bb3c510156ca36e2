"""The world's time: one clock for everything, and durations that a demo may shorten."""

from __future__ import annotations

from datetime import UTC, datetime

from demo.clock import Clock


class Timing:
    """Reads the clock; `speed` divides every simulated duration, while timestamps stay near real time."""

    def __init__(self, clock: Clock, speed: float = 1.0) -> None:
        if speed <= 0:
            raise ValueError(f"speed must be positive, not {speed}")
        self.clock = clock
        self.speed = speed

    def now(self) -> float:
        """POSIX seconds."""
        return self.clock()

    def span_s(self, seconds: float) -> float:
        """How long a duration of real AWS takes here."""
        return seconds / self.speed


def stamp(seconds: float | None) -> datetime | None:
    """A stored time as the API answers it."""
    return None if seconds is None else datetime.fromtimestamp(round(seconds, 3), UTC)
