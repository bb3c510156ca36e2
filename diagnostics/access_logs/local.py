"""The answer from files on this machine: DuckDB, a block of lines at a time, in bounded memory.

A block is inflated into a file that is used again for the next one, and read by DuckDB's CSV reader in its strict
mode. Three things make that both quick and right:

* One statement reads the few fields that the questions need of lines without an error, counts them and says which
  lines may be errors. All fields are read of those only, a second time, on their own.
* Routes and clients take long to find out. Of large logs they are looked at in all lines that may be errors, but in one
  of ONE_IN others only, which stands for all of them.
* The reader drops lines that are not exactly regular (stray quotes, bytes that are no UTF-8), and a quote that never
  closes can swallow the lines after it. Both show in the number of rows. Such a block is read again with the irregular
  lines rewritten, or counted as damaged, by the parser in `row.py`, so that the answer is the same.
"""

from __future__ import annotations

import os
import queue
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from diagnostics.access_logs import questions
from diagnostics.access_logs.dialect import statements
from diagnostics.access_logs.inflating import Block, Inflated, line_ends
from diagnostics.access_logs.questions import Question
from diagnostics.access_logs.quiet import Quiet, quiet, usual
from diagnostics.access_logs.regular import LONGEST_REWRITTEN, reader, rewritten
from diagnostics.access_logs.row import BYTES_ESCAPED, FIELDS, MAX_LINE_CHARS
from diagnostics.access_logs.scope import Scope
from diagnostics.access_logs.scratch import Scratch
from diagnostics.access_logs.tally import Tally
from diagnostics.facts.access_logs import AccessLogs

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MAX_WORKERS = 4
MEMORY_LIMIT = "230MB"
USUAL_EXTRA = 4
"""Columns for fields without a name until a file has more of them: each column costs time."""
LOUD_LINES_AT_ONCE = 12_000
"""So many lines that may be errors are kept before they are counted and forgotten."""
FEW_LOUD_LINES = 2_000
"""One statement over so few lines of all workers costs less than one of each worker."""
SMALL_BYTES, KEPT_BYTES = 2**18, 2**22
"""Small blocks are kept until they are so many bytes together, since a statement costs the same for each of them."""
WEIGHED_IN_FULL = 20_000
"""So many lines of each worker are all looked at for their route, rule and client."""
ONE_IN = 61
WEIGHED_LINES_AT_ONCE = 20_000
QUIET_FIELDS = (
    *("time", "client", "target", "target_processing_time", "elb_status_code", "target_status_code", "request"),
    "matched_rule_priority",
)
"""What the questions need of rows without an error; of some other fields they need to know one thing only."""
_MAY_BE_ERROR = (
    "elb_status_code >= '4' AND NOT (elb_status_code IN ('400', '401', '403', '404') AND "
    "elb_status_code = target_status_code)"
)


@dataclass(frozen=True, slots=True)
class Read:
    """What one file held. `broken`: why it could not be read to its end."""

    lines: int
    bytes: int
    broken: str | None = None


@dataclass(slots=True)
class Answers:
    """What the questions gave for some rows, and how many lines were damaged before they became rows.

    `weighed`: counts for which one of so many lines was looked at.
    """

    counts: list[tuple[object, ...]] = field(default_factory=list)
    weighed: list[tuple[int, list[tuple[object, ...]]]] = field(default_factory=list)
    sample: list[tuple[str | None, ...]] = field(default_factory=list)
    damaged: int = 0


