"""What a load balancer's calls of one function came to, as rows, counters and the function's log tell it.

Rows carry the reason that the load balancer was given; the target group's LambdaUserError and LambdaInternalError say
that there were errors, and the function's own metrics what it did in the same minutes. Other callers of the function
are in those metrics too, and never alone a reason to blame it.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from diagnostics.causes.cause import Evidence, Facts, Finding, decisive, supporting
from diagnostics.facts import (
    AccessLogs,
    ApplicationLogs,
    Changes,
    Fact,
    LambdaTarget,
    LambdaTargets,
    LogLine,
    LogSignature,
    Metrics,
    Point,
    Series,
    TargetHealth,
)
from diagnostics.printable import line
from diagnostics.report import Band
from diagnostics.rules.changes import change_evidence, changes_before_onset
from diagnostics.rules.counters import of_groups, series_at
from diagnostics.rules.observations import NOISE_ERRORS
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import own_clusters, record, share_words

LAMBDA_NEEDS: tuple[type[Fact], ...] = (LambdaTargets,)
LAMBDA_USES: tuple[type[Fact], ...] = (AccessLogs, Metrics, ApplicationLogs, Changes, TargetHealth)
LAMBDA_CLEAR_NEEDS: tuple[type[Fact], ...] = (AccessLogs, Metrics)
SHOWS = ("elb_502", "unhealthy")
DOCS = (
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html",
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html",
)
LEADS_TO = ("health-check-app-error", "health-check-timeout-too-short")
"""What the health check of a function shows that fails for a reason of its own."""
COUNTERS = "cloudwatch:GetMetricData"
CODE_CHANGES = ("UpdateFunctionCode", "UpdateFunctionConfiguration", "UpdateAlias", "PublishVersion")
AROUND = timedelta(minutes=1)
MAX_QUOTED = 200
_MEMORY = re.compile(r"Memory Size: (?P<size>\d+) MB\s+Max Memory Used: (?P<used>\d+) MB")
ALL_MEMORY = 0.98
STANDS_OUT = 0.8


@dataclass(frozen=True)
class LambdaCalls:
    """One target group's calls of its function. Numbers are of the minutes with errors; None was not read.

    `rows` are the load balancer's rows with a Lambda reason. `counted`: there are no rows to go by, and the target
    group's own counter says that the function failed it. `unhealthy`: so does its health check.
    """

    target: LambdaTarget
    rows: tuple[RowCluster, ...]
    counted: bool
    unhealthy: bool
    user_errors: int | None
    internal_errors: int | None
    invocations: int | None
    errors: int | None
    throttles: int | None
    durations: tuple[Point, ...]
    log: tuple[LogLine, ...]
    log_source: str | None
    first: datetime | None
    last: datetime | None

    def because(self, *reasons: str) -> tuple[RowCluster, ...]:
        """Rows with one of these reasons, or with a reason that begins like one that ends in ``*``."""
        return tuple(cluster for cluster in self.rows if _is_one_of(cluster.error_reason or "", reasons))

    @property
    def suffers(self) -> bool:
        """An effect was seen that no row explains: errors were counted, or the health check fails."""
        return self.counted or (self.unhealthy and not self.rows)

    def explains(self, rows: Iterable[RowCluster], observed: frozenset[str]) -> frozenset[str]:
        own = frozenset[str]().union(*(cluster.explains for cluster in rows))
        if self.counted:
            own |= {"elb_502"} & observed
        return own | ({"unhealthy"} if self.unhealthy else frozenset())

    def since(self, rows: Iterable[RowCluster]) -> datetime | None:
        return min((cluster.first for cluster in rows), default=self.first)

    @cached_property
    def longest_s(self) -> float | None:
        """The longest run in a minute with errors, in seconds; CloudWatch has milliseconds."""
        return max((point.value / 1000 for point in self.durations), default=None)

    def said(self, *signatures: LogSignature) -> tuple[LogLine, ...]:
        """Lines of its log around the errors."""
        if self.first is None or self.last is None:
            return ()
        first, last = self.first - AROUND, self.last + 2 * AROUND
        return tuple(one for one in self.log if one.signature in signatures and first <= one.at <= last)


def calls(facts: Facts) -> Iterator[LambdaCalls]:
    """Of every function that is a target."""
    for target in facts[LambdaTargets].items:
        yield _calls(facts, target)


def finding_of(
    facts: Facts,
    one: LambdaCalls,
    rows: Iterable[RowCluster],
    *,
    summary: str,
    supports: Iterable[Evidence],
    overturned_by: str,
    advice: str,
    against: Iterable[Evidence] = (),
    at_most: Band | None = None,
) -> Finding:
    """What makes these calls fail."""
    listed = tuple(rows)
    return Finding(
        resource=one.target.target,
        summary=summary,
        supports=tuple(supports),
        against=tuple(against),
        effect_seen=True,
        affects=frozenset({one.target.target}),
        explains=one.explains(listed, facts.observed.symptoms),
        since=one.since(listed),
        overturned_by=overturned_by,
        advice=advice,
        at_most=at_most,
    )


def risk_of(one: LambdaCalls, *, summary: str, record: Evidence, advice: str, surely_hurts: bool = True) -> Finding:
    """What will make calls fail as soon as somebody asks."""
    return Finding(
        resource=one.target.target,
        summary=summary,
        supports=(record,),
        effect_seen=False,
        surely_hurts=surely_hurts,
        affects=frozenset({one.target.target}),
        advice=advice,
    )


def used_all(one: LogLine) -> bool:
    """Whether the line that ends an invocation says that it used all of the function's memory."""
    found = _MEMORY.search(one.text)
    used = one.details.get("max_memory_mb") or (found["used"] if found else "")
    size = one.details.get("memory_mb") or (found["size"] if found else "")
    return used.isdigit() and size.isdigit() and int(used) >= ALL_MEMORY * int(size) > 0


