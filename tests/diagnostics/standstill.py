"""A clock that stands still but where somebody waits in vain, for tests of waiting that no slow machine can fail.

Put `clock` and `wait` in the place of a module's `time` and of its `concurrent.futures.wait`: whatever is not held is
done in no time, and the clock goes on only when nothing is left to wait for but what is held.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ALL_COMPLETED, Future, wait
from types import SimpleNamespace
from typing import Any

MUCH_S = 20.0


class Standstill:
    def __init__(self) -> None:
        self.began_s = self._now_s = time.monotonic()
        self.clock = SimpleNamespace(monotonic=lambda: self._now_s)
        self._held: list[tuple[float, threading.Event]] = []
        self._known: set[Future[Any]] = set()
        self._changed = threading.Condition()

    @property
    def took_s(self) -> float:
        return round(self._now_s - self.began_s, 6)

    def hold(self, seconds: float = math.inf) -> None:
        """For a call that takes so long by this clock. Returns then; at once after `release`."""
        if math.isinf(self._now_s):
            return
        let_go = threading.Event()
        with self._changed:
            self._held.append((self._now_s + seconds, let_go))
            self._changed.notify_all()
        assert let_go.wait(MUCH_S)

    def wait_for_held(self, count: int = 1) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self._held) >= count, MUCH_S)

    def pass_by(self, seconds: float) -> None:
        """So much time goes by, and what was held for less is let go."""
        with self._changed:
            self._now_s += seconds
            for held in [held for held in self._held if held[0] <= self._now_s + 1e-9]:
                self._held.remove(held)
                held[1].set()

    def release(self) -> None:
        self.pass_by(math.inf)

    def wait(self, futures: Iterable[Future[Any]], timeout: float = math.inf, return_when: str = ALL_COMPLETED) -> Any:
        mine, until_s = set(futures), self._now_s + timeout
        for future in mine - self._known:
            future.add_done_callback(self._tell)
        self._known |= mine
        while True:
            with self._changed:
                assert self._changed.wait_for(lambda: self._settled(mine, return_when), MUCH_S)
                first_s = min((due_s for due_s, _ in self._held), default=math.inf)
            if self._is_over(mine, return_when) or self._now_s >= until_s:
                return wait(mine, 0)
            self.pass_by(min(first_s, until_s) - self._now_s)

    def _settled(self, futures: set[Future[Any]], return_when: str) -> bool:
        """Nothing goes on but what is held; a call that nobody waits for any more may be held, too."""
        return self._is_over(futures, return_when) or sum(not one.done() for one in self._known) <= len(self._held)

    @staticmethod
    def _is_over(futures: set[Future[Any]], return_when: str) -> bool:
        done = [future.done() for future in futures]
        return all(done) if return_when == ALL_COMPLETED else any(done)

    def _tell(self, _: Future[Any]) -> None:
        with self._changed:
            self._changed.notify_all()
