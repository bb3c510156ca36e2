"""Requests and errors of the last minutes, in short intervals: what a person wants to see move."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from demo.world.region import Region

EVERY_S: Final = 10.0
KEPT: Final = 30
ERRORS_FROM: Final = 500
BY_BALANCER: Final = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class Interval:
    """`by_status` counts what was answered from `at` on."""

    at: float
    by_status: Mapping[int, int]

    @property
    def requests(self) -> int:
        return sum(self.by_status.values())

    @property
    def errors(self) -> int:
        return sum(count for status, count in self.by_status.items() if status >= ERRORS_FROM)


class TrafficWatch:
    """Looks at the tally of finished requests again and again."""

    def __init__(self, region: Region, now: float) -> None:
        self._region = region
        self._seen = self._statuses()
        self._from = now
        self._intervals: deque[Interval] = deque(maxlen=KEPT)

    def look(self, now: float) -> None:
        """Closes an interval when it is over."""
        if now - self._from >= EVERY_S:
            tally = self._statuses()
            self._intervals.append(Interval(self._from, dict(tally - self._seen)))
            self._seen, self._from = tally, now

    def intervals(self) -> list[Interval]:
        """Oldest first; the last one has only begun."""
        return [*self._intervals, Interval(self._from, dict(self._statuses() - self._seen))]

    def errors_within(self, seconds: float, *, by_target: bool) -> int:
        """How many errors there were, of those that the load balancer or that the targets made."""
        recent = [one for one in self.intervals() if one.at >= self._from - seconds]
        return sum(
            count
            for one in recent
            for status, count in one.by_status.items()
            if status >= ERRORS_FROM and (status in BY_BALANCER) != by_target
        )

    def _statuses(self) -> Counter[int]:
        found: Counter[int] = Counter()
        for (_, status), count in self._region.measures.tally.copy().items():
            found[status] += count
        return found
