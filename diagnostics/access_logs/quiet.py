"""What groups of rows without an error count for: what many rows of a block have in common is judged once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from diagnostics.access_logs.questions import COUNT_COLUMNS, LOUD, OWN, SHORT, Question
from diagnostics.access_logs.row import has_time, status
from diagnostics.access_logs.scope import MINUTE_CHARS, Scope

MAX_KEPT = 128
SWITCHED = "101"
"""The load balancer's answer to a request that becomes a WebSocket; its row is written when the connection ends.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html"""


@dataclass(frozen=True, slots=True)
class Quiet:
    """What the rows of a block say: `counts` as the statement `questions.counts` gives them, how many `lines` became
    rows, and which of them may be errors, by their numbers."""

    counts: list[tuple[object, ...]]
    lines: int
    loud_lines: list[int]


def usual(groups: Iterable[Sequence[Any]], scope: Scope) -> Quiet | None:
    """From the groups that the statement `questions.usual_groups` gives; None when they are not enough, because a line
    may lie outside the time or is no row."""
    minutes, targets, latencies = Counter[str](), Counter[str](), Counter[str]()
    first, last = scope.since_text[:MINUTE_CHARS], scope.until_text[:MINUTE_CHARS]
    all_lines = rows = damaged = most_unknown = sockets = 0
    loud_lines: list[int] = []
    for is_by_target, minute, code, sort, target, latency, lines, unknown, loud_at in groups:
        if not is_by_target:
            if latency is not None:
                latencies[latency] += lines
            continue
        all_lines += lines
        if sort == LOUD:
            loud_lines += loud_at
        elif sort == SHORT:
            damaged += lines
        elif not (_is_row(minute, code) and first < minute < last):
            return None
        else:
            most_unknown = max(most_unknown, unknown)
            rows += lines
            sockets += lines if code == SWITCHED else 0
            if sort == OWN:
                minutes[minute] += lines
                targets[target] += lines
    counts = _counts(minutes, targets, latencies, rows, damaged, most_unknown, sockets)
    return Quiet(counts, all_lines, sorted(loud_lines))


def quiet(groups: Iterable[Sequence[Any]]) -> Quiet:
    """From the groups that the statement `questions.quiet_groups` gives: every row is in one by target and in one by
    the time that the target took."""
    minutes, targets, latencies = Counter[str](), Counter[str](), Counter[str]()
    all_lines = rows = damaged = most_unknown = sockets = 0
    loud_lines: list[int] = []
    for group in groups:
        is_by_target, minute, code, in_time, own, short, loud, target, answered, latency, lines, unknown, loud_at = (
            group
        )
        is_good = not loud and not short and _is_row(minute, code)
        if not is_by_target:
            if is_good and in_time and own and answered:
                latencies[latency] += lines
            continue
        all_lines += lines
        if loud:
            loud_lines += loud_at
        elif not is_good:
            damaged += lines
        else:
            most_unknown = max(most_unknown, unknown)
            rows += lines if in_time else 0
            sockets += lines if in_time and code == SWITCHED else 0
            if in_time and own:
                minutes[minute] += lines
                targets[target] += lines
    counts = _counts(minutes, targets, latencies, rows, damaged, most_unknown, sockets)
    return Quiet(counts, all_lines, sorted(loud_lines))


def _counts(
    minutes: Mapping[str, int],
    targets: Mapping[str, int],
    latencies: Mapping[str, int],
    rows: int,
    damaged: int,
    most_unknown: int,
    sockets: int,
) -> list[tuple[object, ...]]:
    by_question = {Question.MINUTE: minutes, Question.TARGET: targets, Question.LATENCY: latencies}
    counts = [_count(question, *found) for question, keys in by_question.items() for found in keys.items()]
    counts.append(_count(Question.TOTALS, None, rows, damaged, most_unknown))
    if sockets:
        counts.append(_count(Question.WEB_SOCKETS, None, sockets))
    return counts


@lru_cache(MAX_KEPT)
def _is_row(minute: str, code: str) -> bool:
    return has_time(minute) and status(code) is not None


def _count(question: Question, key: str | None, rows: int, damaged: int = 0, unknown: int = 0) -> tuple[object, ...]:
    values = {"question": question, "key": key, "row_count": rows, "damaged": damaged, "unknown_fields": unknown}
    return tuple(map(values.get, COUNT_COLUMNS))
