"""The targets' security groups do not let the load balancer in."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause, decisive
from diagnostics.facts import Changes, SecurityGroups, TaskDefinitions
from diagnostics.rules.changes import change_evidence, changes_before_onset, permissions_in
from diagnostics.rules.dropped_packets import EFFECT_USES, effect_of, finding_of, is_timeout, rule_changes
from diagnostics.rules.obstacles import Obstacle, obstacles
from diagnostics.rules.proven_port import PROVEN_PORT_USES, checks_an_unmapped_port
from diagnostics.rules.reachability import Allowed, Path, Undecided, paths
from diagnostics.rules.security_group import covers_port, letting_in
from diagnostics.rules.terrain import TERRAIN_NEEDS, TERRAIN_USES, WHEREABOUTS, Terrain

REMOVES = ("RevokeSecurityGroupIngress", "ModifySecurityGroupRules", "ModifyNetworkInterfaceAttribute")
ADDS = ("AuthorizeSecurityGroupIngress",)


@cause(
    code="sg-ingress-missing",
    title="Security group blocks the load balancer",
    needs=TERRAIN_NEEDS,
    uses=(*TERRAIN_USES, *EFFECT_USES, *PROVEN_PORT_USES, TaskDefinitions),
    clear_needs=(SecurityGroups, *WHEREABOUTS),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-register-targets.html",
    ),
    replaces=("health-check-timeout-too-short",),
    leads_to=("all-targets-unhealthy-fail-open", "deployment-failing-loop", "no-registered-targets"),
    helped_by=("deployment-min-healthy-too-low",),
)
def sg_ingress_missing(facts: Facts) -> Iterator[Finding]:
    """No inbound rule of any security group of a target admits the load balancer on the port.

    Decided by going through the rules: group references, address ranges against the nodes' addresses and subnets,
    prefix lists, ports, protocols. Its effect is dropped connections: Target.Timeout, 504 after ten seconds,
    connection errors. Refuted by a rule that admits, or by a target that answers health checks on that port.
    Where the rules cannot be read, a recorded removal before the onset together with Target.Timeout makes it likely.
    A rule that lists only the nodes' present addresses works today and is a risk: a load balancer changes them.
    """
    terrain = Terrain.of(facts)
    ways = paths(terrain)
    for obstacle in obstacles(ways, "target-ingress"):
        if not checks_an_unmapped_port(obstacle, facts):
            yield from _blocked(obstacle, terrain, facts)
    yield from _revoked(ways, facts)
    yield from _pinned(ways)


def _blocked(obstacle: Obstacle, terrain: Terrain, facts: Facts) -> Iterator[Finding]:
    changed = rule_changes(facts, obstacle.resources, REMOVES, obstacle.ports)
    effect = effect_of(obstacle, facts, changed)
    if effect is None:
        return
    balancer = terrain.load_balancers.of(obstacle.load_balancer)
    sources = balancer.security_groups if balancer else ()
    entrance = ", ".join(sources) or "the load balancer"
    groups, port = " + ".join(obstacle.resources), obstacle.port_words
    share = "" if obstacle.complete else f" from {' and '.join(obstacle.zones)}"
    rule = decisive(
        f"no rule of {groups} admits {entrance}{share} on tcp {port}; {obstacle.why}",
        "ec2:DescribeSecurityGroups",
    )
    yield finding_of(
        effect,
        rule,
        changed,
        resource=obstacle.resources[0] if obstacle.resources else obstacle.load_balancer,
        summary=f"Security group {groups} does not let the load balancer in on port {port}{share} ({obstacle.who()})",
        overturned_by=f"An inbound rule that admits {entrance} on tcp {port}: aws ec2"
        f" describe-security-group-rules --filters Name=group-id,Values={','.join(obstacle.resources)}",
        advice=f"Allow tcp {port} inbound from the load balancer's security group ({entrance}), by reference to"
        f" the group and not by address: `{letting_in(obstacle.resources, obstacle.ports, sources)}`.",
    )


def _revoked(ways: tuple[Path, ...], facts: Facts) -> Iterator[Finding]:
    """The rules could not be read, but their removal was recorded."""
    unread = [path for path in ways if isinstance(path.ingress, Undecided) and is_timeout(path.target)]
    for groups, port in sorted({(path.whereabouts.security_groups or (), path.port) for path in unread}):
        onset = facts.observed.onset
        changes = facts.maybe(Changes)
        removed = [
            change
            for change in changes_before_onset(changes, resources=groups, names=REMOVES, onset=onset)
            if not (named := permissions_in(change)) or any(covers_port(rule, port) for rule in named)
        ]
        added = changes_before_onset(changes, resources=groups, names=ADDS, onset=facts.now)
        if not removed or any(change.at >= removed[0].at for change in added):
            continue
        silent = {path.target.key for path in unread if (path.whereabouts.security_groups or ()) == groups}
        yield Finding(
            resource=groups[0],
            summary=f"Inbound rules of {' + '.join(groups)} were taken away just before the targets went silent"
            f" on port {port}",
            supports=(
                decisive(
                    f"targets unhealthy with Target.Timeout on port {port}: {len(silent)}",
                    "elbv2:DescribeTargetHealth",
                ),
                change_evidence(removed[0], onset),
            ),
            effect_seen=True,
            affects=frozenset(silent),
            explains=frozenset({"unhealthy", "elb_504"}) & facts.observed.symptoms,
            since=removed[0].at,
            at_most="likely",
            overturned_by=f"The rules themselves, which could not be read: aws ec2 describe-security-group-rules"
            f" --filters Name=group-id,Values={','.join(groups)}",
            advice="Read the group's rules and restore the one that admitted the load balancer's security group.",
        )


def _pinned(ways: tuple[Path, ...]) -> Iterator[Finding]:
    pinned = [path for path in ways if isinstance(path.ingress, Allowed) and path.ingress.pinned]
    for groups, port in sorted({(path.whereabouts.security_groups or (), path.port) for path in pinned}):
        mine = [path for path in pinned if (path.whereabouts.security_groups or (), path.port) == (groups, port)]
        nodes = sorted({node for path in mine if isinstance(path.ingress, Allowed) for node in path.ingress.pinned})
        yield Finding(
            resource=groups[0],
            summary=f"Security group {' + '.join(groups)} admits the load balancer on port {port} by its present"
            f" addresses only; it will shut out nodes with new ones",
            supports=(
                decisive(
                    f"the rules cover {', '.join(nodes[:6])} and not the rest of the load balancer's subnets",
                    "ec2:DescribeSecurityGroups",
                ),
            ),
            effect_seen=False,
            affects=frozenset(path.target.key for path in mine),
            advice="Name the load balancer's security group as the source, or its subnets' ranges: a load balancer"
            " changes its addresses when it scales.",
        )
