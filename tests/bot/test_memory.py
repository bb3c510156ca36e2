"""What is free is given back, until the process is told to end."""

from __future__ import annotations

import ctypes
import threading
from types import SimpleNamespace

import pytest

from bot import memory


def libc(monkeypatch: pytest.MonkeyPatch, **functions: object) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace(**functions))


def test_free_memory_is_given_back_again_and_again_until_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped, trimmed = threading.Event(), list[int]()

    def trim(kept: int) -> int:
        trimmed.append(kept)
        if len(trimmed) == 2:
            stopped.set()
        return 1

    libc(monkeypatch, malloc_trim=trim)
    monkeypatch.setattr(memory, "EVERY_S", 0.001)
    thread = memory.start_giving_back(stopped)
    thread.join(20)
    assert trimmed == [0, 0]


def test_there_are_few_reserves(monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: list[tuple[int, int]] = []
    libc(monkeypatch, mallopt=lambda *options: set_to.append(options))
    memory.keep_few_reserves()
    assert set_to == [(memory.ARENA_MAX, memory.ARENAS)]


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    libc(monkeypatch)
    memory.keep_few_reserves()
    memory.give_back()


def test_this_one_takes_it() -> None:
    memory.keep_few_reserves()
    memory.give_back()
