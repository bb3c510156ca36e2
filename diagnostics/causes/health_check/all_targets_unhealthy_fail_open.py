from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Metrics, Target, TargetGroup, TargetGroups, TargetHealth
from diagnostics.rules import health_case
from diagnostics.rules.group_traffic import GroupTraffic, sick_since, traffic_of


@cause(
    code="all-targets-unhealthy-fail-open",
    family="health-check",
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
            yield _finding(facts, group, taking_part, sick)


def _finding(facts: Facts, group: TargetGroup, taking_part: tuple[Target, ...], sick: tuple[Target, ...]) -> Finding:
    since = sick_since(facts.maybe(Metrics), group, facts.window.end) or facts.observed.onset
    balancers = [arn.split(":loadbalancer/", 1)[-1] for arn in facts.subject.load_balancers]
    traffic = traffic_of(facts.maybe(Metrics), group, balancers, since or facts.window.start, facts.window.end)
    number = (
        "the only target is unhealthy" if len(taking_part) == 1 else f"none of {len(taking_part)} targets is healthy"
    )
    return Finding(
        resource=group.arn,
        summary=f"{number}; {_users(traffic)}",
        supports=(
            decisive(f"{number}, {len(sick)} unhealthy", "elbv2:DescribeTargetHealth", value=len(sick)),
            *_routed(facts, group, balancers),
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


def _routed(facts: Facts, group: TargetGroup, balancers: list[str]) -> Iterator[Evidence]:
    metrics = facts.maybe(Metrics)
    if not isinstance(metrics, Metrics):
        return
    total = 0
    for balancer in balancers:
        series = metrics.find("UnhealthyRoutingRequestCount", "Sum", LoadBalancer=balancer, TargetGroup=group.dimension)
        points = series.between(facts.window.start, facts.window.end) if series else ()
        total += round(sum(point.value for point in points))
    if total:
        yield decisive(f"{total} requests were routed while failing open", "cloudwatch:GetMetricData", value=total)


def _good(traffic: GroupTraffic) -> Iterator[Evidence]:
    if traffic.served:
        yield supporting(
            f"users got {traffic.good} good answers meanwhile", "cloudwatch:GetMetricData", value=traffic.good
        )
