"""Long work of a collector that makes many calls of its own, such as reading a thousand log files.

A collector yields an `Errand`, the runner has it done in one thread of its pool, and `outcome` is set afterwards.
An errand that makes calls in parallel brings a pool of its own: the runner's pool never waits for itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from diagnostics.aws_access import Reader
from diagnostics.facts.fact import Gap

if TYPE_CHECKING:
    from diagnostics.collect.cache import FactCache

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Leash:
    """How long an errand may take, and a way to be called back before. `tell` takes a few words on how far it is.

    `cache` keeps what was dear to find out; None: there is none, or everything is to be read anew.
    """

    until: float
    """On the clock of `time.monotonic`."""
    tell: Callable[[str], None]
    called_back: threading.Event = field(default_factory=threading.Event)
    cache: FactCache | None = None

    @property
    def left_s(self) -> float:
        return 0.0 if self.called_back.is_set() else max(self.until - time.monotonic(), 0.0)

    @property
    def is_over(self) -> bool:
        return self.left_s <= 0

    def pause(self, seconds: float) -> None:
        """Waits so long, or until the errand is called back or its time is up."""
        self.called_back.wait(min(seconds, self.left_s))


class Errand(Generic[T]):
    """`run` gets a reader and a leash of at most `seconds`, and returns in time whatever it has by then."""

    def __init__(self, run: Callable[[Reader, Leash], T], *, seconds: float) -> None:
        self.run = run
        self.seconds = seconds
        self._outcome: T | Gap | None = None

    def settle(self, outcome: T | Gap) -> None:
        self._outcome = outcome

    @property
    def outcome(self) -> T | Gap:
        """What `run` returned, or the gap that it left by failing. Raises RuntimeError before it was done."""
        if self._outcome is None:
            raise RuntimeError("the errand was not yielded before its outcome was used")
        return self._outcome
