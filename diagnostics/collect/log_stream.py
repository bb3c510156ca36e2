"""Many log files, loaded in parallel in the order in which they are wanted, each parsed as soon as it is there."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Protocol

from diagnostics.access_logs.places import LogFile
from diagnostics.aws_access import Reader
from diagnostics.collect.errand import Leash
from diagnostics.collect.log_options import LogBudget
from diagnostics.facts.fact import Gap

MAX_FILE_BYTES = 128_000_000
MAX_LOADING_BYTES = 256_000_000
"""Stored bytes of the files that are in memory at once; a larger one comes alone."""
MAX_PARALLEL = 16
PARSE = "alb502:ParseLog"
LAST_FILES_S = 30.0
"""How long files that are being parsed when the time is up may take: they are in memory already, and are waited for."""

_logger = logging.getLogger(__name__)


class Taken(Protocol):
    """What became of one file."""

    @property
    def lines(self) -> int: ...

    @property
    def bytes(self) -> int: ...


Take = Callable[[bytes], Taken]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file and the bucket that it lies in."""

    bucket: str
    file: LogFile


@dataclass(frozen=True, slots=True)
class Streamed:
    """What was read. `unread` are files that nobody asked for or that were not there before the end."""

    read: tuple[Wanted, ...]
    unread: tuple[Wanted, ...]
    gaps: tuple[Gap, ...]
    lines: int
    plain_bytes: int

    @property
    def share_read(self) -> float:
        """0-1, by stored bytes; by files where no size is known."""
        sizes = sum(one.file.size for one in self.read), sum(one.file.size for one in self.unread)
        read, unread = sizes if sum(sizes) else (len(self.read), len(self.unread))
        return read / (read + unread) if read + unread else 1.0


@dataclass(slots=True)
class _Tally:
    """What the loading threads have done so far."""

    budget: LogBudget
    lock: threading.Lock = field(default_factory=threading.Lock)
    read: list[Wanted] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    lines: int = 0
    plain_bytes: int = 0
    taking: int = 0
    is_closed: bool = False
    idle: threading.Event = field(default_factory=threading.Event)

    @property
    def is_full(self) -> bool:
        return self.lines >= self.budget.lines or self.plain_bytes >= self.budget.bytes

    def take(self, one: Wanted, body: bytes, take: Take) -> None:
        """Parses one body, unless the end has come. A file that cannot be parsed costs only itself."""
        if not self._begins():
            return
        try:
            taken = take(body)
            with self.lock:
                self.read.append(one)
                self.lines += taken.lines
                self.plain_bytes += taken.bytes
        except Exception:
            _logger.exception("a log file could not be parsed")
            self.miss(Gap(action=PARSE, resource=f"s3://{one.bucket}/{one.file.key}", error="UnexpectedError"))
        finally:
            self._ends()

    def miss(self, gap: Gap) -> None:
        with self.lock:
            self.gaps.append(gap)

    def close(self) -> None:
        """Nothing more is begun; returns when nothing is being parsed."""
        with self.lock:
            self.is_closed = True
            if not self.taking:
                self.idle.set()
        self.idle.wait(LAST_FILES_S)

    def _begins(self) -> bool:
        with self.lock:
            self.taking += not self.is_closed
            return not self.is_closed

    def _ends(self) -> None:
        with self.lock:
            self.taking -= 1
            if self.is_closed and not self.taking:
                self.idle.set()


def stream(files: Sequence[Wanted], take: Take, reader: Reader, leash: Leash, budget: LogBudget) -> Streamed:
    """Loads `files` in their order until all are read, the budget is used up or the leash ends.

    `take` parses one body; it is called from the loading threads, several at once. So at most as many bodies are in
    memory as there are threads, and no more than MAX_LOADING_BYTES.
    """
    tally = _Tally(budget)
    waiting = deque(files)
    loading: dict[Future[None], Wanted] = {}
    parallel = min(reader.parallel_per_service, MAX_PARALLEL)
    with _threads(parallel) as submit:
        while (waiting or loading) and not leash.is_over and not tally.is_full:
            while waiting and len(loading) < parallel and _fits(waiting[0], loading):
                one = waiting.popleft()
                loading[submit(one, tally, take, reader, leash)] = one
            for future in wait(loading, timeout=leash.left_s, return_when=FIRST_COMPLETED).done:
                del loading[future]
                future.result()
            leash.tell(f"access logs, {len(tally.read)} of {len(files)} files")
        tally.close()
    with tally.lock:
        done = set(tally.read)
        unread = tuple(one for one in files if one not in done)
        return Streamed(tuple(tally.read), unread, tuple(tally.gaps), tally.lines, tally.plain_bytes)


@contextmanager
def _threads(parallel: int) -> Iterator[Callable[[Wanted, _Tally, Take, Reader, Leash], Future[None]]]:
    """A pool that is left behind at the end: a call that hangs does not hold the answer."""
    pool = ThreadPoolExecutor(max_workers=parallel, thread_name_prefix="logs")

    def submit(one: Wanted, tally: _Tally, take: Take, reader: Reader, leash: Leash) -> Future[None]:
        return pool.submit(copy_context().run, _load, one, tally, take, reader, leash)

    try:
        yield submit
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _load(one: Wanted, tally: _Tally, take: Take, reader: Reader, leash: Leash) -> None:
    body = reader.download(one.bucket, one.file.key, max_bytes=MAX_FILE_BYTES, timeout_s=leash.left_s)
    if isinstance(body, Gap):
        tally.miss(body)
    else:
        tally.take(one, body, take)


def _fits(one: Wanted, loading: dict[Future[None], Wanted]) -> bool:
    held = sum(other.file.size for other in loading.values())
    return not loading or held + one.file.size <= MAX_LOADING_BYTES
