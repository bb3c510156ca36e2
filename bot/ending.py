"""How a process ends when it is told to: in order within its time, and at the end of its time in any case.

A thread that waits for AWS cannot be stopped, but what it works on is in the store, where another process takes it up.
"""

from __future__ import annotations

import logging
import math
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

import structlog

MARGIN_S: Final = 3.0
"""For giving back what is not finished, and for what the libraries take to end."""
SAYING_S: Final = 0.5
"""Nobody may read the log any more."""
MAX_NAMED: Final = 40
_NUMBER: Final = re.compile(r"[-_]\d+\b")
"""Of a thread among many of its kind."""
CUT_SHORT: Final = 1
"""The exit status of a process that had to leave something behind."""

_log: Final = structlog.get_logger(__name__)


class Ending:
    """How long the process may still take once it was told to end: one time for everything that it has to finish."""

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        self._since_s: float | None = None
        self._told: list[Callable[[], None]] = []

    def tells(self, hear: Callable[[], None]) -> None:
        """`hear` is called as soon as the process is told to end, and returns at once."""
        self._told.append(hear)

    def begin(self) -> None:
        """Now."""
        self._since_s = time.monotonic()
        for hear in self._told:
            hear()

    def left_s(self, most_s: float = math.inf) -> float:
        since_s = time.monotonic() if self._since_s is None else self._since_s
        return min(most_s, max(0.0, since_s + self._within_s - time.monotonic()))


def leave_in_time(
    stopped: threading.Event, within_s: float, leave: Callable[[int], object] = os._exit
) -> threading.Thread:
    """Starts what leaves, whatever still hangs, `within_s` and `MARGIN_S` after `stopped` was set, if the process lives
    on until then. It says what is left."""

    def watch() -> None:
        stopped.wait()
        threading.Event().wait(within_s + MARGIN_S)
        saying = threading.Thread(target=_say_what_is_left, name="last-words", daemon=True)
        saying.start()
        saying.join(SAYING_S)
        leave(CUT_SHORT)

    watching = threading.Thread(target=watch, name="ending", daemon=True)
    watching.start()
    return watching


def _say_what_is_left() -> None:
    own = (threading.main_thread(), threading.current_thread())
    going = Counter(_NUMBER.sub("", thread.name) for thread in threading.enumerate() if thread not in own)
    threads = dict(going.most_common(MAX_NAMED))
    _log.warning("left before everything had ended: others take up what was in work", threads=threads)
    for handler in logging.getLogger().handlers:
        handler.flush()
