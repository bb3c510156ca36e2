"""Adds up the answers of parts of the log, from the local engine or from Athena, to one `AccessLogs`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from typing import Any, Literal

from diagnostics.access_logs.questions import BY_KEY, COUNT_COLUMNS, KIND, Question
from diagnostics.access_logs.routes import client_address
from diagnostics.access_logs.row import Row, seconds, status
from diagnostics.access_logs.sampling import Sample, at
from diagnostics.access_logs.scope import Scope
from diagnostics.facts.access_logs import AccessLogs, ErrorCount, KeyCount, Latency
from diagnostics.redaction import redact_text

MAX_KEYS = 20_000
"""Of one question while adding up; beyond twice as many, those with the fewest errors and rows are forgotten."""
MAX_SHOWN = {Question.TARGET: 500, Question.MINUTE: 3_000}
MAX_ERROR_KINDS = 500
MAX_LISTED = 100
"""Keys of the questions without a limit of their own."""
_QUESTION, _KEY, _ROW_COUNT, _FAILURES = map(COUNT_COLUMNS.index, ("question", "key", "row_count", "failures"))


class _Table:
    """Rows and failures of the keys of one question."""

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self._weighed: Counter[str] = Counter()
        self._one_in = 0
        self._forgotten = 0

    def add(self, key: str, rows: int, failures: int) -> None:
        self.rows[key] += rows
        self.failures[key] += failures
        self._forget()

    def add_weighed(self, key: str, rows: int, one_in: int) -> None:
        """Rows that stand for others: only one in so many was looked at."""
        self._weighed[key] += rows
        self._one_in = max(self._one_in, one_in)
        self.add(key, 0, 0)

    def weight(self, key: str) -> tuple[int, int, str]:
        return self.failures[key], self.rows[key] + self._one_in * self._weighed[key], key

    @property
    def is_exact(self) -> bool:
        return not (self._one_in or self._forgotten)

    def most_rows(self, key: str) -> int:
        """How many rows it has, exactly where all were looked at and none was forgotten, otherwise at most: that a key
        fails every time must not be said because its good rows were not looked at. Too few for one key in forty."""
        found = self._weighed[key]
        return self.rows[key] + self._forgotten + self._one_in * round(found + 2 * sqrt(found) + 3)

    def _forget(self) -> None:
        if len(self.rows) <= 2 * MAX_KEYS:
            return
        by_weight = sorted(self.rows, key=self.weight, reverse=True)
        self._forgotten += sum(self.weight(by_weight[MAX_KEYS])[:2])
        for key in by_weight[MAX_KEYS:]:
            del self.rows[key], self.failures[key], self._weighed[key]


class _Kind:
    """How many errors of one kind, and between which times of the log."""

    def __init__(self) -> None:
        self.count = 0
        self.first = ""
        self.last = ""

    def add(self, count: int, first: str, last: str) -> None:
        self.count += count
        self.first = min(self.first or first, first)
        self.last = max(self.last, last)


class Tally:
    """What was counted so far; parts may be added in any order."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._sample = Sample(scope)
        self._tables: dict[str, _Table] = {question: _Table() for question in BY_KEY}
        self._errors: dict[tuple[str | None, ...], _Kind] = {}
        self._rows = 0
        self._damaged = 0
        self._unknown_fields = 0
        self._web_sockets = 0

    def add_counts(self, answers: Iterable[Sequence[Any]], one_in: int = 1) -> None:
        """Rows of the statement `questions.counts`; numbers may be text, as Athena gives them.

        `one_in`: of how many rows one was looked at.
        """
        for answer in answers:
            question, key, rows = answer[_QUESTION], answer[_KEY], int(answer[_ROW_COUNT] or 0)
            if table := self._tables.get(question):
                if key is None:
                    continue
                if one_in > 1:
                    table.add_weighed(key, rows, one_in)
                else:
                    table.add(key, rows, int(answer[_FAILURES] or 0))
                continue
            values = dict(zip(COUNT_COLUMNS, answer, strict=True))
            if Question(question) is Question.ERRORS:
                self._add_error(values, rows)
            elif Question(question) is Question.WEB_SOCKETS:
                self._web_sockets += rows
            else:
                self._rows += rows
                self._damaged += int(values["damaged"] or 0)
                self._unknown_fields = max(self._unknown_fields, int(values["unknown_fields"] or 0))

    def add_sample(self, answers: Iterable[Sequence[str | None]]) -> None:
        """Rows of the statement `questions.sample`."""
        for answer in answers:
            self._sample.offer(Row(tuple(answer)))

    def add_damaged(self, lines: int) -> None:
        """Lines that were found damaged before a question was asked about them."""
        self._damaged += lines

    def logs(
        self,
        *,
        source: Literal["s3", "cloudwatch-logs"],
        engine: Literal["local", "athena"],
        files: int = 0,
        size: int = 0,
        share_read: float = 1.0,
    ) -> AccessLogs:
        """The fact; `size` in bytes as read."""
        return AccessLogs(
            source=source,
            engine=engine,
            covered_from=self._scope.since,
            covered_to=self._scope.until,
            rows=self._rows,
            rows_unparsed=self._damaged,
            fields_unknown=self._unknown_fields,
            files=files,
            bytes=size,
            share_read=share_read,
            errors=self._error_counts(),
            latency=_latency(self._tables[Question.LATENCY].rows),
            by_target=self._listed(Question.TARGET),
            by_zone=self._by_zone(),
            by_minute=self._by_minute(),
            by_route=self._failing(Question.ROUTE),
            by_rule=self._failing(Question.RULE),
            by_client=self._failing(Question.CLIENT),
            sample=self._sample.rows(),
            web_sockets=self._web_sockets,
        )

    def _add_error(self, values: Mapping[str, Any], rows: int) -> None:
        if values["row_family"] is None or not rows:
            return
        kind = tuple(values[name] for name in KIND)
        if kind in self._errors or len(self._errors) < MAX_KEYS:
            self._errors.setdefault(kind, _Kind()).add(rows, values["first_at"] or "", values["last_at"] or "")

    def _error_counts(self) -> tuple[ErrorCount, ...]:
        merged: dict[tuple[Any, ...], _Kind] = {}
        for (elb, target, family, reason, group), found in self._errors.items():
            kind = (int(elb or 0), status(target), family, _present(reason), _present(group))
            merged.setdefault(kind, _Kind()).add(found.count, found.first, found.last)
        largest = sorted(merged.items(), key=lambda item: (-item[1].count, str(item[0])))[:MAX_ERROR_KINDS]
        return tuple(
            ErrorCount(
                elb_status=elb,
                target_status=target,
                generated_by="load-balancer" if target is None else "target",
                row_family=family,
                error_reason=reason,
                target_group=group,
                count=found.count,
                first=at(found.first) or self._scope.since,
                last=at(found.last) or self._scope.until,
            )
            for (elb, target, family, reason, group), found in largest
        )

    def _listed(self, question: Question) -> tuple[KeyCount, ...]:
        """Keys with all their rows, those with the most failures first."""
        table = self._tables[question]
        keys = sorted((key for key in table.rows if key not in {"", "-"}), key=table.weight, reverse=True)
        return tuple(
            KeyCount(key=redact_text(key), rows=table.rows[key], errors=table.failures[key])
            for key in keys[: MAX_SHOWN.get(question, MAX_LISTED)]
        )

    def _failing(self, question: Question) -> tuple[KeyCount, ...]:
        table = self._tables[question]
        keys = sorted((key for key in table.failures if table.failures[key]), key=table.weight, reverse=True)
        return tuple(
            KeyCount(
                key=redact_text(key),
                rows=table.most_rows(key),
                errors=table.failures[key],
                at_most=not table.is_exact,
            )
            for key in keys[:MAX_LISTED]
        )

    def _by_minute(self) -> tuple[KeyCount, ...]:
        table = self._tables[Question.MINUTE]
        minutes = {key: f"{key}:00Z" for key in table.rows if at(f"{key}:00Z")}
        return tuple(
            KeyCount(key=shown, rows=table.rows[key], errors=table.failures[key])
            for key, shown in sorted(minutes.items())[: MAX_SHOWN[Question.MINUTE]]
        )

    def _by_zone(self) -> tuple[KeyCount, ...]:
        table = self._tables[Question.TARGET]
        rows: Counter[str] = Counter()
        failures: Counter[str] = Counter()
        for key in table.rows:
            if zone := self._scope.zones.get(client_address(key)):
                rows[zone] += table.rows[key]
                failures[zone] += table.failures[key]
        return tuple(KeyCount(key=zone, rows=rows[zone], errors=failures[zone]) for zone in sorted(rows))


def _latency(counts: Mapping[str, int]) -> Latency:
    """Percentiles by the nearest rank: exact, since times are logged in milliseconds."""
    by_time: Counter[float] = Counter()
    for text, count in counts.items():
        if (found := seconds(text)) is not None and found >= 0:
            by_time[found] += count
    times = sorted(by_time)
    if not times:
        return Latency()
    return Latency(
        p50=_percentile(by_time, times, 50),
        p95=_percentile(by_time, times, 95),
        p99=_percentile(by_time, times, 99),
        max=times[-1],
    )


def _percentile(counts: Mapping[float, int], times: Sequence[float], percent: int) -> float:
    wanted = -(-percent * sum(counts.values()) // 100)
    for time in times:
        wanted -= counts[time]
        if wanted <= 0:
            return time
    return times[-1]


def _present(text: str | None) -> str | None:
    return redact_text(text) if text and text != "-" else None