class LocalEngine:
    """Reads files one by one, in several threads if there are several, and answers at any time.

    Disk space is needed for a block of each worker.
    """

    def __init__(self, scope: Scope, workers: int | None = None) -> None:
        import duckdb

        self._tally = Tally(scope)
        self._lock = threading.Lock()
        self._directory = tempfile.TemporaryDirectory(prefix="alb502-logs-")
        settings: dict[str, str | bool | int | float | list[str]] = {
            "threads": 1,
            "async_threads": 0,  # with some, waiting for them costs a third of the reading
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": self._directory.name,
            "enable_external_file_cache": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        self._database = duckdb.connect(config=settings)
        self._workers: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._count_of_workers = workers or min(os.cpu_count() or 1, MAX_WORKERS)
        for number in range(self._count_of_workers):
            self._workers.put(_Worker(self._database.cursor(), Path(self._directory.name) / f"{number}.log", scope))
        self.lines = 0
        self.bytes = 0
        self.files = 0

    def __enter__(self) -> LocalEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forgets everything and removes what was written. Nobody may be adding a file then."""
        while not self._workers.empty():
            self._workers.get().close()
        self._database.close()
        self._directory.cleanup()

    def add(self, file: bytes | Path) -> Read:
        """Reads one file, gzip or plain, on the calling thread; waits while all workers have a file.

        What cannot be read is in the result, not raised.
        """
        inflated = Inflated(file)
        lines = size = 0
        with self._worker() as worker:
            for block in inflated.blocks(worker.scratch):
                size += block.size
                lines += worker.take(block)
                self._count(worker)
        with self._lock:
            self.lines += lines
            self.bytes += size
            self.files += 1
        return Read(lines, size, inflated.broken)

    def answer(self, *, source: Literal["s3", "cloudwatch-logs"] = "s3", share_read: float = 1.0) -> AccessLogs:
        """What was read so far; waits for the files that are being added."""
        workers = [self._workers.get() for _ in range(self._count_of_workers)]
        try:
            if sum(worker.kept_bytes for worker in workers) <= KEPT_BYTES:
                for worker in workers:
                    workers[0].take_kept(worker)
            for worker in workers:
                worker.read_kept()
            if sum(worker.loud_lines for worker in workers) <= FEW_LOUD_LINES:
                for worker in workers:
                    workers[0].take_over(worker)
            with ThreadPoolExecutor(len(workers)) as pool:
                list(pool.map(partial(self._count, to_the_end=True), workers))
        finally:
            for worker in workers:
                self._workers.put(worker)
        with self._lock:
            return self._tally.logs(
                source=source, engine="local", files=self.files, size=self.bytes, share_read=share_read
            )

    @contextmanager
    def _worker(self) -> Iterator[_Worker]:
        worker = self._workers.get()
        try:
            yield worker
        finally:
            self._workers.put(worker)

    def _count(self, worker: _Worker, *, to_the_end: bool = False) -> None:
        answers = worker.answers(to_the_end=to_the_end)
        with self._lock:
            self._tally.add_counts(answers.counts)
            for one_in, counts in answers.weighed:
                self._tally.add_counts(counts, one_in)
            self._tally.add_sample(answers.sample)
            self._tally.add_damaged(answers.damaged)


class _Worker:
    """One connection with its own tables and files, and what it has read since its last answers.

    The view `lines` is the block that stands in the scratch file. Lines that may be errors wait until the table `loud`
    is made of them, those to be weighed until the view `weighed` is. The statements are parsed once.
    """

    def __init__(self, connection: DuckDBPyConnection, stem: Path, scope: Scope) -> None:
        self._connection = connection
        self.scratch = Scratch(stem)
        self._few = Scratch(stem.with_suffix(".few"))
        self._scope = scope
        self._statements = statements(scope)
        self._views: dict[str, tuple[int, int]] = {}
        self._prepared: set[str] = set()
        self._extra = USUAL_EXTRA
        self._lines = 0
        self._kept: list[bytes] = []
        self.kept_bytes = 0
        self._loud: list[bytes] = []
        self._weighed: list[bytes] = []
        self._weighed_lines, self._one_in = 0, 1
        self._answers = Answers()
        columns = ", ".join(f"{name} VARCHAR" for name in FIELDS)
        connection.execute(f"CREATE TEMP TABLE loud ({columns}, unknown INTEGER)")

    def close(self) -> None:
        self._connection.close()
        self.scratch.close()
        self._few.close()

    def take(self, block: Block) -> int:
        """Reads a block, or keeps a small one for later; returns how many lines it has, empty ones not counted."""
        if block.has_returns or block.size > SMALL_BYTES:
            return self._read(block)
        if b"\n\n" in b"\n" + (content := self.scratch.part(0, block.size)):
            return self._read(block)
        self._kept.append(content if content.endswith(b"\n") else content + b"\n")
        self.kept_bytes += len(content)
        if self.kept_bytes >= KEPT_BYTES:
            self.read_kept()
        return len(block.ends)

    def take_kept(self, other: _Worker) -> None:
        """Takes the small blocks that another worker keeps."""
        if other is not self:
            self._kept += other._kept
            self.kept_bytes += other.kept_bytes
            other._kept, other.kept_bytes = [], 0

    def read_kept(self) -> None:
        """Reads the blocks that were kept as one."""
        if self._kept:
            content = b"".join(self._kept)
            self._kept, self.kept_bytes = [], 0
            self.scratch.put(content)
            self._read(Block(line_ends(content), has_returns=False))

    def _read(self, block: Block) -> int:
        ends, count = block.ends, len(block.ends)
        found = None if block.has_returns else self._read_as_it_is(count)
        if found is None:
            lines = [line for line in self.scratch.part(0, block.size).split(b"\n") if line]
            count = len(lines)
            content = b"".join(line + b"\n" for line in self._rewritten(lines))
            ends = line_ends(content)
            self.scratch.put(content)
            found = self._quiet(len(questions.EXTRA))
        self._answers.counts += found.counts
        self._loud += [self._line(number, ends) for number in found.loud_lines]
        if not self._scope.where:
            self._weigh(ends)
        self._lines += count
        return count

    @property
    def loud_lines(self) -> int:
        """How many lines that may be errors wait to be counted."""
        return len(self._loud)

    def take_over(self, other: _Worker) -> None:
        """Takes the lines that may be errors from another worker."""
        if other is not self:
            self._loud += other._loud
            other._loud = []

    def answers(self, *, to_the_end: bool) -> Answers:
        """Counts, sample and damaged lines since the last time, which are then forgotten.

        What there is little of waits, unless it is `to_the_end`: a statement costs the same for few rows as for many.
        """
        while self._loud and (to_the_end or len(self._loud) >= LOUD_LINES_AT_ONCE):
            self._load_loud(self._loud[:LOUD_LINES_AT_ONCE])
            del self._loud[:LOUD_LINES_AT_ONCE]
            self._answers.counts += self._asked("counts", self._statements.counts)
            self._answers.sample += self._asked("sample", self._statements.sample)
        if to_the_end:
            self._count_weighed()
        answers, self._answers = self._answers, Answers()
        return answers

    def _asked(self, name: str, statement: str) -> list[tuple[Any, ...]]:
        """The answer to a statement, which is parsed the first time."""
        if name not in self._prepared:
            self._connection.execute(f"PREPARE {name} AS {statement}")
            self._prepared.add(name)
        return self._connection.execute(f"EXECUTE {name}").fetchall()

    def _read_as_it_is(self, lines: int) -> Quiet | None:
        """What the block that stands in the scratch file says; None when not each of its lines became a row."""
        import duckdb

        for extra in (self._extra, len(questions.EXTRA)):
            try:
                found = self._quiet(extra, MAX_LINE_CHARS)
            except duckdb.Error:
                return None
            if found.lines == lines:
                self._extra = extra
                return found
        return None

    def _quiet(self, extra: int, longest: int = LONGEST_REWRITTEN) -> Quiet:
        """Reads with columns for so many fields without a name; a line with more is no row then, nor a longer one."""
        self._look_at("lines", self.scratch, extra, longest)
        return usual(self._asked("usual_groups", self._statements.usual_groups), self._scope) or quiet(
            self._asked("quiet_groups", self._statements.quiet_groups)
        )

    def _look_at(self, view: str, scratch: Scratch, extra: int, longest: int = LONGEST_REWRITTEN) -> None:
        """Makes the view of what the questions need to know of the lines in a file, if there is none yet."""
        if self._views.get(view) == (extra, longest):
            return
        wanted = "true" if self._scope.where else _MAY_BE_ERROR
        self._connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {view} AS "  # noqa: S608 - names of ours
            f"SELECT {', '.join(QUIET_FIELDS)}, coalesce({questions.owned(self._scope)}, false) AS is_own, "
            f"error_reason IS NULL AS is_short, {questions.unknown_fields(questions.EXTRA[:extra])} AS unknown_fields, "
            f"coalesce({wanted}, false) AS is_loud, row_number() OVER () AS line_number "
            f"FROM {reader(scratch.path, extra, longest)}"
        )
        self._views[view] = extra, longest

    def _line(self, number: int, ends: Sequence[int]) -> bytes:
        """A line of the block; the first has the number 1."""
        line = self.scratch.part(ends[number - 2] if number > 1 else 0, ends[number - 1])
        return line if line.endswith(b"\n") else line + b"\n"

    def _weigh(self, ends: Sequence[int]) -> None:
        """Sets lines aside whose route, rule and client are to be found out: at first all, then one of so many."""
        in_full = min(max(WEIGHED_IN_FULL - self._lines, 0), len(ends))
        for first in range(0, in_full, WEIGHED_LINES_AT_ONCE):
            some = ends[first : min(first + WEIGHED_LINES_AT_ONCE, in_full)]
            self._set_aside(self.scratch.part(ends[first - 1] if first else 0, some[-1]), len(some), 1)
        numbers = range(in_full + ONE_IN, len(ends) + 1, ONE_IN)
        if numbers:
            self._set_aside(b"".join(self._line(number, ends) for number in numbers), len(numbers), ONE_IN)

    def _set_aside(self, lines: bytes, count: int, one_in: int) -> None:
        if one_in != self._one_in or self._weighed_lines >= WEIGHED_LINES_AT_ONCE:
            self._count_weighed()
        self._one_in = one_in
        self._weighed.append(lines if lines.endswith(b"\n") else lines + b"\n")
        self._weighed_lines += count

    def _count_weighed(self) -> None:
        count = self._weighed_lines
        if not count:
            return
        lines = b"".join(self._weighed)
        self._weighed, self._weighed_lines = [], 0
        counts = None if BYTES_ESCAPED in lines else self._weighed_counts(lines, count, self._extra)
        if counts is None:
            rewritten = self._rewritten(lines.removesuffix(b"\n").split(b"\n"), LONGEST_REWRITTEN)
            counts = self._weighed_counts(b"\n".join(rewritten), len(rewritten), len(questions.EXTRA))
        self._answers.weighed.append((self._one_in, counts or []))

    def _weighed_counts(self, lines: bytes, count: int, extra: int) -> list[tuple[Any, ...]] | None:
        """None when not each line became a row: more fields are looked at than before, so some may be irregular now."""
        self._few.put(lines)
        self._look_at("weighed", self._few, extra)
        counted = self._asked("weighed_counts", self._statements.weighed_counts)
        if sum(row[-1] for row in counted if row[0] == Question.TOTALS) != count:
            return None
        return [row[:-1] for row in counted if row[0] != Question.TOTALS]

    def _load_loud(self, lines: list[bytes]) -> None:
        """All fields of lines that may be errors: more than was looked at before, so some may be irregular now."""
        content = b"".join(lines)
        if BYTES_ESCAPED in content or self._read_loud(content, self._extra) != len(lines):
            self._read_loud(
                b"\n".join(self._rewritten([line.removesuffix(b"\n") for line in lines], LONGEST_REWRITTEN)),
                len(questions.EXTRA),
            )

    def _read_loud(self, lines: bytes, extra: int) -> int:
        self._few.put(lines)
        self._connection.execute("TRUNCATE loud")
        ((count,),) = self._connection.execute(
            f"INSERT INTO loud SELECT {', '.join(FIELDS)}, {questions.unknown_fields(questions.EXTRA[:extra])} "  # noqa: S608
            f"FROM {reader(self._few.path, extra)}"
        ).fetchall()
        return int(count)

    def _rewritten(self, lines: list[bytes], longest: int = MAX_LINE_CHARS) -> list[bytes]:
        """The lines, each so that the reader takes it for the row that the parser sees; damaged ones are counted."""
        regular, damaged = rewritten(lines, longest)
        self._answers.damaged += damaged
        return regular
