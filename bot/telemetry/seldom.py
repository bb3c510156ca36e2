"""What would be said again and again, such as that Redis is away: once in a while, with how often it was held back."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

EVERY_S: Final = 60.0
MAX_REMEMBERED: Final = 200
FIELD: Final = "seldom"
"""A line of ours that carries it is one of those."""
HELD_BACK: Final = "held_back"

_CONSUMER: Final = "dramatiq.worker.ConsumerThread"
_WITHOUT_REDIS: Final = ("Consumer encountered a connection error", "Failed to post_process_message")
"""Ten threads that look for jobs each say so every second."""


class Seldom:
    def __init__(self, every_s: float = EVERY_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._every_s = every_s
        self._clock = clock
        self._lock = threading.Lock()
        self._said: OrderedDict[tuple[str, ...], tuple[float, int]] = OrderedDict()

    def held_back(self, *what: str) -> int | None:
        """How often this was held back since it was said last; None: it is to be held back now."""
        with self._lock:
            now_s = self._clock()
            said_at_s, times = self._said.get(what, (now_s - self._every_s, 0))
            if now_s - said_at_s < self._every_s:
                self._said[what] = (said_at_s, times + 1)
                return None
            self._said[what] = (now_s, 0)
            self._said.move_to_end(what)
            if len(self._said) > MAX_REMEMBERED:
                self._said.popitem(last=False)
            return times


class SeldomFilter(logging.Filter):
    """For a handler: each event of a part, with each kind of error, at most once in `EVERY_S`."""

    def __init__(self, seldom: Seldom | None = None) -> None:
        super().__init__()
        self._seldom = seldom or Seldom()

    def filter(self, record: logging.LogRecord) -> bool:
        what = _repeated(record)
        if what is None:
            return True
        times = self._seldom.held_back(*what)
        if times is None:
            return False
        if times and isinstance(record.msg, dict):
            record.msg[HELD_BACK] = times
        elif times:
            setattr(record, HELD_BACK, times)
        return True


def _repeated(record: logging.LogRecord) -> tuple[str, ...] | None:
    """What counts as the same line; None: a line that is always said."""
    if isinstance(record.msg, dict):
        event = record.msg
        return (record.name, str(event.get("event")), str(event.get("error"))) if event.pop(FIELD, False) else None
    if not record.name.startswith(_CONSUMER):
        return None
    said = next((text for text in _WITHOUT_REDIS if str(record.msg).startswith(text)), None)
    return None if said is None else (_CONSUMER, said)
