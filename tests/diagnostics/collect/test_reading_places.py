"""Access logs take turns: a worker has memory for few at the same time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from diagnostics.collect import reading_places
from diagnostics.collect.errand import Leash
from diagnostics.collect.reading_places import PLACES, reading_place
from tests.diagnostics.collect.log_shop import Shop, ends


def leash(seconds: float = 30.0) -> Leash:
    return Leash(time.monotonic() + seconds, lambda _words: None)


def test_no_more_than_there_are_places_and_everybody_has_a_turn_of_full_length() -> None:
    lock, inside, most = threading.Lock(), [0], [0]

    def read(_: int) -> float | None:
        with reading_place(leash(), 5.0) as tether:
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            left_s = None if tether is None else tether.left_s
            threading.Event().wait(0.01)
            with lock:
                inside[0] -= 1
        return left_s

    with ThreadPoolExecutor(8) as pool:
        left = list(pool.map(read, range(16)))
    assert most[0] == PLACES
    assert all(seconds is not None and 4 < seconds <= 5 for seconds in left)


def test_who_has_waited_in_vain_or_is_called_back_has_none() -> None:
    with ExitStack() as others:
        for _ in range(PLACES):
            assert others.enter_context(reading_place(leash(), 5.0)) is not None
        with reading_place(leash(0.5), 5.0) as tether:
            assert tether is None
        called_back = leash()
        called_back.called_back.set()
        with reading_place(called_back, 5.0) as tether:
            assert tether is None
    with reading_place(leash(), 5.0) as tether:
        assert tether is not None


def test_logs_that_found_no_place_are_a_gap_that_says_so(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_places, "WAIT_S", 0.0)
    shop.turn_on().deliver(ends()[0], [shop.row(ends()[1])])
    with ExitStack() as others:
        for _ in range(PLACES):
            others.enter_context(reading_place(leash(), 5.0))
        found = shop.gap()
    assert (found.error, found.kind) == (reading_places.NO_PLACE, "not-read")
