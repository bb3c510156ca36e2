"""The answer from files on this machine: DuckDB, a block of lines at a time, in bounded memory.

A block is inflated, written to a file that is used again for the next one, and read by DuckDB's CSV reader in its
strict mode. Two readings make that both quick and right:

* Of every line only the few fields that all questions need are kept; all fields only of lines that may be errors,
  which are read a second time, on their own.
* The reader drops lines that are not exactly regular (stray quotes, bytes that are no UTF-8), and a quote that never
  closes can swallow the lines after it. Both show in the number of rows. Such a block is read again with the irregular
  lines rewritten, or counted as damaged, by the parser in `row.py`, so that the answer is the same.
"""

from __future__ import annotations

import os
import queue
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import sub
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from diagnostics.access_logs import questions
from diagnostics.access_logs.dialect import statements
from diagnostics.access_logs.inflating import Block, Inflated, block_of
from diagnostics.access_logs.row import FEWEST_FIELDS, FIELDS, MAX_LINE_CHARS, MOST_UNKNOWN, joined, split_fields
from diagnostics.access_logs.scope import Scope
from diagnostics.access_logs.tally import Tally
from diagnostics.facts.access_logs import AccessLogs

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MAX_WORKERS = 4
MEMORY_LIMIT = "230MB"
BLOCKS_AT_ONCE = 4
READER_BUFFER_BYTES = 4 * 2**20
USUAL_EXTRA = 4
"""Columns for fields without a name until a file has more of them: each column costs time."""
LOUD_LINES_AT_ONCE = 12_000
"""So many lines that may be errors are kept before they are counted and forgotten."""
KEPT = ("time", "target", "target_processing_time", "elb_status_code", "target_status_code")
"""The fields that the questions need of rows without an error; of two others they need to know one thing only."""
_MAY_BE_ERROR = (
    "elb_status_code >= '4' AND NOT (elb_status_code IN ('400', '401', '403', '404') AND "
    "elb_status_code = target_status_code)"
)
_NO_FIELD = "\x01absent\x01"
_PLAIN_FIELD = rb'(?:"[^"\\\r\0]*+(?:\\[^\r\0][^"\\\r\0]*+)*+"|(?!")[^ \r\0]*+)'
_REGULAR = re.compile(
    rb"%b(?: %b){%d,%d}+" % (_PLAIN_FIELD, _PLAIN_FIELD, FEWEST_FIELDS - 1, len(FIELDS) + MOST_UNKNOWN - 1)
)


@dataclass(frozen=True, slots=True)
class Read:
    """What one file held. `broken`: why it could not be read to its end."""

    lines: int
    bytes: int
    broken: str | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """What the questions gave for some rows, and how many lines were damaged before they became rows."""

    counts: list[tuple[object, ...]]
    sample: list[tuple[str | None, ...]]
    damaged: int


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
            for block in inflated.blocks():
                size += block.size
                lines += worker.read(block)
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
            for worker in workers:
                workers[0].take_over(worker)
            for worker in workers:
                self._count(worker, to_the_end=True)
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
            self._tally.add_sample(answers.sample)
            self._tally.add_damaged(answers.damaged)


