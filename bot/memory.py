"""Memory of a process that runs for months: little of it is kept in reserve, and what is free is given back."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import Final

ARENA_MAX: Final = -8
"""`M_ARENA_MAX` of glibc's malloc.h."""
ARENAS: Final = 2
"""Threads of Python take turns anyway; by default there may be eight for each processor, all with their reserves."""
EVERY_S: Final = 60.0


def keep_few_reserves() -> None:
    """To be called before threads are started. Does nothing where the C library is another one."""
    mallopt = _of_libc("mallopt")
    if mallopt is not None:
        mallopt(ARENA_MAX, ARENAS)


def start_giving_back(stopped: threading.Event) -> threading.Thread:
    """Once a minute hands memory that is free to the system, which glibc does at the end of its heaps only."""

    def every_minute() -> None:
        while not stopped.wait(EVERY_S):
            give_back()

    thread = threading.Thread(target=every_minute, name="memory", daemon=True)
    thread.start()
    return thread


def give_back() -> None:
    """Once, now. Others go on meanwhile."""
    trim = _of_libc("malloc_trim")
    if trim is not None:
        trim(0)


def _of_libc(name: str) -> Callable[..., int] | None:
    try:
        found: Callable[..., int] | None = getattr(ctypes.CDLL(None), name, None)
    except (OSError, TypeError):  # no C library that can be asked
        return None
    return found
