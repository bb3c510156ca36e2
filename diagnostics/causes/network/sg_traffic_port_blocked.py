"""Health checks get through on their own port while the port of the requests is closed."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause, decisive, supporting
from diagnostics.facts import SecurityGroups
from diagnostics.rules.dropped_packets import EFFECT_USES, effect_of, finding_of, rule_changes
from diagnostics.rules.obstacles import Obstacle, obstacles
from diagnostics.rules.reachability import Allowed, Path, paths
from diagnostics.rules.security_group import letting_in
from diagnostics.rules.terrain import TERRAIN_NEEDS, TERRAIN_USES, WHEREABOUTS, Terrain

CHANGES = ("RevokeSecurityGroupIngress", "ModifySecurityGroupRules", "ModifyNetworkInterfaceAttribute")


@cause(
    code="sg-traffic-port-blocked",
    title="Security group admits health checks and blocks requests",
    needs=(*TERRAIN_NEEDS, SecurityGroups),
    uses=(*TERRAIN_USES, *EFFECT_USES),
    clear_needs=WHEREABOUTS,
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
    ),
    replaces=("sg-ingress-missing",),
)
def sg_traffic_port_blocked(facts: Facts) -> Iterator[Finding]:
    """The targets' security groups admit the load balancer on the health-check port and not on the traffic port.

    Decided by going through the rules for both ports, which differ. The targets look healthy while requests get 504
    after ten seconds and connection errors count up. Refuted when both ports are the same or both are admitted.
    Without failed connections it is a risk.
    """
    terrain = Terrain.of(facts)
    ways = paths(terrain)
    for obstacle in obstacles(ways, "target-ingress"):
        check_ports = _open_check_ports(obstacle, ways)
        if obstacle.purposes != {"traffic"} or not check_ports:
            continue
        changed = rule_changes(facts, obstacle.resources, CHANGES, obstacle.ports)
        effect = effect_of(obstacle, facts, changed)
        if effect is None:
            continue
        checks = " and ".join(str(port) for port in sorted(check_ports))
        groups, port = " + ".join(obstacle.resources), obstacle.port_words
        found = finding_of(
            effect,
            decisive(
                f"{groups} admits the load balancer on the health-check port {checks} and not on tcp {port};"
                f" {obstacle.why}",
                "ec2:DescribeSecurityGroups",
            ),
            changed,
            resource=obstacle.resources[0] if obstacle.resources else obstacle.load_balancer,
            summary=f"Security group {groups} lets health checks in on port {checks} but not requests on port"
            f" {port} ({obstacle.who()})",
            overturned_by=f"An inbound rule that admits the load balancer on tcp {port}: aws ec2"
            f" describe-security-group-rules --filters Name=group-id,Values={','.join(obstacle.resources)}",
            advice=f"Allow tcp {port} inbound from the load balancer's security group too"
            f": `{letting_in(obstacle.resources, obstacle.ports, _groups_of(terrain, obstacle))}`.",
        )
        healthy = sum(target.state == "healthy" for target in obstacle.targets)
        seems_fine = supporting(
            f"of these targets {healthy} {'is' if healthy == 1 else 'are'} healthy: health checks use port {checks}",
            "elbv2:DescribeTargetHealth",
        )
        yield found.model_copy(update={"supports": (*found.supports, seems_fine)} if healthy else {})


def _open_check_ports(obstacle: Obstacle, ways: tuple[Path, ...]) -> frozenset[int]:
    return frozenset(
        path.port
        for path in ways
        if path.target.key in obstacle.affects
        and path.purposes == {"health-check"}
        and isinstance(path.ingress, Allowed)
    )


def _groups_of(terrain: Terrain, obstacle: Obstacle) -> tuple[str, ...]:
    balancer = terrain.load_balancers.of(obstacle.load_balancer)
    return balancer.security_groups if balancer else ()
