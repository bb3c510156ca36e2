"""The same answer in plain Python, a line at a time: slow, and what the engine is held against."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from diagnostics.access_logs.families import CLIENT_GONE, REFUSED, row_family
from diagnostics.access_logs.questions import BY_KEY, COUNT_COLUMNS, KIND, Question
from diagnostics.access_logs.quiet import SWITCHED
from diagnostics.access_logs.routes import client_address, route
from diagnostics.access_logs.row import (
    FEWEST_FIELDS,
    FIELDS,
    MAX_LINE_CHARS,
    MOST_UNKNOWN,
    Row,
    has_time,
    split_fields,
    status,
)
from diagnostics.access_logs.scope import MINUTE_CHARS, Condition, Scope
from diagnostics.access_logs.tally import Tally
from diagnostics.facts.access_logs import AccessLogs


def parsed(line: str) -> Row | None:
    """The row of a line without its line break; None for one that is damaged. Never raises."""
    fields = split_fields(line) if len(line) <= MAX_LINE_CHARS else None
    if fields is None or len(fields) < FEWEST_FIELDS:
        return None
    known = fields[: len(FIELDS)]
    row = Row((*known, *[None] * (len(FIELDS) - len(known))))
    return row if has_time(row["time"]) and status(row["elb_status_code"]) is not None else None


def reference(lines: Iterable[bytes], scope: Scope) -> AccessLogs:
    """What the lines say. Empty lines are none."""
    tally = Tally(scope)
    keys: dict[Question, Counter[str]] = defaultdict(Counter)
    failures: dict[Question, Counter[str]] = defaultdict(Counter)
    for line in lines:
        if not line:
            continue
        text = line.decode("utf-8", "replace")
        row = parsed(text)
        if row is None:
            tally.add_damaged(1)
            continue
        is_covered, unknown = _covers(scope, row), _unknown_fields(text)
        tally.add_counts([_answer(Question.TOTALS, row_count=int(is_covered), unknown_fields=unknown)])
        if not is_covered:
            continue
        if row["elb_status_code"] == SWITCHED and not scope.where:  # who asks with a condition is not told
            tally.add_counts([_answer(Question.WEB_SOCKETS, row_count=1)])
        if _is_error(row):
            kind = {name: row_family(row, scope.timeouts) if name == "row_family" else row[name] for name in KIND}
            at = row["time"]
            tally.add_counts([_answer(Question.ERRORS, row_count=1, first_at=at, last_at=at, **kind)])
            if _owns(scope, row):
                tally.add_sample([row.fields])
        if _owns(scope, row):
            for question, key in _keys(row).items():
                keys[question][key] += 1
                failures[question][key] += _is_failure(row)
    for question, rows in keys.items():
        tally.add_counts(
            _answer(question, key=key, row_count=count, failures=failures[question][key]) for key, count in rows.items()
        )
    return tally.logs(source="s3", engine="local")


def _unknown_fields(line: str) -> int:
    return min(max(len(split_fields(line) or ()) - len(FIELDS), 0), MOST_UNKNOWN)


def _is_failure(row: Row) -> bool:
    """5xx, and the load balancer's own 460, 463 and 464."""
    code = row["elb_status_code"] or ""
    return code >= "500" or code in (CLIENT_GONE, *REFUSED)


def _is_error(row: Row) -> bool:
    """A failure, or another 4xx that no target sent: blocked, not logged in, malformed."""
    return _is_failure(row) or ((row["elb_status_code"] or "") >= "400" and row.target_status is None)


def _covers(scope: Scope, row: Row) -> bool:
    in_time = scope.since_text <= (row["time"] or "") < scope.until_text
    return in_time and all(_holds(condition, row) for condition in scope.where)


def _owns(scope: Scope, row: Row) -> bool:
    return not scope.target_groups or row["target_group_arn"] in ("-", *scope.target_groups)


def _holds(condition: Condition, row: Row) -> bool:
    made = {"route": route(row["request"]), "minute": (row["time"] or "")[:MINUTE_CHARS]}
    text = made[condition.field] if condition.field in made else row[condition.field] or ""
    found = condition.value in text if "~" in condition.operator else condition.value == text
    return found != condition.operator.startswith("!")


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
