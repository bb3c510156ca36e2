"""A query on CloudWatch Logs Insights: watched, stopped when it reads too much or nobody waits, kept for a while.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetQueryResults.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from diagnostics.aws_access import Reader
from diagnostics.aws_access.failures import OUT_OF_TIME
from diagnostics.collect.cache import FactCache
from diagnostics.collect.errand import Leash
from diagnostics.facts.fact import Gap
from diagnostics.redaction import redact_log_line

START = "logs:StartQuery"
TOO_MUCH = "TooManyBytes"
USD_PER_GB = 0.005
"""What scanning costs in us-east-1; other regions have other prices. https://aws.amazon.com/cloudwatch/pricing/"""
FIRST_PAUSE_S = 0.3
LONGEST_PAUSE_S = 2.0
MAX_LINES = 2_000
MAX_TEXT = 20_000
MAX_KEPT_TEXT = 4_000
CACHE_S = 3_600
RUNNING = frozenset({"Scheduled", "Running", "Unknown"})
COMPLETE = "Complete"

Line = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LogQuery:
    """`text` is made of this program's own words alone: nothing that a log or a person said ever stands in it."""

    text: str
    log_groups: tuple[str, ...]
    start: datetime
    end: datetime

    @property
    def label(self) -> str:
        return ", ".join(self.log_groups)


@dataclass(frozen=True, slots=True)
class Scanned:
    """Lines by name of field, of `matched` that there are. `ended`: why the query did not get to its end.

    `from_cache`: nothing was scanned now. `again_at`: neither; it is an earlier scan of what was written between
    `since` and `until`, and from then on there is another one.
    """

    lines: tuple[Line, ...] = ()
    matched: int = 0
    bytes: int = 0
    ended: Gap | None = None
    from_cache: bool = False
    since: datetime | None = None
    until: datetime | None = None
    again_at: datetime | None = None


def run_query(query: LogQuery, max_bytes: int, reader: Reader, leash: Leash) -> Scanned | Gap:
    """What the query found, as far as it came; a gap when it could not be started.

    How much has been scanned is checked while it runs: beyond `max_bytes` it is stopped, and the lines that it had
    found by then are kept, since they are paid for.
    """
    key = _cache_key(query, max_bytes, reader)
    kept = _kept(leash.cache, key)
    if kept is not None:
        return kept
    if leash.is_over:
        return Gap(action=START, resource=query.label, error=OUT_OF_TIME, kind="timeout")
    started = reader.call(
        "logs",
        "start_query",
        resource=query.label,
        expects=("queryId",),
        logGroupNames=list(query.log_groups),
        startTime=int(query.start.timestamp()),
        endTime=int(query.end.timestamp()),
        queryString=query.text,
    )
    if isinstance(started, Gap):
        return started
    with _stopped_at_the_end(str(started["queryId"]), reader, leash) as watched:
        scanned = _watch(watched, query, max_bytes, reader, leash)
    if scanned.ended is None or scanned.ended.error == TOO_MUCH:
        _keep(leash.cache, key, scanned)
    return scanned


def cost_usd(scanned_bytes: int) -> float:
    return scanned_bytes / 1e9 * USD_PER_GB


@dataclass(slots=True)
class _Watched:
    query_id: str
    is_over: bool = False


@contextmanager
def _stopped_at_the_end(query_id: str, reader: Reader, leash: Leash) -> Iterator[_Watched]:
    """Whatever happens, no query goes on scanning for nobody."""
    watched = _Watched(query_id)
    try:
        yield watched
    finally:
        if not watched.is_over:
            leash.tell("stopping the query on CloudWatch Logs Insights")
            reader.call("logs", "stop_query", resource=query_id, queryId=query_id)


def _watch(watched: _Watched, query: LogQuery, max_bytes: int, reader: Reader, leash: Leash) -> Scanned:
    pause_s, scanned = FIRST_PAUSE_S, Scanned()
    while True:
        answer = reader.call(
            "logs", "get_query_results", resource=query.label, expects=("status",), queryId=watched.query_id
        )
        if isinstance(answer, Gap):
            return replace(scanned, ended=answer)
        scanned, status = _scanned(answer), str(answer["status"])
        leash.tell(f"CloudWatch Logs Insights, {scanned.bytes / 1e9:.1f} of {max_bytes / 1e9:.1f} GB scanned")
        watched.is_over = status not in RUNNING
        if status == COMPLETE:
            return scanned
        if watched.is_over:
            return replace(scanned, ended=Gap(action=START, resource=query.label, error=f"Query{status}"[:80]))
        if scanned.bytes > max_bytes:
            message = f"Logs Insights had scanned {scanned.bytes:,} bytes, logs.app_log_scan_bytes is {max_bytes:,}"
            gap = Gap(action=START, resource=query.label, error=TOO_MUCH, kind="not-read", message=message)
            return replace(scanned, ended=gap)
        if leash.is_over:
            gap = Gap(action=START, resource=query.label, error=OUT_OF_TIME, kind="timeout")
            return replace(scanned, ended=gap)
        leash.pause(pause_s)
        pause_s = min(pause_s * 1.5, LONGEST_PAUSE_S)


def _scanned(answer: Mapping[str, Any]) -> Scanned:
    rows = (answer.get("results") or [])[:MAX_LINES]
    fields = ({str(cell.get("field", "")): str(cell.get("value", ""))[:MAX_TEXT] for cell in row} for row in rows)
    lines = tuple(line for line in fields if "@message" in line)
    statistics = answer.get("statistics") or {}
    matched = int(statistics.get("recordsMatched", 0))
    return Scanned(lines, max(matched, len(lines)), int(statistics.get("bytesScanned", 0)))


def _cache_key(query: LogQuery, max_bytes: int, reader: Reader) -> str:
    times = [query.start.isoformat(), query.end.isoformat()]
    asked = json.dumps([reader.account_id, reader.region, query.text, query.log_groups, times, max_bytes])
    return f"insights/{hashlib.sha256(asked.encode()).hexdigest()[:32]}"


def _kept(cache: FactCache | None, key: str) -> Scanned | None:
    found = cache.get(key) if cache is not None else None
    if found is None:
        return None
    try:
        raw = json.loads(found[0])
        lines = tuple({str(name): str(value) for name, value in line.items()} for line in raw["lines"])
        ended = Gap.model_validate(raw["ended"]) if raw["ended"] else None
        return Scanned(lines, int(raw["matched"]), int(raw["bytes"]), ended, from_cache=True)
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def _keep(cache: FactCache | None, key: str, scanned: Scanned) -> None:
    """Without secrets: what the caller quotes is redacted later, but what is kept here is not quoted yet."""
    if cache is None:
        return
    lines = [{**line, "@message": redact_log_line(line["@message"], MAX_KEPT_TEXT)} for line in scanned.lines]
    ended = scanned.ended.model_dump(mode="json") if scanned.ended else None
    kept = {"lines": lines, "matched": scanned.matched, "bytes": scanned.bytes, "ended": ended}
    cache.put(key, json.dumps(kept), CACHE_S)
