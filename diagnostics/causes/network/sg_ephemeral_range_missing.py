"""Dynamic host ports lie outside the range that the instances' security group opens to the load balancer."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause, decisive, supporting
from diagnostics.facts import EcsService, SecurityGroups, TaskDefinitions
from diagnostics.rules.address_space import address
from diagnostics.rules.dropped_packets import EFFECT_USES, effect_of, finding_of, rule_changes
from diagnostics.rules.obstacles import Obstacle, obstacles
from diagnostics.rules.reachability import paths
from diagnostics.rules.security_group import OtherSide, admission, is_tcp, letting_in, permissions, port_range
from diagnostics.rules.terrain import TERRAIN_NEEDS, TERRAIN_USES, WHEREABOUTS, Terrain

EPHEMERAL = (32768, 65535)
"""Linux and Docker choose host ports from here unless the kernel's range was changed."""
ADMINISTRATION = frozenset({22, 3389, 5985, 5986})
CHANGES = ("RevokeSecurityGroupIngress", "ModifySecurityGroupRules")


@cause(
    code="sg-ephemeral-range-missing",
    title="Security group does not open the dynamic host ports",
    needs=(*TERRAIN_NEEDS, SecurityGroups),
    uses=(*TERRAIN_USES, *EFFECT_USES, TaskDefinitions),
    clear_needs=WHEREABOUTS,
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
    ),
    replaces=("sg-ingress-missing", "health-check-timeout-too-short"),
    leads_to=("all-targets-unhealthy-fail-open", "deployment-failing-loop", "no-registered-targets"),
    helped_by=("deployment-min-healthy-too-low",),
)
def sg_ephemeral_range_missing(facts: Facts) -> Iterator[Finding]:
    """Tasks get a new host port each time, and the instances' security group opens other ports to the load balancer.

    Decided by going through the rules for each registered host port, where the port mapping leaves the host port
    open (bridge network mode), and the load balancer is admitted on some port. Refuted by awsvpc network mode, by a
    fixed host port, or by a range that covers the registered ports.
    """
    terrain = Terrain.of(facts)
    for obstacle in obstacles(paths(terrain), "target-ingress"):
        opened = _opened(obstacle, terrain)
        if opened and _has_dynamic_ports(obstacle, facts):
            balancer = terrain.load_balancers.of(obstacle.load_balancer)
            yield from _finding(obstacle, opened, balancer.security_groups if balancer else (), facts)


def _finding(obstacle: Obstacle, opened: tuple[str, ...], sources: tuple[str, ...], facts: Facts) -> Iterator[Finding]:
    changed = rule_changes(facts, obstacle.resources, CHANGES, obstacle.ports)
    effect = effect_of(obstacle, facts, changed)
    if effect is None:
        return
    group, ports = obstacle.resources[0], obstacle.port_words
    found = finding_of(
        effect,
        decisive(
            f"{group} admits the load balancer on tcp {', '.join(opened)}; outside of that lies tcp {ports}",
            "ec2:DescribeSecurityGroups",
        ),
        changed,
        resource=group,
        summary=f"Security group {group} opens {', '.join(opened)} to the load balancer, but ECS chose the"
        f" dynamic host ports {ports} ({obstacle.who()})",
        overturned_by=f"An inbound rule that covers tcp {ports}: aws ec2 describe-security-group-rules"
        f" --filters Name=group-id,Values={group}",
        advice=f"Allow tcp {EPHEMERAL[0]}-{EPHEMERAL[1]} inbound from the load balancer's security group, as every task"
        f" start picks another host port: `{letting_in([group], [f'{EPHEMERAL[0]}-{EPHEMERAL[1]}'], sources)}`.",
    )
    mapping = supporting("the port mapping leaves the host port to ECS", "ecs:DescribeTaskDefinition")
    yield found.model_copy(update={"supports": (*found.supports, mapping)})


def _has_dynamic_ports(obstacle: Obstacle, facts: Facts) -> bool:
    """Instance targets whose port nobody fixed: by the port mapping, or else by where the ports lie."""
    if any(address(target.id) is not None for target in obstacle.targets):
        return False
    definitions, service = facts.maybe(TaskDefinitions), facts.maybe(EcsService)
    current = None
    if isinstance(definitions, TaskDefinitions) and isinstance(service, EcsService):
        current = definitions.of(service.task_definition)
    mappings = [mapping for container in (current.containers if current else ()) for mapping in container.port_mappings]
    if mappings:
        return any(not mapping.host_port for mapping in mappings)
    return all(EPHEMERAL[0] <= port <= EPHEMERAL[1] for port in obstacle.ports)


def _opened(obstacle: Obstacle, terrain: Terrain) -> tuple[str, ...]:
    """The TCP ports that are opened to the load balancer, in words. A rule for addresses that happens to cover it, such
    as one for administrators on port 22, is not meant for it."""
    balancer = terrain.load_balancers.of(obstacle.load_balancer)
    groups = [terrain.security_groups[name] for name in obstacle.resources if name in terrain.security_groups]
    if balancer is None:
        return ()
    nodes = [node for zone in balancer.zones for node in terrain.node_addresses(balancer, zone, 4)]
    side = OtherSide(nodes[0] if nodes else None, frozenset(balancer.security_groups))
    ranges = {
        port_range(rule)
        for rule in permissions(groups, "ingress")
        if is_tcp(rule) and (port_range(rule)[0] not in ADMINISTRATION or rule.groups)
    }
    return tuple(
        str(low) if low == high else f"{low}-{high}"
        for low, high in sorted(ranges)
        if admission(groups, "ingress", low, side, terrain.prefix_lists).answer == "yes"
    )
