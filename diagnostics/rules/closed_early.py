"""What kind of story rows tell whose target closed the connection before it answered.

The load balancer writes 502 with a target processing time and no response time for all of them: a keep-alive timer
that ran out at the wrong moment, a worker killed after its time-out, a response that is not HTTP, a crash. What tells
them apart is how long it took, and whether a route, a caller or a target stands out.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from diagnostics.causes.cause import Facts
from diagnostics.facts import (
    AccessLogs,
    ApplicationLogs,
    Changes,
    EcsService,
    Fact,
    LoadBalancerAttributes,
    LogSignature,
    StoppedTasks,
)
from diagnostics.rules.app_lines import LINE_USES, lines_of
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import own_clusters
from diagnostics.rules.row_traffic import RowTraffic
from diagnostics.rules.target_ends import target_ends

Nature = Literal[
    "end-of-target", "worker-timeout", "every-request", "no-room", "one-route", "few-callers", "race", "unclear"
]

CLOSED_USES: tuple[type[Fact], ...] = (
    AccessLogs,
    StoppedTasks,
    EcsService,
    Changes,
    LoadBalancerAttributes,
    *LINE_USES,
)
"""What a cause declares that asks for the nature of rows."""
AT_ONCE_S = 0.05
"""Median of resets on connections that were idle: nothing was worked on."""
NEARLY_AT_ONCE_S = 0.25
WORKED_S = 0.02
"""A connection that was idle is reset faster than this; a response that is dropped was made first."""
NEARLY_EVERY = 0.9
FEW_CALLERS = 3
CALLERS_SHARE = 0.8
CALLER_ALWAYS = 0.5
CALLER_ROWS = 10
ROUTE_STANDS_OUT = 2.0
LOW_RATE = 0.05
STEADY_FOR = timedelta(minutes=10)
BUSIEST_MINUTE = 0.5
NEAR_EVENT = timedelta(minutes=2)
NEAR_EVENT_SHARE = 0.5
LIVES_ON = "process lives on"
LINES_SHARE = 0.5
"""So many lines to rows tell of the same events: one line a request, or a few requests a line."""
KILLS_SHARE = 0.1
KILLED_AFTER_S = 5.0
"""A worker takes all its requests with it, and none of them is younger than a time-out can be."""


@dataclass(frozen=True, slots=True)
class LifeEvent:
    """A deployment, a stop or a deregistration, in words."""

    at: datetime
    what: str


def closed_early(facts: Facts, *natures: Nature) -> tuple[RowCluster, ...]:
    """Clusters of closed connections that have one of these natures."""
    found = own_clusters(facts, "closed-before-response", elb_status=502)
    return tuple(
        cluster for cluster in found if facts.observed.saw(cluster.symptom) and nature_of(cluster, facts) in natures
    )


def nature_of(cluster: RowCluster, facts: Facts) -> Nature:
    """The first that fits, the more telling mark first."""
    logs = facts.maybe(AccessLogs)
    if cluster.population == "at-end-of-target" or not isinstance(logs, AccessLogs):
        return "end-of-target"
    traffic = RowTraffic.of(logs)
    if cluster.population == "constant" and not _is_idle_timeout(cluster, facts):
        return "worker-timeout"
    if _workers_were_killed(cluster, facts):
        return "worker-timeout"
    if _is_every_request(cluster, traffic):
        return "every-request"
    if _servers_were_full(cluster, facts):
        return "no-room"
    if _handlers_broke_off(cluster, facts):
        return "unclear"
    if cluster.population == "route" or _is_one_route(cluster, traffic):
        return "one-route"
    if _few_callers_always_fail(cluster, traffic):
        return "few-callers"
    return "race" if _looks_like_race(cluster, traffic, facts) else "unclear"


def events_between(facts: Facts, first: datetime, last: datetime) -> tuple[LifeEvent, ...]:
    """Deployments, stops and deregistrations in this time, oldest first."""
    found = [event for event in _events(facts) if first <= event.at <= last]
    return tuple(sorted(found, key=lambda event: event.at))


def idle_timeout_s(facts: Facts) -> int | None:
    """The shortest idle timeout of the subject's load balancers; None when it was not read."""
    attributes = facts.maybe(LoadBalancerAttributes)
    if not isinstance(attributes, LoadBalancerAttributes):
        return None
    known = [attributes.idle_timeout_s(arn) for arn in facts.subject.load_balancers if arn in attributes.by_arn]
    return min(known, default=None)


def _is_idle_timeout(cluster: RowCluster, facts: Facts) -> bool:
    """A target that gives up together with the load balancer is slow, not killed."""
    idle, times = idle_timeout_s(facts), cluster.target_s
    return idle is not None and times is not None and times.middle >= idle - 1


def _workers_were_killed(cluster: RowCluster, facts: Facts) -> bool:
    """A server that looks at its workers now and then kills them after times that vary."""
    times = [row.target_s for row in cluster.rows if row.target_s is not None]
    late = bool(times) and min(times) >= KILLED_AFTER_S and not _is_idle_timeout(cluster, facts)
    return late and _lines(cluster, facts, "worker-timeout") >= KILLS_SHARE * cluster.count


