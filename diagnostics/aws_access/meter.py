"""Counts what one diagnosis asks of AWS."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """`seconds` adds up the time of all calls, which ran partly at the same time."""

    calls: int
    seconds: float
    by_action: dict[str, int]


class CallMeter:
    """One for each diagnosis; threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_action: Counter[str] = Counter()
        self._seconds = 0.0

    def record(self, action: str, seconds: float) -> None:
        with self._lock:
            self._by_action[action] += 1
            self._seconds += seconds

    def usage(self) -> Usage:
        with self._lock:
            return Usage(
                calls=self._by_action.total(),
                seconds=self._seconds,
                by_action=dict(sorted(self._by_action.items())),
            )
