"""The rule is there, but it names a security group that the load balancer no longer has."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Changes, Gap, LoadBalancer, SecurityGroup, SecurityGroups
from diagnostics.rules.changes import changes_before_onset, permissions_in
from diagnostics.rules.dropped_packets import EFFECT_USES, effect_of, finding_of, rule_changes
from diagnostics.rules.obstacles import Obstacle, obstacles
from diagnostics.rules.reachability import paths
from diagnostics.rules.security_group import covers_port, letting_in, permissions
from diagnostics.rules.terrain import TERRAIN_NEEDS, TERRAIN_USES, WHEREABOUTS, Terrain


@cause(
    code="sg-stale-reference",
    title="Security group rule names a group that the load balancer no longer has",
    needs=(*TERRAIN_NEEDS, SecurityGroups),
    uses=(*TERRAIN_USES, *EFFECT_USES),
    clear_needs=WHEREABOUTS,
    docs=(
        "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-update-security-groups.html",
    ),
    replaces=("sg-ingress-missing", "health-check-timeout-too-short"),
    leads_to=("all-targets-unhealthy-fail-open", "deployment-failing-loop", "no-registered-targets"),
    helped_by=("deployment-min-healthy-too-low",),
)
def sg_stale_reference(facts: Facts) -> Iterator[Finding]:
    """The targets' only rules for the port admit security groups, and none of those is on the load balancer.

    Decided by going through the rules: the port is open to a group by reference, the load balancer wears another
    one, and no rule mentions a group that it does wear. A recorded change of the load balancer's groups says since
    when. Refuted when a rule for the load balancer's own group exists (on another port: sg-ingress-missing), or when
    such a rule was removed before the onset, or when another load balancer of the targets wears the group: then the
    group that is still named belongs to somebody else.
    """
    terrain = Terrain.of(facts)
    for obstacle in obstacles(paths(terrain), "target-ingress"):
        balancer = terrain.load_balancers.of(obstacle.load_balancer)
        groups = [terrain.security_groups[name] for name in obstacle.resources if name in terrain.security_groups]
        if balancer is None:
            continue
        stale = _strangers(groups, balancer, obstacle, _worn_by_others(terrain, balancer))
        if stale and not _own_rule_was_removed(facts, balancer, obstacle):
            yield from _finding(obstacle, stale, balancer, facts)


def _finding(obstacle: Obstacle, stale: tuple[str, ...], balancer: LoadBalancer, facts: Facts) -> Iterator[Finding]:
    changed = rule_changes(facts, (balancer.arn, balancer.name, balancer.dimension), ("SetSecurityGroups",), ())
    effect = effect_of(obstacle, facts, changed)
    if effect is None:
        return
    present, named = ", ".join(balancer.security_groups), ", ".join(stale)
    group, port = obstacle.resources[0], obstacle.port_words
    found = finding_of(
        effect,
        decisive(
            f"{' + '.join(obstacle.resources)} opens tcp {port} to {named}; the load balancer has {present}",
            "ec2:DescribeSecurityGroups",
        ),
        changed,
        resource=group,
        summary=f"The rule for port {port} in {group} names {named}, which the load balancer does not have"
        f" (it has {present})",
        overturned_by=f"{named} among the load balancer's groups: aws elbv2 describe-load-balancers"
        f" --load-balancer-arns {balancer.arn} --query 'LoadBalancers[].SecurityGroups'",
        advice=f"Put {named} back on the load balancer, or let the rule in {group} name {present}:"
        f" `{letting_in(obstacle.resources, obstacle.ports, balancer.security_groups)}`.",
    )
    if isinstance(facts.maybe(Changes), Gap):
        text = "whether somebody removed a rule for the load balancer's own group could not be read"
        unread = supporting(text, "cloudtrail:LookupEvents")
        found = found.model_copy(update={"against": (*found.against, unread), "at_most": "likely"})
    yield found


def _worn_by_others(terrain: Terrain, balancer: LoadBalancer) -> frozenset[str]:
    return frozenset(
        group for other in terrain.load_balancers.items if other.arn != balancer.arn for group in other.security_groups
    )


def _strangers(
    groups: list[SecurityGroup], balancer: LoadBalancer, obstacle: Obstacle, elsewhere: frozenset[str]
) -> tuple[str, ...]:
    """Groups that the rules for this port name; none when a rule mentions a group of the load balancer's own."""
    rules = tuple(permissions(groups, "ingress"))
    present, own = set(balancer.security_groups), {group.id for group in groups}
    if any(reference.group_id in present for rule in rules for reference in rule.groups):
        return ()
    return tuple(
        dict.fromkeys(
            reference.group_id
            for rule in rules
            if any(covers_port(rule, port) for port in obstacle.ports)
            for reference in rule.groups
            if reference.group_id not in own | elsewhere
        )
    )


def _own_rule_was_removed(facts: Facts, balancer: LoadBalancer, obstacle: Obstacle) -> bool:
    removed = changes_before_onset(
        facts.maybe(Changes),
        resources=obstacle.resources,
        names=("RevokeSecurityGroupIngress", "ModifySecurityGroupRules"),
        onset=facts.observed.onset or facts.now,
    )
    present = set(balancer.security_groups)
    rules_of_each = [permissions_in(change) for change in removed]
    return any(
        not rules or any(reference.group_id in present for rule in rules for reference in rule.groups)
        for rules in rules_of_each
    )
