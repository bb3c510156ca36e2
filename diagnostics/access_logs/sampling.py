"""Rows to show: of every kind of error the first, and others that are spread over all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain, islice, zip_longest

from diagnostics.access_logs.families import row_family
from diagnostics.access_logs.questions import FIRST_OF_KIND, KIND, SPREAD_OF_KIND
from diagnostics.access_logs.routes import client_address, route
from diagnostics.access_logs.row import FIELDS, Row, seconds
from diagnostics.access_logs.scope import Scope
from diagnostics.facts.access_logs import LoggedRow
from diagnostics.redaction import redact_log_line, redact_text

MAX_SAMPLE_ROWS = 600
MAX_KINDS = 200
MAX_LINE_CHARS = 1_500
MAX_FIELD_CHARS = 300
_QUOTED = frozenset(
    {
        *("request", "user_agent", "trace_id", "domain_name", "chosen_cert_arn", "actions_executed", "redirect_url"),
        *("error_reason", "target_port_list", "target_status_code_list", "classification", "classification_reason"),
        *("transformed_host", "transformed_uri", "request_transform_status"),
    }
)
_URLS = frozenset({"request", "redirect_url", "transformed_uri"})

Kind = tuple[str | None, ...]


@dataclass(slots=True)
class Sample:
    """A bounded choice of the rows that were offered, the same in whatever order they come."""

    scope: Scope
    _kinds: dict[Kind, list[Row]] = field(default_factory=dict)

    def offer(self, row: Row) -> None:
        kind = tuple(row_family(row, self.scope.timeouts) if name == "row_family" else row[name] for name in KIND)
        if kind not in self._kinds and len(self._kinds) >= MAX_KINDS:
            return
        rows = self._kinds.setdefault(kind, [])
        rows.append(row)
        if len(rows) > 4 * (FIRST_OF_KIND + SPREAD_OF_KIND):
            rows[:] = _chosen(rows)

    def rows(self) -> tuple[LoggedRow, ...]:
        """In order of time; when there is not room for all, as many of each kind as fit."""
        kinds = [_chosen(rows) for rows in self._kinds.values()]
        in_turn = (row for row in chain.from_iterable(zip_longest(*kinds)) if row is not None)
        chosen = sorted(islice(in_turn, MAX_SAMPLE_ROWS), key=_by_time)
        redact = lru_cache(maxsize=None)(redact_text)  # most texts stand in many rows
        return tuple(logged_row(row, self.scope, redact) for row in chosen)


def _chosen(rows: list[Row]) -> list[Row]:
    first = sorted(rows, key=_by_time)[:FIRST_OF_KIND]
    return first + [row for row in sorted(rows, key=_by_chance)[:SPREAD_OF_KIND] if row not in first]


def _by_time(row: Row) -> tuple[str, ...]:
    return (row["time"] or "", _chance(row), *_texts(row))


def _by_chance(row: Row) -> tuple[str, ...]:
    return (_chance(row), row["time"] or "", *_texts(row))


def _chance(row: Row) -> str:
    """The last digits of a trace id are as good as chance, and the same wherever the row is read."""
    return (row["trace_id"] or "")[::-1]


def _texts(row: Row) -> Iterator[str]:
    return (text or "" for text in row.fields)


def logged_row(row: Row, scope: Scope, redact: Callable[[str], str] = redact_text) -> LoggedRow:
    """The row as it is kept: without secrets and bounded."""

    def present(text: str | None) -> str | None:
        return redact(text) if text and text != "-" else None

    target = present(row["target"])
    method = (row["request"] or "").partition(" ")[0]
    return LoggedRow(
        at=at(row["time"]) or scope.since,
        elapsed_s=row.elapsed_s,
        elb_status=row.elb_status,
        target_status=row.target_status,
        row_family=row_family(row, scope.timeouts),
        error_reason=present(row["error_reason"]),
        target_group=present(row["target_group_arn"]),
        target=target,
        zone=scope.zones.get(client_address(target)) if target else None,
        request_s=seconds(row["request_processing_time"]),
        target_s=seconds(row["target_processing_time"]),
        response_s=seconds(row["response_processing_time"]),
        received_bytes=_count(row["received_bytes"]),
        sent_bytes=_count(row["sent_bytes"]),
        route=redact(route(row["request"])),
        rule_priority=present(row["matched_rule_priority"]),
        actions=present(row["actions_executed"]) or "",
        classification=present(row["classification"]),
        classification_reason=present(row["classification_reason"]),
        transform_status=present(row["request_transform_status"]),
        trace_id=present(row["trace_id"]),
        protocol=present(row["type"]) or "",
        client=present(client_address(row["client"])),
        method=present(method),
        line=line(row),
    )


def line(row: Row) -> str:
    """The line as logged, but without query strings, without what looks like a secret, and bounded."""
    return redact_log_line(
        " ".join(_shown(name, text) for name, text in zip(FIELDS, row.fields, strict=True) if text is not None),
        MAX_LINE_CHARS,
    )


def _shown(name: str, text: str) -> str:
    if name in _URLS:
        text = " ".join(part.partition("?")[0] + "?…" if "?" in part else part for part in text.split(" "))
    text = text if len(text) <= MAX_FIELD_CHARS else text[: MAX_FIELD_CHARS - 1] + "…"
    return f'"{text}"' if name in _QUOTED else text


def at(text: str | None) -> datetime | None:
    """A time of the log, exactly."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def _count(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= len(str(2**63)) else None
