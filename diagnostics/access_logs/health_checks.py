"""Rows of health check logs: ten fields today, eight in older files, more one day.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-health-check-logs.html
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from diagnostics.access_logs.inflating import Inflated
from diagnostics.facts.access_logs import HealthCheckLogs, HealthCheckRow

MAX_FAILED = 500
MAX_LINE = 4_096
MAX_PLAIN_BYTES = 512_000_000
MIN_FIELDS = 6


@dataclass(frozen=True, slots=True)
class Row:
    """One probe. `group` is the target group's name, as the log has it."""

    at: datetime
    latency_s: float | None
    target: str
    group: str
    passed: bool
    status_code: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Counted:
    """What one file held."""

    lines: int
    bytes: int


def parse(line: str) -> Row | None:
    """None for a line that is damaged or is of another kind."""
    fields = line[:MAX_LINE].split()
    if len(fields) < MIN_FIELDS or fields[5] not in {"PASS", "FAIL"}:
        return None
    try:
        at = datetime.fromisoformat(fields[1]).astimezone(UTC)
    except ValueError:
        return None
    rest = [None if field == "-" else field[:64] for field in (*fields[6:8], "-", "-")]
    return Row(at, _number(fields[2]), fields[3][:64], fields[4][:64], fields[5] == "PASS", rest[0], rest[1])


class HealthCheckTally:
    """Counts rows of the window; keeps the newest that failed. Threads may share it."""

    def __init__(self, start: datetime, end: datetime, groups: Mapping[str, str]) -> None:
        """`groups`: ARN by name of the target groups that count; empty: all do, under their names."""
        self._start = start
        self._end = end
        self._groups = groups
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._failed: list[tuple[datetime, int, Row]] = []
        self._failed_total = 0
        self._passed = 0

    def add(self, body: bytes) -> Counted:
        """Takes one file, gzip or plain; a damaged one counts as far as it can be read."""
        lines = size = 0
        for raw in _lines(body):
            lines, size = lines + 1, size + len(raw) + 1
            row = parse(raw.decode("utf-8", errors="replace"))
            if row is not None and self._is_wanted(row):
                self._count(row)
        return Counted(lines, size)

    def logs(self, covered_from: datetime, covered_to: datetime) -> HealthCheckLogs:
        """What was counted so far."""
        with self._lock:
            newest = [row for _, _, row in sorted(self._failed, reverse=True)]
            return HealthCheckLogs(
                covered_from=covered_from,
                covered_to=covered_to,
                passed=self._passed,
                failed=tuple(map(self._fact, newest)),
                failed_total=self._failed_total,
            )

    def _is_wanted(self, row: Row) -> bool:
        return self._start <= row.at <= self._end and (not self._groups or row.group in self._groups)

    def _count(self, row: Row) -> None:
        with self._lock:
            if row.passed:
                self._passed += 1
                return
            self._failed_total += 1
            entry = (row.at, next(self._numbers), row)
            if len(self._failed) < MAX_FAILED:
                heapq.heappush(self._failed, entry)
            else:
                heapq.heappushpop(self._failed, entry)

    def _fact(self, row: Row) -> HealthCheckRow:
        return HealthCheckRow(
            at=row.at,
            target=row.target,
            target_group=self._groups.get(row.group, row.group),
            status_code=row.status_code,
            reason=row.reason,
            latency_s=row.latency_s,
        )


def _lines(body: bytes) -> Iterator[bytes]:
    """Lines of a body, gzip or plain, up to where it is damaged or longer than MAX_PLAIN_BYTES."""
    rest, read = b"", 0
    for piece in Inflated(body).pieces():
        *whole, rest = (rest + piece).split(b"\n")
        rest = rest[:MAX_LINE]
        yield from whole
        read += len(piece)
        if read >= MAX_PLAIN_BYTES:
            break
    if rest:
        yield rest


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
