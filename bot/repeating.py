"""Something that is done again and again in the background until the bot ends."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

import structlog
from redis.exceptions import RedisError

from bot.ending import Ending
from bot.telemetry.logs import correlated
from handlers.ask import new_id

SPREAD: Final = 0.2
STOP_S: Final = 1.0

_log: Final = structlog.get_logger(__name__)


class Repeating:
    """Runs `work` at once and then about every `every_s`; several processes do not stay in step.

    A failure is logged in full once, but for a Redis that is away; while the same one repeats itself, nothing more is
    said.
    """

    def __init__(self, name: str, work: Callable[[], object], every_s: float) -> None:
        self._name = name
        self._work = work
        self._every_s = every_s
        self._failing: str | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ends_with(self, stack: ExitStack, ending: Ending) -> None:
        """No round begins once the process is told to end; `stack` then gives the running one a moment."""
        ending.tells(self._stopped.set)
        stack.callback(lambda: self.stop(ending.left_s(STOP_S)))

    def stop(self, within_s: float = STOP_S) -> None:
        """Begins no further round and waits for the running one, but not for long."""
        self._stopped.set()
        self._thread.join(within_s)

    def _run(self) -> None:
        while not self._stopped.is_set():
            with correlated(new_id("c")):
                self._round()
            self._stopped.wait(self._every_s * random.uniform(1 - SPREAD, 1 + SPREAD))  # noqa: S311 - no secret

    def _round(self) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - the top of this thread; the next round may work
            failing = type(error).__name__
            if failing != self._failing:
                in_full = None if isinstance(error, RedisError) else error
                _log.error("background work failed", work=self._name, error=failing, exc_info=in_full)
            self._failing = failing
        else:
            if self._failing is not None:
                _log.info("background work succeeds again", work=self._name)
            self._failing = None
