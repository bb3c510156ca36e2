"""The same answer in plain Python, a line at a time: slow, and what the engine is held against."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from diagnostics.access_logs.families import is_error, is_failure, row_family
from diagnostics.access_logs.questions import BY_KEY, COUNT_COLUMNS, KIND, Question
from diagnostics.access_logs.quiet import SWITCHED
from diagnostics.access_logs.routes import client_address, route
from diagnostics.access_logs.row import Damaged, Row, parse_line
from diagnostics.access_logs.scope import Scope
from diagnostics.access_logs.tally import Tally
from diagnostics.facts.access_logs import AccessLogs


def reference(lines: Iterable[bytes], scope: Scope) -> AccessLogs:
    """What the lines say. Empty lines are none."""
    tally = Tally(scope)
    keys: dict[Question, Counter[str]] = defaultdict(Counter)
    failures: dict[Question, Counter[str]] = defaultdict(Counter)
    for line in lines:
        if not line:
            continue
        row = parse_line(line.decode("utf-8", "replace"))
        if isinstance(row, Damaged):
            tally.add_damaged(1)
            continue
        tally.add_counts([_answer(Question.TOTALS, row_count=int(scope.covers(row)), unknown_fields=len(row.unknown))])
        if not scope.covers(row):
            continue
        if row["elb_status_code"] == SWITCHED and not scope.where:  # who asks with a condition is not told
            tally.add_counts([_answer(Question.WEB_SOCKETS, row_count=1)])
        if is_error(row):
            kind = {name: row_family(row, scope.timeouts) if name == "row_family" else row[name] for name in KIND}
            at = row["time"]
            tally.add_counts([_answer(Question.ERRORS, row_count=1, first_at=at, last_at=at, **kind)])
            if scope.owns(row):
                tally.add_sample([row.fields])
        if scope.owns(row):
            for question, key in _keys(row).items():
                keys[question][key] += 1
                failures[question][key] += is_failure(row)
    for question, rows in keys.items():
        tally.add_counts(
            _answer(question, key=key, row_count=count, failures=failures[question][key]) for key, count in rows.items()
        )
    return tally.logs(source="s3", engine="local")


def _keys(row: Row) -> dict[Question, str]:
    keys = {Question.MINUTE: (row["time"] or "")[:16], Question.TARGET: row["target"] or ""}
    if row["target_status_code"] != "-":
        keys[Question.LATENCY] = row["target_processing_time"] or ""
    keys[Question.ROUTE] = route(row["request"])
    keys[Question.RULE] = row["matched_rule_priority"] or ""
    keys[Question.CLIENT] = client_address(row["client"])
    assert set(keys) <= set(BY_KEY)
    return keys


def _answer(question: Question, **values: str | int | None) -> list[str | int | None]:
    return [str(question) if name == "question" else values.get(name) for name in COUNT_COLUMNS]
