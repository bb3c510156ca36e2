"""Progress for people who wait: the newest step, shown every few seconds, never after the answer.

From a first answer on, that is what is shown: a step without one says nothing better.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import structlog

from diagnostics.question import Progress

INTERVAL_S: Final = 3.0
STOP_S: Final = 15.0

_log: Final = structlog.get_logger(__name__)


class Ticker:
    """Takes steps from any thread without delay and shows the newest from a thread of its own.

    Leaving the context waits for a running display, so that none overtakes the answer.
    """

    def __init__(self, show: Callable[[Progress], object], interval_s: float = INTERVAL_S) -> None:
        self._show = show
        self._interval_s = interval_s
        self._newest: Progress | None = None
        self._has_answer = False
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._run,), name="progress", daemon=True)

    def __call__(self, progress: Progress) -> None:
        with self._lock:
            if progress.so_far is not None or not self._has_answer:
                self._newest = progress
            self._has_answer |= progress.so_far is not None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        while not self._stopped.wait(self._interval_s):
            with self._lock:
                newest, self._newest = self._newest, None
            if newest is None:
                continue
            try:
                self._show(newest)
            except Exception as error:  # noqa: BLE001 - progress is a courtesy; the diagnosis goes on without it
                _log.info("progress not shown", error=type(error).__name__)
                return
