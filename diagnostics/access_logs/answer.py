"""The answer of the access logs as other programs read it: `alb502 logs --json`, schema `alb502.logs/1`."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from itertools import chain, islice, zip_longest
from operator import attrgetter
from typing import Literal

from pydantic import Field
from pydantic.json_schema import GenerateJsonSchema

from diagnostics.facts.access_logs import AccessLogs, GeneratedBy, KeyCount, Latency, LoggedRow, RowFamily
from diagnostics.facts.fact import Frozen
from diagnostics.snapshot import Subject, Window

SCHEMA = "alb502.logs/1"
MAX_SAMPLES = 50


class LogsTarget(Frozen):
    """What was asked about and what it turned out to be."""

    query: str
    kind: str
    account: str
    region: str
    load_balancers: tuple[str, ...]
    target_groups: tuple[str, ...]
    cluster: str | None
    service: str | None
    function: str | None


class LogsWindow(Frozen):
    """The time that the rows are of, UTC."""

    start: datetime = Field(alias="from", serialization_alias="from")
    end: datetime = Field(alias="to", serialization_alias="to")


class ErrorRows(Frozen):
    """Rows with one kind of error."""

    elb_status: int
    target_status: int | None
    generated_by: GeneratedBy
    row_family: RowFamily
    error_reason: str | None
    target_group: str | None
    count: int
    first: datetime
    last: datetime


class Rows(Frozen):
    """All rows of a key, and those with errors."""

    key: str
    rows: int | None
    errors: int


class Errors(Frozen):
    """Rows with errors of a key that has some."""

    key: str
    errors: int


class SampleLine(Frozen):
    """A line of the log, without query strings and what looks like a secret."""

    at: datetime
    line_redacted: str
    trace_id: str | None


class LogsAnswer(Frozen):
    """Counts of everything that was read, and some lines with errors. Its keys are a contract."""

    schema_id: Literal["alb502.logs/1"] = Field("alb502.logs/1", alias="schema", serialization_alias="schema")
    target: LogsTarget
    window: LogsWindow
    source: Literal["s3", "athena", "cloudwatch-logs"]
    engine: Literal["local", "athena"]
    rows: int
    rows_unparsed: int
    fields_unknown: int
    files: int
    bytes: int
    share_read: float = Field(ge=0.0, le=1.0)
    errors: tuple[ErrorRows, ...]
    latency_s: Latency
    by_target: tuple[Rows, ...]
    by_zone: tuple[Rows, ...]
    by_minute: tuple[Rows, ...]
    by_route: tuple[Errors, ...]
    by_rule: tuple[Errors, ...]
    by_client: tuple[Errors, ...]
    samples: tuple[SampleLine, ...]

    @classmethod
    def of(cls, logs: AccessLogs, subject: Subject, window: Window) -> LogsAnswer:
        """The answer about a subject; the fact says more than this contract promises."""
        return cls(
            target=LogsTarget(**{name: getattr(subject, name) for name in LogsTarget.model_fields}),
            window=LogsWindow(start=window.start, end=window.end),
            source="athena" if logs.engine == "athena" else logs.source,
            engine=logs.engine,
            rows=logs.rows,
            rows_unparsed=logs.rows_unparsed,
            fields_unknown=logs.fields_unknown,
            files=logs.files,
            bytes=logs.bytes,
            share_read=min(max(logs.share_read, 0.0), 1.0),
            errors=tuple(
                ErrorRows(**{name: getattr(one, name) for name in ErrorRows.model_fields}) for one in logs.errors
            ),
            latency_s=logs.latency,
            by_target=_rows(logs.by_target),
            by_zone=_rows(logs.by_zone),
            by_minute=_rows(logs.by_minute),
            by_route=_errors(logs.by_route),
            by_rule=_errors(logs.by_rule),
            by_client=_errors(logs.by_client),
            samples=_samples(logs.sample),
        )

    def to_json(self) -> str:
        """As printed, ending in a line break."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"


def schema_text() -> str:
    """The JSON Schema as it stands in docs/, ending in a line break."""
    described = LogsAnswer.model_json_schema(by_alias=True, mode="serialization", schema_generator=_EveryKeyIsPrinted)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA}
    return json.dumps(head | described, indent=2, ensure_ascii=False) + "\n"


class _EveryKeyIsPrinted(GenerateJsonSchema):
    """A field with a default is printed as well, so readers may rely on its key."""

    def field_is_required(self, field: object, total: bool) -> bool:
        return True


def _rows(counts: tuple[KeyCount, ...]) -> tuple[Rows, ...]:
    return tuple(Rows(key=count.key, rows=count.rows, errors=count.errors) for count in counts)


def _errors(counts: tuple[KeyCount, ...]) -> tuple[Errors, ...]:
    return tuple(Errors(key=count.key, errors=count.errors) for count in counts)


def _samples(rows: tuple[LoggedRow, ...]) -> tuple[SampleLine, ...]:
    """At most MAX_SAMPLES, of every kind of error the same number as far as there are."""
    kinds: dict[tuple[object, ...], list[LoggedRow]] = {}
    for row in rows:
        kind = (row.elb_status, row.target_status, row.row_family, row.error_reason, row.target_group)
        kinds.setdefault(kind, []).append(row)
    in_turn = (row for row in chain.from_iterable(zip_longest(*kinds.values())) if row is not None)
    chosen = sorted(islice(in_turn, MAX_SAMPLES), key=attrgetter("at"))
    return tuple(SampleLine(at=row.at, line_redacted=row.line, trace_id=row.trace_id) for row in chosen)


if __name__ == "__main__":
    sys.stdout.write(schema_text())