def is_killed_for_memory(one: LogLine) -> bool:
    """Lambda ends a process by a signal when it has used up its memory; an exit status is the process's own doing."""
    return "signal: killed" in one.text or "OutOfMemory" in one.text


def row_records(
    facts: Facts, rows: Iterable[RowCluster], text: str = "", *, decides: bool = True
) -> Iterator[Evidence]:
    for cluster in rows:
        words = f"{cluster.elb_status} with the reason {line(cluster.error_reason or '-', 60)}{text}"
        yield record(facts, cluster, words, decides=decides)


def counter_records(one: LambdaCalls) -> Iterator[Evidence]:
    """That the target group counted errors of its function, where no rows say more."""
    if one.counted:
        text = f"the target group counted {one.user_errors:,} requests that the function failed"
        yield supporting(text, COUNTERS, value=one.user_errors)
    if one.unhealthy:
        yield supporting("the target is unhealthy", "elbv2:DescribeTargetHealth")


def quoted(one: LambdaCalls, lines: Iterable[LogLine], *, decides: bool = True) -> Iterator[Evidence]:
    """The first of these lines as data."""
    first = next(iter(lines), None)
    if first is not None and one.log_source:
        text = f"the function's log: {line(first.text, MAX_QUOTED)}"
        yield (decisive if decides else supporting)(text, one.log_source, at=first.at)


def changed_before(facts: Facts, one: LambdaCalls, since: datetime | None, *names: str) -> Iterator[Evidence]:
    """The newest change of these kinds to the function before it began; it fits, and proves nothing by itself."""
    target = one.target
    found = changes_before_onset(
        facts.maybe(Changes),
        resources=(target.name, target.function_arn, target.target, target.label),
        names=names,
        onset=since,
    )
    for change in found[:1]:
        yield change_evidence(change)


def how_many(one: LambdaCalls, rows: Iterable[RowCluster]) -> str:
    """``: 120 times 502``; empty without a number."""
    listed = tuple(rows)
    if listed:
        return f": {sum(cluster.count for cluster in listed):,} times {listed[0].elb_status}"
    return f": {one.user_errors:,} times 502" if one.counted else ""


def ended_well(one: LambdaCalls, *, decides: bool = False) -> Iterator[Evidence]:
    """That the function itself made no errors in the minutes in which the load balancer did."""
    if one.errors == 0 and one.invocations:
        text = f"the function itself ended {one.invocations:,} invocations without an error in the same minutes"
        yield (decisive if decides else supporting)(text, COUNTERS, value=one.invocations)


def mostly_of(rows: tuple[RowCluster, ...]) -> str:
    """``, 82 % on route /upload``; empty where no route stands out."""
    route = rows[0].top_route
    return f", {share_words(route, 'route')}" if route and route.share >= STANDS_OUT else ""


