"""The rule sends requests to one target group and the service fills another."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Changes, EcsService, Listeners, TargetHealth
from diagnostics.rules.changes import change_evidence, changes_before_onset
from diagnostics.rules.routing import Route, has_nobody, registers_into, routes_to, short_name

CHANGES = ("CreateRule", "ModifyRule", "ModifyListener", "SetRulePriorities", "UpdateService", "CreateService")


@cause(
    code="service-target-group-mismatch",
    family="registration",
    title="The service fills another target group than the rule uses",
    needs=(EcsService, TargetHealth, Listeners),
    uses=(Changes,),
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-load-balancing.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
    ),
    leads_to=("no-registered-targets",),
)
def service_target_group_mismatch(facts: Facts) -> Iterator[Finding]:
    """A rule forwards to an empty target group while the service registers its tasks into another one, or into none.

    Decided by the listener rules, DescribeTargetHealth and the service's load balancer settings. Refuted when the
    service names the group of the rule, also as the alternate group of a blue/green deployment, or when the group
    has targets of its own.
    """
    service = facts[EcsService]
    fed = registers_into(service)
    for group, targets in facts[TargetHealth].by_group.items():
        routes = routes_to(facts[Listeners], group)
        if group in fed or not has_nobody(targets) or not routes:
            continue
        yield _finding(group, routes, tuple(sorted(fed)), facts)


def _finding(group: str, routes: tuple[Route, ...], fed: tuple[str, ...], facts: Facts) -> Finding:
    service = facts[EcsService]
    into = " and ".join(short_name(arn) for arn in fed) or "no target group"
    changed = changes_before_onset(
        facts.maybe(Changes),
        resources=(group, service.arn, service.service, *(route.rule.arn for route in routes), routes[0].listener.arn),
        names=CHANGES,
        onset=facts.observed.onset,
    )
    waiting = [target for arn in fed for target in facts[TargetHealth].by_group.get(arn, ())]
    unused = (
        (supporting(f"{into} has {len(waiting)} targets, which get nothing from there", "elbv2:DescribeTargetHealth"),)
        if waiting
        else ()
    )
    words = routes[0].in_words()
    return Finding(
        resource=group,
        summary=f"{words[0].upper()}{words[1:]} forwards to target group {short_name(group)}, which is empty:"
        f" service {service.service} registers into {into}",
        supports=(
            decisive(f"service {service.service} registers its tasks into {into}", "ecs:DescribeServices"),
            decisive(f"target group {short_name(group)} has no targets", "elbv2:DescribeTargetHealth", value=0),
            supporting(f"{words} forwards to {short_name(group)}", "elbv2:DescribeRules"),
            *unused,
            *(change_evidence(change, facts.observed.onset) for change in changed[:1]),
        ),
        effect_seen=True,
        affects=frozenset({group}),
        explains=frozenset({"no-targets", "elb_503", "unused"}) & (facts.observed.symptoms | {"no-targets", "elb_503"}),
        since=changed[0].at if changed else None,
        overturned_by=f"{short_name(group)} among the service's target groups: aws ecs describe-services --cluster"
        f" {service.cluster} --services {service.service} --query 'services[].loadBalancers'",
        advice="Let the rule forward to the group that the service fills, or let the service name the rule's group"
        " (which starts a deployment).",
    )
