"""Queries on Athena: started together, watched, cancelled when nobody waits any more, their results kept for a while.

https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from diagnostics.aws_access import Reader
from diagnostics.aws_access.failures import OUT_OF_TIME
from diagnostics.collect.cache import FactCache
from diagnostics.collect.errand import Leash
from diagnostics.collect.log_options import AthenaOptions
from diagnostics.facts.fact import Gap

START = "athena:StartQueryExecution"
TOO_MUCH = "TooManyBytes"
FIRST_PAUSE_S = 0.3
LONGEST_PAUSE_S = 2.0
MAX_ROWS = 20_000
MAX_RESULT_PAGES = 50
CACHE_S = 3_600
RUNNING = frozenset({"QUEUED", "RUNNING"})
SUCCEEDED = "SUCCEEDED"

Row = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Answered:
    """Rows of each query by its name, and what reading for them cost. `from_cache`: nothing was read now."""

    rows: Mapping[str, tuple[Row, ...]]
    scanned_bytes: int
    from_cache: bool = False


@dataclass(slots=True)
class _Started:
    """Queries that Athena knows, by execution id."""

    names: dict[str, str] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)
    scanned: dict[str, int] = field(default_factory=dict)


def run_queries(texts: Mapping[str, str], options: AthenaOptions, reader: Reader, leash: Leash) -> Answered | Gap:
    """The answers to all of `texts`, or the gap of the first that failed; then the others are stopped.

    What Athena has read is checked while it runs: beyond `options.max_bytes` everything is stopped. A result is kept
    for an hour under the exact text.
    """
    key = _cache_key(texts, options, reader)
    kept = _kept(leash.cache, key)
    if kept is not None:
        return kept
    with _stopped_at_the_end(reader, leash) as started:
        for name, text in texts.items():
            answer = reader.call(
                "athena",
                "start_query_execution",
                resource=options.workgroup,
                expects=("QueryExecutionId",),
                QueryString=text,
                QueryExecutionContext={"Database": options.database},
                WorkGroup=options.workgroup,
                **_output(options),
            )
            if isinstance(answer, Gap):
                return answer
            started.names[answer["QueryExecutionId"]] = name
        if failed := _watch(started, options, reader, leash):
            return failed
        rows: dict[str, tuple[Row, ...]] = {}
        for execution, name in started.names.items():
            found = _results(execution, reader)
            if isinstance(found, Gap):
                return found
            rows[name] = found
    answered = Answered(rows, sum(started.scanned.values()))
    _keep(leash.cache, key, answered)
    return answered


@contextmanager
def _stopped_at_the_end(reader: Reader, leash: Leash) -> Iterator[_Started]:
    """Whatever happens, no query goes on reading for nobody."""
    started = _Started()
    try:
        yield started
    finally:
        for execution in started.names.keys() - started.over:
            leash.tell("stopping the query on Athena")
            reader.call("athena", "stop_query_execution", resource=execution, QueryExecutionId=execution)


def _watch(started: _Started, options: AthenaOptions, reader: Reader, leash: Leash) -> Gap | None:
    pause_s = FIRST_PAUSE_S
    while True:
        for execution in started.names.keys() - started.over:
            if failed := _look(execution, started, reader):
                return failed
        scanned = sum(started.scanned.values())
        done = f"{len(started.over)} of {len(started.names)}"
        leash.tell(f"Athena, {done} queries, {scanned / 1e9:.1f} GB read")
        if scanned > options.max_bytes:
            message = f"Athena had read {scanned:,} bytes, logs.athena.max_bytes is {options.max_bytes:,}"
            return Gap(action=START, resource=options.workgroup, error=TOO_MUCH, kind="not-read", message=message)
        if len(started.over) == len(started.names):
            return None
        if leash.is_over:
            return Gap(action=START, resource=options.workgroup, error=OUT_OF_TIME, kind="timeout")
        leash.pause(pause_s)
        pause_s = min(pause_s * 1.5, LONGEST_PAUSE_S)


def _look(execution: str, started: _Started, reader: Reader) -> Gap | None:
    answer = reader.call(
        "athena", "get_query_execution", resource=execution, expects=("QueryExecution",), QueryExecutionId=execution
    )
    if isinstance(answer, Gap):
        return answer
    state = answer["QueryExecution"].get("Status", {})
    started.scanned[execution] = int(answer["QueryExecution"].get("Statistics", {}).get("DataScannedInBytes", 0))
    if state.get("State") in RUNNING:
        return None
    started.over.add(execution)
    if state.get("State") == SUCCEEDED:
        return None
    message = str(state.get("StateChangeReason", ""))[:300]
    error = f"Query{str(state.get('State', 'failed')).capitalize()}"
    return Gap(action=START, resource=execution, error=error, message=message)


def _results(execution: str, reader: Reader) -> tuple[Row, ...] | Gap:
    """https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html"""
    answer = reader.pages(
        "athena",
        "get_query_results",
        "ResultSet",
        max_pages=MAX_RESULT_PAGES,
        resource=execution,
        QueryExecutionId=execution,
    )
    if answer.failed:
        return answer.failed
    rows = [[cell.get("VarCharValue") for cell in row.get("Data", ())] for page in answer.items for row in page["Rows"]]
    if not rows:
        return ()
    names, *values = rows
    return tuple({str(name): value for name, value in zip(names, row, strict=False)} for row in values[:MAX_ROWS])


def _output(options: AthenaOptions) -> dict[str, Any]:
    return {"ResultConfiguration": {"OutputLocation": options.output}} if options.output else {}


def _cache_key(texts: Mapping[str, str], options: AthenaOptions, reader: Reader) -> str:
    asked = json.dumps([reader.account_id, reader.region, options.database, sorted(texts.items())])
    return f"athena/{hashlib.sha256(asked.encode()).hexdigest()[:32]}"


def _kept(cache: FactCache | None, key: str) -> Answered | None:
    found = cache.get(key) if cache is not None else None
    if found is None:
        return None
    try:
        raw = json.loads(found[0])
        rows = {str(name): tuple(some) for name, some in raw["rows"].items()}
        return Answered(rows, int(raw["scanned_bytes"]), from_cache=True)
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def _keep(cache: FactCache | None, key: str, answered: Answered) -> None:
    if cache is not None:
        text = json.dumps({"rows": answered.rows, "scanned_bytes": answered.scanned_bytes})
        cache.put(key, text, CACHE_S)
