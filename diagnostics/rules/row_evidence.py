"""Access log rows as evidence: in words, with the call that read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from diagnostics.causes.cause import Evidence, Facts, Strength, decisive, supporting
from diagnostics.facts import AccessLogs, Fact, RowFamily, Task
from diagnostics.printable import counted, line, percent
from diagnostics.rules import task_stops
from diagnostics.rules.row_clusters import RowCluster, Share

ROW_USES: tuple[type[Fact], ...] = (AccessLogs,)
"""What a cause declares that looks at `facts.observed.clusters`."""
MAX_REASON = 60
FEW_ROWS = 5
"""Fewer rows are an anecdote: they fit, and decide nothing."""
_SOURCES = {("s3", "local"): "s3:GetObject", ("cloudwatch-logs", "local"): "logs:FilterLogEvents"}
NOT_READ = "access logs were not read; rows of these errors would settle it"


def rows_were_read(facts: Facts) -> bool:
    return facts.observed.clusters is not None


def clusters(facts: Facts, *families: RowFamily, elb_status: int | None = None) -> tuple[RowCluster, ...]:
    """The subject's clusters of these families, largest first; empty also where access logs were not read."""
    return tuple(
        cluster
        for cluster in facts.observed.clusters or ()
        if cluster.family in families and elb_status in (None, cluster.elb_status)
    )


def own_clusters(
    facts: Facts, *families: RowFamily, elb_status: int | None = None, group: str | None = None
) -> tuple[RowCluster, ...]:
    """Like `clusters`, of rows that name a target group; with `group`, of this one."""
    return tuple(
        cluster
        for cluster in clusters(facts, *families, elb_status=elb_status)
        if cluster.target_group is not None and group in (None, cluster.target_group)
    )


def source_of(facts: Facts) -> str:
    """The AWS call that the rows came by."""
    logs = facts.maybe(AccessLogs)
    if not isinstance(logs, AccessLogs):
        return "s3:GetObject"
    return _SOURCES.get((logs.source, logs.engine), "athena:GetQueryResults")


def record(facts: Facts, cluster: RowCluster, text: str, *, decides: bool = True) -> Evidence:
    """A record about rows; only enough of them decide. The text begins with the number of rows."""
    enough = decides and cluster.count >= FEW_ROWS
    return Evidence(
        text=f"{rows_in_words(cluster.count)} {text}",
        source=source_of(facts),
        strength=Strength.DECISIVE if enough else Strength.SUPPORTING,
        at=cluster.first,
        value=cluster.count,
    )


def of_these_stops(facts: Facts, tasks: Sequence[Task]) -> tuple[Evidence, ...]:
    """What ties errors to these tasks' ends: rows on their targets, or else the minutes of most errors."""
    rows = task_stops.rows_at_end(tasks, facts.observed)
    if rows:
        text = "on these tasks' targets at their end"
        return tuple(record(facts, cluster, f"{cluster.elb_status} {text}") for cluster in rows)
    if task_stops.errors_follow(tasks, facts.observed):
        return (decisive("the errors come within three minutes of the stops", "cloudwatch:GetMetricData"),)
    return ()


def callers_record(facts: Facts, cluster: RowCluster) -> tuple[Evidence, ...]:
    """How many different callers the rows name."""
    number = len({row.client for row in cluster.rows if row.client})
    text = f"{counted(number, 'different caller')} among the rows looked at"
    return (supporting(text, source_of(facts)),) if number else ()


def refusal_records(facts: Facts, found: Iterable[RowCluster]) -> tuple[Evidence, ...]:
    """The load balancer's own refusals, each with its status and the reason that the row gives."""
    return tuple(
        record(facts, one, f"status {one.elb_status}, {line(one.error_reason or 'no reason given', MAX_REASON)}")
        for one in found
    )


def rows_in_words(count: int) -> str:
    return "1 access log row:" if count == 1 else f"{count:,} access log rows:"


def explained(found: Iterable[RowCluster]) -> frozenset[str]:
    return frozenset[str]().union(*(cluster.explains for cluster in found))


def share_words(share: Share | None, what: str) -> str:
    """``82 % on target 10.0.1.21:8080``; empty where nothing was named."""
    return f"{percent(share.share)} on {what} {share.key}" if share else ""


def seconds(value: float) -> str:
    """``under 1 ms``, ``12 ms``, ``4.2 s``, ``60 s``."""
    if 0 < value < 0.001:
        return "under 1 ms"
    if value < 1:
        return f"{round(value * 1000)} ms"
    return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"
