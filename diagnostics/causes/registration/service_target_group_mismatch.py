"""The rule sends requests to one target group and the service fills another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Changes, EcsService, Listeners, SiblingHealth, Target, TargetHealth
from diagnostics.printable import counted
from diagnostics.rules.changes import newest_before_onset
from diagnostics.rules.routing import (
    Route,
    has_nobody,
    may_be_empty,
    registers_into,
    routes_to,
    service_rolls,
    short_name,
)

_WITHOUT_REQUESTS = frozenset({"unused", "no-requests"})
CHANGES = ("CreateRule", "ModifyRule", "ModifyListener", "SetRulePriorities", "UpdateService", "CreateService")


@cause(
    code="service-target-group-mismatch",
    title="The service fills another target group than the rule uses",
    needs=(EcsService, TargetHealth, Listeners),
    uses=(Changes, SiblingHealth),
    clear_needs=(SiblingHealth,),
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-load-balancing.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
    ),
    leads_to=("no-registered-targets", "target-group-not-in-rule"),
)
def service_target_group_mismatch(facts: Facts) -> Iterator[Finding]:
    """A rule forwards to an empty target group while the service registers its tasks into another one, or into none.

    Decided by the listener rules, DescribeTargetHealth and the service's load balancer settings. Refuted when the
    service names the group of the rule, also as the alternate group of a blue/green deployment, or when the group
    has targets of its own.
    """
    fed = registers_into(facts[EcsService])
    if not fed and not service_rolls(facts[EcsService]):
        return  # the controller keeps the target groups to itself
    siblings = _deserted_siblings(facts, fed)
    for group in (*_deserted(facts[TargetHealth].by_group, facts, fed), *siblings):
        routes = routes_to(facts[Listeners], group)
        if routes:
            yield _finding(group, routes, tuple(sorted(fed)), facts, one_of_several=len(siblings) > 1)


def _deserted(by_group: Mapping[str, tuple[Target, ...]], facts: Facts, fed: frozenset[str]) -> Iterator[str]:
    """Groups that get requests, have nobody in them, and are not where the service puts its tasks."""
    for group, targets in by_group.items():
        routes = routes_to(facts[Listeners], group)
        if group in fed or not has_nobody(targets) or not routes or _shares_rule(routes, fed):
            continue
        if not may_be_empty(group, facts[TargetHealth], facts[Listeners], facts[EcsService]):
            yield group


def _shares_rule(routes: tuple[Route, ...], fed: frozenset[str]) -> bool:
    """True where each rule also sends a share of its requests to what the service fills."""
    return all(any(to.target_group_arn in fed and to.weight > 0 for to in route.rule.forwards_to) for route in routes)


def _deserted_siblings(facts: Facts, fed: frozenset[str]) -> tuple[str, ...]:
    """Such groups of the load balancer, where no rule sends anything to the service. They may be somebody else's:
    those that are called like the service's own come before the others."""
    siblings = facts.maybe(SiblingHealth)
    if not isinstance(siblings, SiblingHealth) or not fed or not facts.observed.saw("elb_503", "no-requests", "unused"):
        return ()
    found = tuple(_deserted(siblings.by_group, facts, fed))
    names = [short_name(arn) for arn in fed]
    alike = tuple(arn for arn in found if any(_are_alike(short_name(arn), name) for name in names))
    return alike or found


def _are_alike(one: str, other: str) -> bool:
    """``checkout`` and ``checkout-v2``."""
    shorter, longer = sorted((one, other), key=len)
    return longer.startswith(shorter)


def _finding(
    group: str, routes: tuple[Route, ...], fed: tuple[str, ...], facts: Facts, *, one_of_several: bool
) -> Finding:
    service = facts[EcsService]
    into = " and ".join(short_name(arn) for arn in fed) or "no target group"
    touched = (group, service.arn, service.service, *(route.rule.arn for route in routes), routes[0].listener.arn)
    changed = newest_before_onset(facts, touched, CHANGES)
    words = routes[0].in_words()
    return Finding(
        resource=group,
        summary=f"{words[0].upper()}{words[1:]} forwards to target group {short_name(group)}, which is empty:"
        f" service {service.service} registers into {into}",
        supports=(
            decisive(f"service {service.service} registers its tasks into {into}", "ecs:DescribeServices"),
            decisive(f"target group {short_name(group)} has no targets", "elbv2:DescribeTargetHealth", value=0),
            supporting(f"{words} forwards to {short_name(group)}", "elbv2:DescribeRules"),
            *_waiting(facts, fed, into),
            *changed,
        ),
        against=(_whose(group),) if one_of_several else (),
        at_most="possible" if one_of_several else None,
        effect_seen=True,
        affects=frozenset({group}),
        explains=frozenset({"no-targets", "elb_503", *_WITHOUT_REQUESTS & facts.observed.symptoms}),
        since=changed[0].at if changed else None,
        overturned_by=f"{short_name(group)} among the service's target groups: aws ecs describe-services --cluster"
        f" {service.cluster} --services {service.service} --query 'services[].loadBalancers'",
        advice="Let the rule forward to the group that the service fills, or let the service name the rule's group"
        " (which starts a deployment).",
    )


def _waiting(facts: Facts, fed: tuple[str, ...], into: str) -> Iterator[Evidence]:
    waiting = [target for arn in fed for target in facts[TargetHealth].by_group.get(arn, ())]
    if waiting:
        text = f"{into} has {counted(len(waiting), 'target')}, which get nothing from there"
        yield supporting(text, "elbv2:DescribeTargetHealth")


def _whose(group: str) -> Evidence:
    text = f"other groups of the load balancer are empty as well; {short_name(group)} may belong to another service"
    return supporting(text, "elbv2:DescribeTargetHealth")
