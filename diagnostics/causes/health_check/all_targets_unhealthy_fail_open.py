from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Metrics, Point, Target, TargetGroup, TargetGroups, TargetHealth
from diagnostics.rules import health_case
from diagnostics.rules.counters import Dimensions, of_groups, total
from diagnostics.rules.group_traffic import GroupTraffic, sick_since, traffic_of

JUST_NOW = timedelta(minutes=5)


@cause(
    code="all-targets-unhealthy-fail-open",
    title="No target is healthy and the load balancer sends requests to all of them",
    needs=(TargetGroups, TargetHealth),
    uses=(Metrics,),
    docs=(health_case.CHECKS_DOC,),
)
def all_targets_unhealthy_fail_open(facts: Facts) -> Iterator[Finding]:
    """Decided by target health: some targets are unhealthy and none is healthy. The load balancer then sends requests
    to every registered target. It is what failed health checks lead to, never why they fail. Refuted by one healthy
    target.
    """
    for arn, targets in facts[TargetHealth].by_group.items():
        group = facts[TargetGroups].of(arn)
        taking_part = health_case.checked(targets)
        sick = tuple(target for target in taking_part if target.state == "unhealthy")
        if group and group.target_type != "lambda" and sick and not any(t.state == "healthy" for t in taking_part):
            yield _finding(facts, group, taking_part, sick, in_all=len(targets))


def _finding(
    facts: Facts, group: TargetGroup, taking_part: tuple[Target, ...], sick: tuple[Target, ...], *, in_all: int
) -> Finding:
    since = sick_since(facts.maybe(Metrics), group, facts.window.end) or facts.observed.onset
    traffic = traffic_of(facts.maybe(Metrics), facts.subject, group, since or facts.window.start, facts.window.end)
    in_use = " in use" if len(taking_part) < in_all else ""
    several = f"none of {len(taking_part)} targets{in_use} is healthy"
    number = f"the only target{in_use} is unhealthy" if len(taking_part) == 1 else several
    return Finding(
        resource=group.arn,
        summary=f"{number}; {_users(traffic)}",
        supports=(
            decisive(f"{number}, {len(sick)} unhealthy", "elbv2:DescribeTargetHealth", value=len(sick)),
            *_counted(facts, group),
            *_routed(facts, group),
            *_good(traffic),
        ),
        effect_seen=True,
        role="consequence",
        affects=frozenset(target.key for target in sick),
        since=since,
        overturned_by=f"one healthy target: aws elbv2 describe-target-health --target-group-arn {group.arn}",
        advice="Mend what fails the health checks; until then a broken target gets as many requests as a sound one.",
    )


def _users(traffic: GroupTraffic) -> str:
    if traffic.served:
        return "users are served only because the load balancer fails open"
    if traffic.suffers:
        return "the load balancer fails open, and users get the targets' errors"
    return "the load balancer fails open and sends requests to all of them"


def _counted(facts: Facts, group: TargetGroup) -> Iterator[Evidence]:
    """The nodes' own count: in the last minute that they reported, none of them had a healthy target."""
    metrics = facts.maybe(Metrics)
    if not isinstance(metrics, Metrics):
        return
    for both in of_groups(facts.subject, [group.arn]):
        well = _last(metrics, "HealthyHostCount", facts, both)
        sick = _last(metrics, "UnHealthyHostCount", facts, both)
        if well is not None and sick is not None and well.at == sick.at and not well.value and sick.value:
            text = f"no healthy target was counted at {well.at:%H:%M} UTC"
            yield decisive(text, "cloudwatch:GetMetricData", at=well.at, value=0)


def _last(metrics: Metrics, name: str, facts: Facts, dimensions: Dimensions) -> Point | None:
    series = metrics.find(name, "Maximum", **dimensions)
    points = series.between(facts.window.end - JUST_NOW, facts.window.end) if series else ()
    return max(points, key=lambda point: point.at, default=None)


def _routed(facts: Facts, group: TargetGroup) -> Iterator[Evidence]:
    where, window = of_groups(facts.subject, [group.arn]), facts.window
    routed = total(facts.maybe(Metrics), "UnhealthyRoutingRequestCount", where, window.start, window.end)
    if routed:
        yield decisive(f"{routed:,} requests were routed while failing open", "cloudwatch:GetMetricData", value=routed)


def _good(traffic: GroupTraffic) -> Iterator[Evidence]:
    if traffic.served:
        yield supporting(
            f"users got {traffic.good:,} good answers meanwhile", "cloudwatch:GetMetricData", value=traffic.good
        )
