"""Rows that say LambdaUnhandled, taken apart: the function ran out of time, of memory, or failed by itself.

A row does not say which. What does: how long it took against the function's Timeout, and the function's log.
https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
"""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.facts import LogLine
from diagnostics.rules.lambda_calls import LambdaCalls, is_killed_for_memory, used_all
from diagnostics.rules.row_clusters import RowCluster, Spread

REASON = "LambdaUnhandled"
AT_TIMEOUT = 0.98
"""An invocation that Lambda ends is measured at its Timeout; one that fails by itself is shorter."""
ENOUGH = 3
MOST_MINUTES = 0.5
MOSTLY = 0.5


@dataclass(frozen=True)
class Unhandled:
    """`timed_out` and `failed` count rows of both kinds; `failed` are also those whose time is not known.

    `ran_out`: counters say that invocations reached the Timeout in the minutes with errors; `timeouts`, `kills`,
    `full` and `traces` are lines of the function's log around the errors.
    """

    rows: tuple[RowCluster, ...]
    timeout_s: int | None
    timed_out: int
    failed: int
    constant_s: Spread | None
    ran_out: bool
    timeouts: tuple[LogLine, ...]
    kills: tuple[LogLine, ...]
    full: tuple[LogLine, ...]
    traces: tuple[LogLine, ...]

    @property
    def by_memory(self) -> tuple[LogLine, ...]:
        """Lines that prove an end for want of memory."""
        return self.kills or (self.full if self.failed and not self.traces else ())

    @property
    def by_time(self) -> bool:
        if self.rows:
            hidden = self.failed >= ENOUGH and not self.traces and not self.timed_out and self._times_unknown
            return self.timed_out >= ENOUGH or bool(hidden and (self.timeouts or self.ran_out))
        return bool(self.timeouts) or self.ran_out

    @property
    def _times_unknown(self) -> bool:
        return self.timeout_s is None or all(row.elapsed_s is None for cluster in self.rows for row in cluster.rows)


def unhandled(one: LambdaCalls) -> Unhandled | None:
    """None where no request failed like this: no such row, or nothing counted."""
    rows = one.because(REASON)
    if not rows and not (one.suffers and (one.errors or one.said("lambda-timeout", "lambda-killed", "out-of-memory"))):
        return None
    settings = one.target.configuration
    timeout_s = settings.timeout_s if settings else None
    timed_out, failed = _parts(rows, timeout_s)
    killed = one.said("lambda-killed")
    return Unhandled(
        rows=rows,
        timeout_s=timeout_s,
        timed_out=timed_out,
        failed=failed,
        constant_s=next((c.elapsed_s for c in rows if c.elapsed_s and c.elapsed_s.is_constant), None),
        ran_out=_ran_out(one, timeout_s),
        timeouts=one.said("lambda-timeout"),
        kills=(*(line for line in killed if is_killed_for_memory(line)), *one.said("out-of-memory")),
        full=tuple(line for line in one.said("lambda-report") if used_all(line)),
        traces=(
            *one.said("unhandled-error", "crash"),
            *(line for line in killed if not is_killed_for_memory(line)),
            *(line for line in one.said("lambda-init") if "error" in line.text.lower()),
        ),
    )


def _parts(rows: tuple[RowCluster, ...], timeout_s: int | None) -> tuple[int, int]:
    timed_out = failed = 0.0
    for cluster in rows:
        weight = cluster.count / max(len(cluster.rows), 1)
        late = sum(
            timeout_s is not None and row.elapsed_s is not None and row.elapsed_s >= AT_TIMEOUT * timeout_s
            for row in cluster.rows
        )
        timed_out += late * weight
        failed += cluster.count - late * weight
    return round(timed_out), round(failed)


def _ran_out(one: LambdaCalls, timeout_s: int | None) -> bool:
    """In most minutes with errors an invocation took as long as it may, and the function counted errors there."""
    if timeout_s is None or not one.durations or not one.errors:
        return False
    at_limit = sum(point.value / 1000 >= AT_TIMEOUT * timeout_s for point in one.durations)
    enough = bool(one.rows) or one.errors >= MOSTLY * (one.user_errors or 0)
    return enough and at_limit >= MOST_MINUTES * len(one.durations)