def look_into_log(one: LambdaCalls, words: str) -> str:
    """The command that looks for these words in the function's log."""
    settings = one.target.configuration
    group = (settings.log_group if settings else None) or f"/aws/lambda/{one.target.name}"
    return f"aws logs filter-log-events --log-group-name {group} --filter-pattern '\"{words}\"'"


def total(points: Iterable[Point]) -> int:
    return round(sum(point.value for point in points))


def _calls(facts: Facts, target: LambdaTarget) -> LambdaCalls:
    observed, metrics = facts.observed, facts.maybe(Metrics)
    rows = tuple(
        cluster for cluster in own_clusters(facts, "lambda", group=target.target_group) if observed.saw(cluster.symptom)
    )
    known = metrics if isinstance(metrics, Metrics) else None
    user = _of_group(facts, "LambdaUserError", target)
    internal = _of_group(facts, "LambdaInternalError", target)
    failed = {point.at for point in user or () if point.value > 0}
    failed = failed.union(*(cluster.minutes for cluster in rows))
    errors_counted = total(user) if user is not None else None
    told = observed.rows_tell("elb_502")
    counted = (errors_counted or 0) >= NOISE_ERRORS and observed.saw("elb_502") and not rows and not told
    logs, duration = facts.maybe(ApplicationLogs), _of_function(known, "Duration", target, "Maximum")
    return LambdaCalls(
        target=target,
        rows=rows,
        counted=counted and observed.errors_are_ours,
        unhealthy=_is_unhealthy(facts, target),
        user_errors=errors_counted,
        internal_errors=total(internal) if internal is not None else None,
        invocations=_in_minutes(_of_function(known, "Invocations", target), failed),
        errors=_in_minutes(_of_function(known, "Errors", target), failed),
        throttles=_in_minutes(_of_function(known, "Throttles", target), failed),
        durations=tuple(point for point in duration.points if point.at in failed) if duration else (),
        log=_log_of(logs, target) if isinstance(logs, ApplicationLogs) else (),
        log_source=_log_source(logs) if isinstance(logs, ApplicationLogs) else None,
        first=min((*(cluster.first for cluster in rows), *failed), default=observed.onset),
        last=max((*(cluster.last for cluster in rows), *failed), default=observed.last_seen or facts.window.end),
    )


def _is_one_of(reason: str, wanted: Iterable[str]) -> bool:
    return any(reason.startswith(one[:-1]) if one.endswith("*") else reason == one for one in wanted)


def _of_group(facts: Facts, name: str, target: LambdaTarget) -> tuple[Point, ...] | None:
    found = series_at(facts.maybe(Metrics), name, of_groups(facts.subject, [target.target_group]))
    window = facts.window
    return tuple(point for one in found for point in one.between(window.start, window.end)) if found else None


def _of_function(metrics: Metrics | None, name: str, target: LambdaTarget, statistic: str = "Sum") -> Series | None:
    """Of the alias or version alone where it has series of its own, so that other callers count less."""
    if metrics is None:
        return None
    plain = metrics.find(name, statistic, FunctionName=target.name)
    if target.qualifier is None:
        return plain
    own = {"FunctionName": target.name, "Resource": target.label}
    used = any(
        series.points for one in ("Invocations", "Throttles") if (series := metrics.find(one, "Sum", **own)) is not None
    )
    return metrics.find(name, statistic, **own) if used else plain


def _in_minutes(series: Series | None, minutes: set[datetime]) -> int | None:
    if series is None:
        return None
    return total(point for point in series.points if point.at in minutes)


def _is_unhealthy(facts: Facts, target: LambdaTarget) -> bool:
    health = facts.maybe(TargetHealth)
    if not isinstance(health, TargetHealth):
        return False
    return any(one.state == "unhealthy" for one in health.by_group.get(target.target_group, ()))


def _log_of(logs: ApplicationLogs, target: LambdaTarget) -> tuple[LogLine, ...]:
    settings = target.configuration
    groups = {f"/aws/lambda/{target.name}", settings.log_group if settings else None}
    return tuple(one for one in logs.lines if one.log_group in groups)


def _log_source(logs: ApplicationLogs) -> str:
    return "logs:FilterLogEvents" if logs.source == "filter" else "logs:GetQueryResults"
