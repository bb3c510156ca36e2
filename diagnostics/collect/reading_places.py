"""Few access logs are read at the same time in one process, whoever asks for them.

Reading one takes all processors and up to 260 MB: eight at the same time, of 400,000 lines each, took a gigabyte
(two at a time 400 MB) and were no faster, and a worker without that much memory is killed with all of its jobs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from diagnostics.collect.errand import Leash
from diagnostics.facts import Gap

PLACES: Final = 2
WAIT_S: Final = 20.0
"""So long an access log waits for its turn, on top of the time for reading it."""
MIN_READING_S: Final = 1.0
LOOK_AGAIN_S: Final = 0.1
NO_PLACE: Final = "OthersAreRead"

_places: Final = threading.BoundedSemaphore(PLACES)


@contextmanager
def reading_place(leash: Leash, seconds: float) -> Iterator[Leash | None]:
    """A place, with a leash of at most `seconds` that begins now; None if there was none as long as can be waited."""
    waits_until = min(time.monotonic() + WAIT_S, leash.until - MIN_READING_S)
    if not _took(leash, waits_until):
        yield None
        return
    try:
        yield replace(leash, until=min(leash.until, time.monotonic() + seconds))
    finally:
        _places.release()


def no_place(action: str, resource: str) -> Gap:
    message = "the access logs of others were being read all the time: ask again in a minute"
    return Gap(action=action, resource=resource, error=NO_PLACE, kind="not-read", message=message)


def _took(leash: Leash, waits_until: float) -> bool:
    if _places.acquire(blocking=False):
        return True
    leash.tell("access logs, waiting for those of others")
    while not leash.is_over and time.monotonic() < waits_until:
        if _places.acquire(timeout=LOOK_AGAIN_S):
            return True
    return False