class _Worker:
    """One connection with its own tables and files, and what it has read since its last answers.

    `block_…` has a row per line of a block, with what all questions need; `quiet_lines` is all of them as one table of
    all fields. The lines that may be errors wait in `_loud` until `loud` is made of them.
    """

    def __init__(self, connection: DuckDBPyConnection, stem: Path, scope: Scope) -> None:
        self._connection = connection
        self._scratch = _Scratch(stem)
        self._wanted = "true" if scope.where else _MAY_BE_ERROR
        self._owned = questions.owned(scope)
        self._statements = statements(scope)
        self._extra = USUAL_EXTRA
        self._loud: list[bytes] = []
        self._damaged = 0
        self._blocks = 0
        kept = ", ".join(f"{name} VARCHAR" for name in KEPT)
        for number in range(BLOCKS_AT_ONCE):
            connection.execute(
                f"CREATE TEMP TABLE block_{number} "
                f"({kept}, is_owned BOOLEAN, is_short BOOLEAN, unknown INTEGER, is_loud BOOLEAN)"
            )
        told = {
            **{name: f"CAST(NULL AS VARCHAR) AS {name}" for name in FIELDS},
            **{name: name for name in KEPT},
            "target_group_arn": "CASE WHEN is_owned THEN '-' ELSE '' END AS target_group_arn",
            "error_reason": "CASE WHEN NOT is_short THEN '-' END AS error_reason",
        }
        selects = (
            f"SELECT {', '.join(told.values())}, unknown FROM block_{number} WHERE NOT is_loud"  # noqa: S608 - ours
            for number in range(BLOCKS_AT_ONCE)
        )
        connection.execute(f"CREATE TEMP VIEW quiet_lines AS {' UNION ALL '.join(selects)}")

    def close(self) -> None:
        self._connection.close()

    def read(self, block: Block) -> int:
        """Keeps the rows of a block; returns how many lines it has, empty ones not counted."""
        ends = block.line_ends()
        count = len(ends)
        # The reader skips a carriage return at the start of a line as if it were not there.
        if block.has(b"\r") or _longest(ends) > MAX_LINE_CHARS or not self._holds(block, count):
            lines = [line for line in bytes(block.content).split(b"\n") if line]
            count = len(lines)
            block = block_of(b"".join(line + b"\n" for line in self._rewritten(lines)))
            ends = block.line_ends()
            self._scratch.write(block.content)
            self._load(len(questions.EXTRA))
        self._keep_loud(block, ends)
        self._blocks += 1
        return count

    def take_over(self, other: _Worker) -> None:
        """Takes the lines that may be errors from another worker: one statement over all costs less than two."""
        if other is not self:
            self._loud += other._loud
            other._loud = []

    def answers(self, *, to_the_end: bool) -> Answers:
        """Counts, sample and damaged lines since the last time, which are then forgotten.

        What there is little of waits, unless it is `to_the_end`: a statement costs the same for few rows as for many.
        """
        counted: list[tuple[object, ...]] = []
        sampled: list[tuple[str | None, ...]] = []
        if self._blocks == BLOCKS_AT_ONCE or (to_the_end and self._blocks):
            counted += self._connection.execute(self._statements.quiet_counts).fetchall()
            for number in range(self._blocks):
                self._connection.execute(f"TRUNCATE block_{number}")
            self._blocks = 0
        while self._loud and (to_the_end or len(self._loud) >= LOUD_LINES_AT_ONCE):
            self._load_loud(self._loud[:LOUD_LINES_AT_ONCE])
            del self._loud[:LOUD_LINES_AT_ONCE]
            counted += self._connection.execute(self._statements.counts).fetchall()
            sampled += self._connection.execute(self._statements.sample).fetchall()
            self._connection.execute("DROP TABLE loud")
        damaged, self._damaged = self._damaged, 0
        return Answers(counted, sampled, damaged)

    def _load_loud(self, lines: list[bytes]) -> None:
        """All fields of lines that may be errors: more than was looked at before, so some may be irregular now."""
        if self._read_loud(b"".join(lines)) != len(lines):
            self._read_loud(b"\n".join(self._rewritten([line.removesuffix(b"\n") for line in lines])))

    def _read_loud(self, lines: bytes) -> int:
        self._scratch.write(lines)
        ((count,),) = self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE loud AS SELECT {', '.join(FIELDS)}, {questions.UNKNOWN_FIELDS} AS unknown "  # noqa: S608
            f"FROM {_csv(self._scratch.path)}"
        ).fetchall()
        return int(count)

    def _holds(self, block: Block, count: int) -> bool:
        """Loads the block as it is; whether each of its lines became a row."""
        import duckdb

        self._scratch.write(block.content)
        for extra in (self._extra, len(questions.EXTRA)):
            try:
                if self._load(extra) == count:
                    self._extra = extra
                    return True
            except duckdb.Error:
                return False
        return False

    def _load(self, extra: int) -> int:
        """Makes the block's table with columns for so many fields without a name; a line with more is no row then."""
        unknown = questions.unknown_fields(questions.EXTRA[:extra])
        ((count,),) = self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE block_{self._blocks} AS SELECT {', '.join(KEPT)}, "  # noqa: S608
            f"coalesce({self._owned}, false) AS is_owned, error_reason IS NULL AS is_short, {unknown} AS unknown, "
            f"coalesce({self._wanted}, false) AS is_loud FROM {_csv(self._scratch.path, extra)}"
        ).fetchall()
        return int(count)

    def _keep_loud(self, block: Block, ends: list[int]) -> None:
        """Keeps the lines that may be errors; a row's number is its line's."""
        loud = self._connection.execute(
            f"SELECT rowid FROM block_{self._blocks} WHERE is_loud ORDER BY rowid"  # noqa: S608 - a number of ours
        ).fetchall()
        lines = [block.part(ends[number - 1] if number else 0, ends[number]) for (number,) in loud]
        if lines and not lines[-1].endswith(b"\n"):
            lines[-1] += b"\n"
        self._loud += lines

    def _rewritten(self, lines: list[bytes]) -> list[bytes]:
        """The lines, each so that the reader takes it for the row that the parser sees; damaged ones are counted."""
        regular: list[bytes] = []
        for line in lines:
            if len(line) <= MAX_LINE_CHARS and _REGULAR.fullmatch(line) and _is_text(line):
                regular.append(line)
                continue
            text = line.decode("utf-8", "replace")
            fields = split_fields(text) if len(text) <= MAX_LINE_CHARS else None
            if fields is None:
                self._damaged += 1
            else:
                regular.append(joined(fields[: len(questions.COLUMNS)]).encode())
        return regular


class _Scratch:
    """A file that is written over and over, so that its pages stay in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def write(self, content: bytes | memoryview) -> None:
        with self.path.open("r+b", buffering=0) as stream:
            written = 0
            while written < len(content):
                written += stream.write(memoryview(content)[written:])
            stream.truncate()


def _longest(ends: list[int]) -> int:
    return max(map(sub, ends, (0, *ends)), default=0)


def _csv(path: Path, extra: int = len(questions.EXTRA)) -> str:
    """The reader of a file of regular lines with at most `extra` fields without a name."""
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in (*FIELDS, *questions.EXTRA[:extra]))
    name = str(path).replace("'", "''")
    return (
        f"read_csv('{name}', columns = {{{columns}}}, delim = ' ', quote = '\"', escape = '\\', new_line = '\\n', "
        "header = false, auto_detect = false, null_padding = true, strict_mode = true, ignore_errors = true, "
        f"nullstr = '{_NO_FIELD}', allow_quoted_nulls = false, "
        f"buffer_size = {READER_BUFFER_BYTES}, max_line_size = {READER_BUFFER_BYTES // 2})"
    )


def _is_text(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