def _servers_were_full(cluster: RowCluster, facts: Facts) -> bool:
    """The server accepts a connection and closes it again, because it has no room for it."""
    times = cluster.target_s
    at_once = times is not None and times.middle <= AT_ONCE_S
    return at_once and _lines(cluster, facts, "too-many-connections") >= LINES_SHARE * cluster.count


def _handlers_broke_off(cluster: RowCluster, facts: Facts) -> bool:
    """The application says that its handlers fail so hard that the connection ends, as often as rows tell of it."""
    logs = facts.maybe(ApplicationLogs)
    if not isinstance(logs, ApplicationLogs):
        return False
    broke = any(line.details.get("kind") == LIVES_ON for line in logs.of("unhandled-error"))
    return broke and _lines(cluster, facts, "unhandled-error") >= LINES_SHARE * cluster.count


def _lines(cluster: RowCluster, facts: Facts, signature: LogSignature) -> int:
    """How many lines of this signature began with these rows; 0 where they had been written before as well."""
    found = lines_of(facts, cluster.first, cluster.last, signature)
    return found.count if found and found.enough and found.in_step else 0


def _is_every_request(cluster: RowCluster, traffic: RowTraffic) -> bool:
    times, failing = cluster.target_s, traffic.failing_share(cluster.first, cluster.last)
    asked = traffic.requests_between(cluster.first, cluster.last)
    mostly = bool(asked) and cluster.count / asked >= NEARLY_EVERY
    return failing is not None and failing >= NEARLY_EVERY and mostly and times is not None and times.high < 1


def _is_one_route(cluster: RowCluster, traffic: RowTraffic) -> bool:
    """Where the traffic of routes was not counted: nearly all on one route, on several targets, after some work."""
    top, times = cluster.top_route, cluster.target_s
    if top is None or times is None or traffic.share_of_route(top.key) is not None or cluster.population == "target":
        return False
    several = len(cluster.targets) >= min(traffic.targets, 2)
    return top.share >= NEARLY_EVERY and len(cluster.rows) >= CALLER_ROWS and several and times.middle >= WORKED_S


def _few_callers_always_fail(cluster: RowCluster, traffic: RowTraffic) -> bool:
    """True when a few callers make the errors and hardly ever get an answer, on more than one target."""
    counted = Counter(row.client for row in cluster.rows if row.client)
    few = counted.most_common(FEW_CALLERS)
    part = sum(number for _, number in few) / max(len(cluster.rows), 1)
    if len(cluster.rows) < CALLER_ROWS or part < CALLERS_SHARE or len(cluster.targets) < min(traffic.targets, 2):
        return False
    asked = [traffic.by_client.get(client) for client, _ in few]
    known = sum(number for number in asked if number is not None)
    everything = sum(1 for number in asked if number is not None) == len(few)
    scale = cluster.count / max(len(cluster.rows), 1)
    return everything and known > 0 and part * len(cluster.rows) * scale / known >= CALLER_ALWAYS


def _looks_like_race(cluster: RowCluster, traffic: RowTraffic, facts: Facts) -> bool:
    times = cluster.target_s
    if times is None or times.middle > AT_ONCE_S or times.high > NEARLY_AT_ONCE_S:
        return False
    if cluster.population == "target" or _one_route_stands_out(cluster, traffic):
        return False
    asked = traffic.requests_between(cluster.first, cluster.last)
    if asked and cluster.count / asked > LOW_RATE:
        return False
    return _is_steady(cluster) and not _follows_events(cluster, facts)


def _one_route_stands_out(cluster: RowCluster, traffic: RowTraffic) -> bool:
    """One route has more than twice its part of the traffic, and most of the rows."""
    top = cluster.top_route
    if top is None or top.share < BUSIEST_MINUTE:
        return False
    weight = traffic.share_of_route(top.key)
    return weight is not None and top.share >= ROUTE_STANDS_OUT * weight


def _is_steady(cluster: RowCluster) -> bool:
    if cluster.last - cluster.first < STEADY_FOR:
        return False
    minutes = Counter(row.at.replace(second=0, microsecond=0) for row in cluster.rows)
    return bool(minutes) and max(minutes.values()) / minutes.total() < BUSIEST_MINUTE


def _follows_events(cluster: RowCluster, facts: Facts) -> bool:
    around = events_between(facts, cluster.first - NEAR_EVENT, cluster.last + NEAR_EVENT)
    near = sum(any(abs(row.at - event.at) <= NEAR_EVENT for event in around) for row in cluster.rows)
    return near >= NEAR_EVENT_SHARE * max(len(cluster.rows), 1)


def _events(facts: Facts) -> Iterator[LifeEvent]:
    for end in target_ends(facts.maybe(StoppedTasks), facts.maybe(Changes)):
        yield LifeEvent(end.end, f"task {end.task_id[:8]} stopped" if end.task_id else "a target was deregistered")
    service = facts.maybe(EcsService)
    if not isinstance(service, EcsService):
        return
    for deployment in service.deployments:
        yield LifeEvent(deployment.created_at, f"deployment {deployment.id} began")
    for event in service.events:
        if "deregistered" in event.message or "draining connections" in event.message:
            yield LifeEvent(event.at, "targets were deregistered")
