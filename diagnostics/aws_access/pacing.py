"""Operations whose quota is so small that calls must be spread out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

# Two a second for each account and region, shared with everybody else who asks.
# https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
SPACING_S = {"cloudtrail:LookupEvents": 0.5}
SERIAL_SERVICES = frozenset({"cloudtrail"})
MAX_KEYS = 1000


class RateGate(Protocol):
    """Spreads calls out. Several processes that share an account should share a gate."""

    def wait(self, key: str, spacing_s: float, timeout_s: float) -> bool:
        """Return True when it is this caller's turn, at least `spacing_s` after the one before with the same key.

        False, at once or after `timeout_s`, when the turn would not come in time; the caller then makes no call.
        """


class LocalRateGate:
    """Keeps the spacing within this process. Each caller books its turn, then waits for it."""

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next_turn: dict[str, float] = {}

    def wait(self, key: str, spacing_s: float, timeout_s: float) -> bool:
        with self._lock:
            now = self._monotonic()
            turn = max(now, self._next_turn.get(key, now))
            if turn - now > timeout_s:
                return False
            if len(self._next_turn) >= MAX_KEYS:
                self._next_turn = {key: at for key, at in self._next_turn.items() if at > now}
            self._next_turn[key] = turn + spacing_s
        if turn > now:
            self._sleep(turn - now)
        return True
