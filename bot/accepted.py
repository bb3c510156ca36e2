"""Questions that this process has acknowledged, until they are answered: asked again when the store has lost them.

A fail-over, an eviction or a restart without its file can take what was acknowledged a moment before. What was posted
for such a question by then is found in Slack by its effect key, so nothing is said twice.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import structlog

from bot.jobs import Lane
from bot.store.asks import Asks
from bot.telemetry.logs import correlated
from bot.telemetry.metrics import QUESTIONS
from handlers.ask import Ask

LOOK_EVERY_S: Final = 3.0
MAX_REMEMBERED: Final = 1_000
REMEMBER_S: Final = 900.0
QUIET_LOOKS: Final = 3
"""After so many looks in a row at which no queue holds a job, the job of a question that is still open is gone."""

_log: Final = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Remembered:
    ask: Ask
    at_s: float
    quiet: int = 0


class Accepted:
    """`lanes`: every queue that a question goes through, the one that takes it first."""

    def __init__(self, asks: Asks, lanes: Iterable[Lane], clock: Callable[[], float] = time.time) -> None:
        self._asks = asks
        self._lanes = tuple(lanes)
        self._clock = clock
        self._lock = threading.Lock()
        self._open: OrderedDict[str, _Remembered] = OrderedDict()

    def note(self, ask: Ask) -> None:
        """It was acknowledged. Costs nothing that anybody waits for."""
        with self._lock:
            self._open[ask.id] = _Remembered(ask, self._clock())
            while len(self._open) > MAX_REMEMBERED:
                self._open.popitem(last=False)

    def look(self) -> None:
        """One look at all of them; to be called again and again. Raises `RedisError`."""
        with self._lock:
            remembered = tuple(self._open.items())
        if not remembered:
            return
        states = self._asks.states([ask_id for ask_id, _ in remembered])
        quiet = "open" in states and not any(lane.waiting() for lane in self._lanes)
        for (ask_id, item), state in zip(remembered, states, strict=True):
            if state == "finished" or self._clock() - item.at_s > REMEMBER_S:
                with self._lock:
                    self._open.pop(ask_id, None)
                continue
            item.quiet = item.quiet + 1 if quiet else 0
            if state == "lost" or item.quiet >= QUIET_LOOKS:
                item.quiet = 0
                self._ask_again(item, is_lost=state == "lost")

    def _ask_again(self, item: _Remembered, *, is_lost: bool) -> None:
        with correlated(item.ask.correlation_id, ask_id=item.ask.id):
            _log.warning("question asked again: the store lost it", lost="question" if is_lost else "its job")
            if is_lost:
                self._asks.restore(item.ask, int(item.at_s))
            self._lanes[0].answer(item.ask.id)
            QUESTIONS.labels(kind=item.ask.kind, result="asked again").inc()
