"""What the access logs say, at a terminal: who made which error, where, when, and how slow the others were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from bot.cli.drawing.page import Fitting, clock, indented, joined, lines, said, showing, titled
from bot.cli.drawing.sparklines import errors_over_time
from diagnostics.aws_access import explain
from diagnostics.facts import AccessLogs, ErrorCount, Gap, KeyCount, LoadBalancerAttributes, LoggedRow, RowFamily
from diagnostics.picture import Picture, Row
from diagnostics.printable import counted
from diagnostics.snapshot import Snapshot

MAX_KINDS: Final = 12
MAX_KEYS: Final = 8
MAX_SAMPLES: Final = 3
MAX_GAPS: Final = 4
MAX_KEY: Final = 160
MAX_LINE: Final = 700
MINUTE: Final = timedelta(minutes=1)
WIDE: Final = 60
"""Columns below which a sentence in a table would be a column of syllables."""
DEFAULT_RULE: Final = "0"
NONE: Final = "-"

FAMILY_WORDS: Final[dict[RowFamily, str]] = {
    "answered": "the target answered so",
    "not-dispatched-fast": "connection to the target refused, or TLS failed",
    "not-dispatched-timeout": "no connection to the target within 10 s",
    "closed-before-response": "the target closed the connection before it answered",
    "response-timeout": "the target did not answer within the idle timeout",
    "no-target": "no target to send it to",
    "rule-action": "a listener rule answers so",
    "waf": "WAF",
    "auth": "authentication",
    "lambda": "the Lambda function or its invocation",
    "client-gone": "the client left before the answer",
    "refused-by-lb": "the load balancer refused the request",
    "other": "the row alone does not tell",
}


def drawn(snapshot: Snapshot, logs: AccessLogs, where: Sequence[str] = ()) -> tuple[RenderableType, ...]:
    """The page from top to bottom. `where`: the conditions, as typed, of a question about some rows only."""
    today = snapshot.window.end
    return (
        *_head(snapshot, logs, where),
        *_errors(logs.errors, snapshot.subject.target_groups, today),
        *errors_over_time(partial(_errors_in, logs)),
        *_keys("By target", logs.by_target),
        *_keys("By zone", logs.by_zone, *_of_no_zone(logs)),
        *_keys("Routes with errors", logs.by_route),
        *_keys("Rules with errors, by priority", [_rule(one) for one in logs.by_rule]),
        *_keys("Clients with errors", logs.by_client),
        *_latency(snapshot, logs),
        *_samples(logs.sample, today),
        *_gaps(logs.gaps),
    )


def _head(snapshot: Snapshot, logs: AccessLogs, where: Sequence[str]) -> Iterator[RenderableType]:
    subject, failed = snapshot.subject, sum(error.count for error in logs.errors)
    yield said(f"{subject.label} · {logs.rows:,} requests logged, {counted(failed, 'error')}", "bold")
    days = "" if logs.covered_from.date() == logs.covered_to.date() else f"{logs.covered_from:%d %b} "
    hours = f"{days}{logs.covered_from:%H:%M} to {logs.covered_to:%H:%M} UTC"
    yield indented(joined((_name(snapshot), subject.region, hours), "dim"))
    yield indented(joined(_read(logs), "dim"))
    if where:
        yield indented(said(f"only rows with {' and '.join(where)}", "yellow"))
    for note in logs.notes:
        yield indented(said(note, "dim"))
    if logs.share_read < 1:
        share = f"{logs.share_read:.0%}" if logs.share_read >= 0.01 else "under 1 %"
        why = "" if logs.gaps else ": the budget for logs is used up"
        yield indented(said(f"only the newest {share} was read{why}", "yellow"))
    elif snapshot.window.end - logs.covered_to > MINUTE:
        yield indented(said("later files have not been delivered yet: they come about 5 minutes late", "yellow"))


def _name(snapshot: Snapshot) -> str:
    return ", ".join(arn.split("/")[-2] for arn in snapshot.subject.load_balancers[:MAX_GAPS])


def _read(logs: AccessLogs) -> Iterator[str]:
    where = {"s3": "S3", "cloudwatch-logs": "CloudWatch Logs"}[logs.source]
    yield f"{where}, by Athena" if logs.engine == "athena" else where
    if logs.files:
        yield counted(logs.files, "file")
    yield f"{logs.bytes / 1e6:,.1f} MB"
    if logs.rows_unparsed:
        yield f"{counted(logs.rows_unparsed, 'line')} not understood"
    if logs.fields_unknown:
        yield f"{counted(logs.fields_unknown, 'field')} that this version does not know"


def _errors(errors: Sequence[ErrorCount], own: Sequence[str], today: datetime) -> Iterator[RenderableType]:
    if not errors:
        yield from titled("Errors", said("none"))
        return
    table = _table(
        ("count", "right"), ("code", "left"), ("made by", "left"), ("what the row says", "left"), ("first", "left")
    )
    below: list[tuple[Text, Text]] = []
    for error in sorted(errors, key=lambda one: -one.count)[:MAX_KINDS]:
        foreign = bool(own) and error.target_group is not None and error.target_group not in own
        words = FAMILY_WORDS[error.row_family]
        if error.error_reason and error.error_reason != NONE:
            words += f" ({error.error_reason})"
        if foreign:
            words += f" · of another target group, {_group(error)}"
        style = "dim" if foreign else ""
        code, first = _code(error.elb_status, error.target_status), clock(error.first, today)
        by = "target" if error.generated_by == "target" else "balancer"
        table.add_row(f"{error.count:,}", code, by, said(words, style, MAX_KEY), first)
        below.append((Text(f"{error.count:,}"), said(f"{code} made by {by}, first {first}: {words}", style, MAX_KEY)))
    yield from titled("Errors", Fitting(table, lines(below), WIDE), *showing(MAX_KINDS, len(errors)))


def _code(elb_status: int, target_status: int | None) -> str:
    return f"{elb_status}" if target_status in (None, elb_status) else f"{elb_status} ({target_status})"


def _group(error: ErrorCount) -> str:
    return (error.target_group or "").rsplit("targetgroup/", 1)[-1].split("/")[0]


def _errors_in(logs: AccessLogs, columns: int) -> Picture | None:
    """Each column is of one minute or more."""
    start = logs.covered_from.replace(second=0, microsecond=0)
    minutes = int((logs.covered_to - start) / MINUTE) + 1
    step = -(-minutes // columns) * MINUTE
    counts = [0] * -(-minutes * MINUTE // step)
    for one in logs.by_minute:
        at = _minute(one.key)
        if at is not None and start <= at < start + len(counts) * step:
            counts[(at - start) // step] += one.errors
    return Picture(start, step, (Row("errors", tuple(counts)),), ()) if any(counts) else None


def _minute(key: str) -> datetime | None:
    try:
        return datetime.fromisoformat(key)
    except ValueError:
        return None


def _keys(title: str, keys: Sequence[KeyCount], *below: RenderableType) -> Iterator[RenderableType]:
    if not keys:
        return
    with_rows = any(one.rows is not None for one in keys)
    table = _table(("errors", "right"), *((("requests", "right"),) if with_rows else ()), ("", "left"))
    for one in sorted(keys, key=lambda one: (-one.errors, one.key))[:MAX_KEYS]:
        rows = (_requests(one),) if with_rows else ()
        table.add_row(f"{one.errors:,}", *rows, said(one.key, limit=MAX_KEY))
    yield from titled(title, table, *showing(MAX_KEYS, len(keys)), *below)


def _of_no_zone(logs: AccessLogs) -> Iterator[RenderableType]:
    """A row names the target and not its zone, which only a target that is still there has."""
    rows, errors = (
        sum(getattr(one, name) or 0 for one in logs.by_target) - sum(getattr(one, name) or 0 for one in logs.by_zone)
        for name in ("rows", "errors")
    )
    if rows > 0:
        what = f"{counted(rows, 'request')} with {counted(errors, 'error')}" if errors > 0 else counted(rows, "request")
        yield said(f"without {what} to targets of unknown zone, such as those that are gone", "dim")


def _requests(one: KeyCount) -> str:
    return "" if one.rows is None else f"{'≤ ' if one.at_most else ''}{one.rows:,}"


def _rule(one: KeyCount) -> KeyCount:
    return one.model_copy(update={"key": "the default rule"}) if one.key == DEFAULT_RULE else one


def _latency(snapshot: Snapshot, logs: AccessLogs) -> Iterator[RenderableType]:
    latency = logs.latency
    if latency.max is None:
        return
    values = (("p50", latency.p50), ("p95", latency.p95), ("p99", latency.p99), ("max", latency.max))
    told = [f"{name} {value:.3f} s" for name, value in values if value is not None]
    attributes = snapshot.get(LoadBalancerAttributes)
    if isinstance(attributes, LoadBalancerAttributes) and snapshot.subject.load_balancers:
        told.append(f"idle timeout {attributes.idle_timeout_s(snapshot.subject.load_balancers[0])} s")
    yield from titled("Time to answer, of those that were answered", joined(told))


def _samples(rows: Sequence[LoggedRow], today: datetime) -> Iterator[RenderableType]:
    """One row of each kind first, so that a rare one is not hidden by a common one."""
    if not rows:
        return
    body: list[RenderableType] = []
    for row in _varied(rows)[:MAX_SAMPLES]:
        code = _code(row.elb_status, row.target_status)
        elapsed = "" if row.elapsed_s is None else f"after {row.elapsed_s:.3f} s"
        body.append(joined((clock(row.at, today), code, elapsed, row.target or "")))
        body.append(indented(said(row.line, "dim", MAX_LINE)))
    yield from titled("Samples", *body, *showing(MAX_SAMPLES, len(rows)))


def _varied(rows: Sequence[LoggedRow]) -> list[LoggedRow]:
    first: dict[tuple[object, ...], LoggedRow] = {}
    for row in rows:
        first.setdefault((row.elb_status, row.target_status, row.row_family, row.error_reason), row)
    chosen = set(map(id, first.values()))
    return [*first.values(), *(row for row in rows if id(row) not in chosen)]


def _gaps(gaps: Sequence[Gap]) -> Iterator[RenderableType]:
    if gaps:
        yield from titled("Not read", *(said(explain(gap)) for gap in gaps[:MAX_GAPS]), *showing(MAX_GAPS, len(gaps)))


def _table(*columns: tuple[str, str]) -> Table:
    """Numbers first and never cut; the last column but times takes what is left and folds."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for name, justify in columns:
        is_text = name in {"", "what the row says"}
        table.add_column(
            name,
            justify="right" if justify == "right" else "left",
            overflow="fold",
            no_wrap=not is_text,
        )
    return table
