"""Targets run in a zone that the load balancer does not serve."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Changes, EcsService, LoadBalancer, LoadBalancers, Target, TargetGroups, TargetHealth
from diagnostics.printable import counted, part_of
from diagnostics.rules.changes import change_evidence, changes_before_onset
from diagnostics.rules.routing import CANNOT_SERVE

_ZONE_WORDS = "Availability Zone"
RECENT_EVENTS = 30


@cause(
    code="az-not-enabled",
    title="Targets are in a zone that the load balancer does not serve",
    needs=(LoadBalancers, TargetHealth, TargetGroups),
    uses=(EcsService, Changes),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-subnets.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html",
    ),
    leads_to=("no-registered-targets", "deployment-failing-loop", "all-targets-unused"),
)
def az_not_enabled(facts: Facts) -> Iterator[Finding]:
    """Targets are `unused` with Target.NotInUse because their Availability Zone is not enabled on the load balancer.

    Decided by the description of the targets' state and by the load balancer's zones. When all targets are unused
    requests get 503, else capacity is missing. Cross-zone load balancing does not help. Refuted when the zone is
    enabled, or when the description says that no rule uses the group.
    """
    for group_arn, targets in facts[TargetHealth].by_group.items():
        group = facts[TargetGroups].of(group_arn)
        arns = group.load_balancer_arns if group else ()
        for balancer in (item for item in facts[LoadBalancers].items if not arns or item.arn in arns):
            outside = tuple(target for target in targets if _is_outside(target, balancer))
            if outside:
                yield _finding(balancer, outside, targets, facts)


def _is_outside(target: Target, balancer: LoadBalancer) -> bool:
    if target.state != "unused" or target.reason != "Target.NotInUse":
        return False
    enabled = {zone.zone for zone in balancer.zones}
    says_zone = _ZONE_WORDS in (target.description or "")
    if target.zone is None or target.zone == "all":
        return says_zone
    return target.zone not in enabled and (says_zone or not target.description)


def _finding(balancer: LoadBalancer, outside: tuple[Target, ...], targets: tuple[Target, ...], facts: Facts) -> Finding:
    zones = sorted({target.zone for target in outside if target.zone and target.zone != "all"})
    where = " and ".join(zones) or "a zone that is not enabled"
    number = part_of(len(outside), len(targets), "target")
    verb = "are" if len(outside) > 1 else "is"
    changed = changes_before_onset(
        facts.maybe(Changes),
        resources=(balancer.arn, balancer.name, balancer.dimension),
        names=("SetSubnets",),
        onset=facts.observed.onset or facts.now,
    )
    nobody_left = all(target.state in CANNOT_SERVE for target in targets)
    explains = {"unused"} | ({"elb_503", "no-targets"} if nobody_left else set())
    return Finding(
        resource=balancer.arn,
        summary=f"{number[0].upper()}{number[1:]} {verb} in {where}, a zone that load balancer {balancer.name}"
        " does not serve" + ("; nobody is left to answer" if nobody_left else ""),
        supports=(*_records(balancer, outside, zones, facts), *(change_evidence(c) for c in changed[:1])),
        effect_seen=True,
        affects=frozenset(target.key for target in outside),
        explains=frozenset(explains),
        since=changed[0].at if changed else None,
        overturned_by=f"{where} among the load balancer's zones: aws elbv2 describe-load-balancers"
        f" --load-balancer-arns {balancer.arn} --query 'LoadBalancers[].AvailabilityZones'",
        advice="Enable the zone on the load balancer by giving it a subnet there (name all subnets, the call replaces"
        " the list), or keep the service's subnets to the enabled zones.",
    )


def _records(balancer: LoadBalancer, outside: tuple[Target, ...], zones: list[str], facts: Facts) -> Iterator[Evidence]:
    words = next((target.description for target in outside if target.description), None)
    yield decisive(
        f"{counted(len(outside), 'target')} unused with Target.NotInUse" + (f": {words[:160]}" if words else ""),
        "elbv2:DescribeTargetHealth",
        value=len(outside),
    )
    if zones:
        enabled = ", ".join(sorted(zone.zone for zone in balancer.zones))
        yield decisive(f"{balancer.name} serves {enabled}", "elbv2:DescribeLoadBalancers")
    service = facts.maybe(EcsService)
    for event in service.events[:RECENT_EVENTS] if isinstance(service, EcsService) else ():
        if "Availability Zone that is not enabled" in event.message:
            yield supporting("ECS reports targets in a zone that is not enabled", "ecs:DescribeServices", at=event.at)
            return
