"""Alarms that nobody works off: what is still taken in when thousands wait.

Every alarm is asked of AWS when it is worked on, so one waiting post of an alarm, a state and a channel stands for all
that come after it. Those are left out once many wait; beyond a limit nothing is taken, and Slack or SNS delivers again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import structlog

from bot.store.alarms import AlarmShelf
from bot.telemetry.metrics import ALARMS
from handlers.alarms import AlarmNews
from handlers.ask import NotQueuedError

CROWDED: Final = 1_000
FULL: Final = 10_000
"""At about a kilobyte each this is what Redis holds of alarms at most."""
COUNT_EVERY_S: Final = 1.0

_log: Final = structlog.get_logger(__name__)


class AlarmCrowd:
    """`count` says how many wait; it is asked once in a while."""

    def __init__(
        self, shelf: AlarmShelf, count: Callable[[], int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._shelf = shelf
        self._count = count
        self._clock = clock
        self._waiting = 0
        self._counted_at_s = -COUNT_EVERY_S

    def has_room_for(self, news: AlarmNews) -> bool:
        """False if the same waits already, and stands for this one. Raises `NotQueuedError` when too many wait, and
        `RedisError`."""
        waiting = self._how_many()
        if waiting >= FULL:
            ALARMS.labels(result="not taken").inc()
            _log.error("alarm not taken: too many wait, and no worker takes them", waiting=waiting, alarm=news.alarm)
            raise NotQueuedError
        if waiting < CROWDED or self._shelf.stands_for_later(news):
            return True
        ALARMS.labels(result="merged").inc()
        _log.info("alarm merged with one that waits", waiting=waiting, alarm=news.alarm, state=news.state)
        return False

    def _how_many(self) -> int:
        now_s = self._clock()
        if now_s - self._counted_at_s >= COUNT_EVERY_S:
            self._waiting, self._counted_at_s = self._count(), now_s
        return self._waiting
