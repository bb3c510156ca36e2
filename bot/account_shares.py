"""A share of each queue's threads for each AWS account: one that hangs leaves threads to questions about others.

Threads are a process's own, and so are the shares: nothing has to be agreed upon between replicas, and nothing is left
behind by one that dies. How much all replicas together ask of an account is limited where AWS is called.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from bot.jobs import PutOffError
from bot.queue import queue_in_work
from bot.worker import THREADS

SHARE: Final = 0.5
LOOK_AGAIN_S: Final = 1.0


class AccountFullError(PutOffError):
    """As many jobs as may be are at work on this account; this one is tried again later."""

    def __init__(self, account: str, label: str, after_s: float = LOOK_AGAIN_S) -> None:
        super().__init__(after_s)
        self.account = account
        self.label = label


class AccountShares:
    """`accounts`: ids with names. With one account there is nobody to leave threads to. What is no job of a queue
    (a question that is answered without the store) is not counted."""

    def __init__(self, accounts: Mapping[str, str], threads: Mapping[str, int] = THREADS) -> None:
        self._names = dict(accounts)
        self._most = {queue: max(1, int(number * SHARE)) for queue, number in threads.items()}
        self._at_work: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def check(self, account: str) -> None:
        """Raises `AccountFullError` if a job of this queue would find no place now."""
        queue = queue_in_work()
        with self._lock:
            self._check(queue, account)

    @contextmanager
    def place(self, accounts: Sequence[str]) -> Iterator[None]:
        """A place at each of these accounts, by id, for as long as they may have to be waited for.

        Raises `AccountFullError` at once when one of them has none.
        """
        queue, wanted = queue_in_work(), tuple(dict.fromkeys(accounts))
        if queue is None:
            yield
            return
        with self._lock:
            for account in wanted:
                self._check(queue, account)
            for account in wanted:
                self._at_work[queue, account] += 1
        try:
            yield
        finally:
            with self._lock:
                for account in wanted:
                    self._at_work[queue, account] -= 1

    def _check(self, queue: str | None, account: str) -> None:
        most = self._most.get(queue or "")
        if most is not None and len(self._names) > 1 and self._at_work[queue or "", account] >= most:
            raise AccountFullError(account, self._names.get(account) or account)
