"""Can the load balancer's nodes open a connection to each target? Answered from the rules, not from target health.

One path leads from the load balancer's subnet in one zone to one target on one port. It passes the load balancer's
outbound security group rules, the network ACLs of both subnets in both directions, and the target's inbound rules.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from ipaddress import IPv4Address
from typing import Literal

from diagnostics.facts import LoadBalancer, NetworkAcl, SecurityGroup, Target, TargetGroup, ZoneMapping
from diagnostics.rules import nacl, security_group
from diagnostics.rules.address_space import Address, representatives
from diagnostics.rules.nacl import RETURN_PORTS, Ports
from diagnostics.rules.security_group import Admission, OtherSide
from diagnostics.rules.stand_ins import WITHOUT_CONNECTIONS, stand_ins
from diagnostics.rules.terrain import Terrain, Whereabouts

Stage = Literal["balancer-egress", "target-ingress", "network-acl"]
Purpose = Literal["traffic", "health-check"]

TERRAINS_KEPT = 4
NEGLIGIBLE_RETURN_SHARE = 0.01
"""ACLs often deny a single well-known port inside the return range, which costs one connection in ten thousands."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """`pinned`: the load balancer's present addresses are listed, others of its subnet would be shut out."""

    pinned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Blocked:
    """`resources` are the groups or the ACL that say no. `partly`: some node addresses or return ports get through."""

    resources: tuple[str, ...]
    why: str
    partly: bool = False


@dataclass(frozen=True, slots=True)
class Undecided:
    """`missing`: what would have to be read to tell."""

    missing: tuple[str, ...]


Verdict = Allowed | Blocked | Undecided


@dataclass(frozen=True, slots=True)
class Path:
    """One way from the load balancer to a target, with the verdict of each stage."""

    load_balancer: str
    zone: str
    subnet_id: str
    target_group: str
    target: Target
    whereabouts: Whereabouts
    port: int
    purposes: frozenset[Purpose]
    egress: Verdict
    ingress: Verdict
    acl: Verdict

    def at(self, stage: Stage) -> Verdict:
        return {"balancer-egress": self.egress, "target-ingress": self.ingress, "network-acl": self.acl}[stage]

    @property
    def verdict(self) -> Verdict:
        """The whole way: blocked where any stage blocks, else undecided where any is, else allowed."""
        stages = (self.egress, self.acl, self.ingress)
        for kind in (Blocked, Undecided):
            found = next((stage for stage in stages if isinstance(stage, kind)), None)
            if found is not None:
                return found
        return Allowed(pinned=tuple(pin for stage in stages if isinstance(stage, Allowed) for pin in stage.pinned))


def paths(terrain: Terrain) -> tuple[Path, ...]:
    """Every path on which the load balancers open connections today, traffic and health checks.

    Where ECS is about to fill an empty target group, the ways to its tasks and subnets are judged in their place.
    """
    return _paths_of(_Asked(terrain))


class _Asked:
    """A terrain, equal to another that consists of the very same facts: many causes ask about one snapshot."""

    __slots__ = ("parts", "terrain")

    def __init__(self, terrain: Terrain) -> None:
        self.terrain = terrain
        facts = (getattr(terrain, part.name) for part in fields(terrain) if part.name != "stopped_lately")
        self.parts = (*map(id, facts), *map(id, terrain.stopped_lately))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked) and self.parts == other.parts

    def __hash__(self) -> int:
        return hash(self.parts)


@lru_cache(maxsize=TERRAINS_KEPT)
def _paths_of(asked: _Asked) -> tuple[Path, ...]:
    return tuple(_paths(asked.terrain))


def ports_of(group: TargetGroup, target: Target) -> dict[int, frozenset[Purpose]]:
    """The ports that are connected to at this target, and what for."""
    checked = target.health_check_port or group.health_check.port
    check_port = int(checked) if checked.isdigit() else target.port
    if target.port == check_port:
        return {} if target.port is None else {target.port: frozenset({"traffic", "health-check"})}
    each: dict[Purpose, int | None] = {"traffic": target.port, "health-check": check_port}
    return {port: frozenset({purpose}) for purpose, port in each.items() if port is not None}


def _paths(terrain: Terrain) -> Iterator[Path]:
    asked: dict[object, tuple[_Nodes, Verdict]] = {}
    for group_arn, target, there in (*_targets(terrain), *stand_ins(terrain)):
        group = terrain.target_groups.of(group_arn)
        if group is None or group.target_type == "lambda":
            continue
        for balancer in terrain.load_balancers.items:
            if group.load_balancer_arns and balancer.arn not in group.load_balancer_arns:
                continue
            for zone in terrain.zones_towards(balancer, group_arn, target):
                yield from _paths_of_zone(terrain, balancer, zone, group, target, there, asked)


def _targets(terrain: Terrain) -> Iterator[tuple[str, Target, Whereabouts]]:
    for group_arn, target in terrain.health.all():
        if target.state not in WITHOUT_CONNECTIONS:
            yield group_arn, target, terrain.whereabouts(target)


def _paths_of_zone(
    terrain: Terrain,
    balancer: LoadBalancer,
    zone: ZoneMapping,
    group: TargetGroup,
    target: Target,
    there: Whereabouts,
    asked: dict[object, tuple[_Nodes, Verdict]],
) -> Iterator[Path]:
    """`asked` remembers what is the same for all targets with the same groups in the same subnet."""
    for port, purposes in ports_of(group, target).items():
        key = (balancer.arn, zone.subnet_id, there.security_groups, there.subnet_id, there.ip_version, port)
        if key not in asked:
            found = _nodes(terrain, balancer, zone, there)
            asked[key] = found, _ingress(terrain, balancer, found, there, port)
        nodes, ingress = asked[key]
        yield Path(
            load_balancer=balancer.arn,
            zone=zone.zone,
            subnet_id=zone.subnet_id,
            target_group=group.arn,
            target=target,
            whereabouts=there,
            port=port,
            purposes=purposes,
            egress=_egress(terrain, balancer, there, port),
            ingress=ingress,
            acl=_acls(terrain, zone.subnet_id, nodes, there, port),
        )


@dataclass(frozen=True, slots=True)
class _Nodes:
    """Addresses that the nodes of one zone have (`exact`), or else one for each kind of address that they may have.

    `possible` stand for all addresses of the subnet; empty when the subnet is not known.
    """

    exact: tuple[Address, ...]
    possible: tuple[Address, ...]

    @property
    def addresses(self) -> tuple[Address, ...]:
        return self.exact or self.possible


def _nodes(terrain: Terrain, balancer: LoadBalancer, zone: ZoneMapping, there: Whereabouts) -> _Nodes:
    edges: set[str] = set()
    groups, _ = _read(terrain, there.security_groups or ())
    edges |= security_group.cidrs_of(groups, "ingress", terrain.prefix_lists)
    acl = terrain.acl_of(there.subnet_id)
    edges |= nacl.cidrs_of(acl) if acl else set()
    spaces = terrain.ranges_of(zone.subnet_id, there.ip_version)
    return _Nodes(
        exact=terrain.node_addresses(balancer, zone, there.ip_version),
        possible=tuple(place for space in spaces for place in representatives(space, edges)),
    )


def _read(terrain: Terrain, ids: Iterable[str]) -> tuple[tuple[SecurityGroup, ...], tuple[str, ...]]:
    """The groups that were read, and in words those that were not."""
    found = {group_id: terrain.security_groups.get(group_id) for group_id in ids}
    return (
        tuple(group for group in found.values() if group is not None),
        tuple(f"the rules of {group_id}" for group_id, group in found.items() if group is None),
    )


def _egress(terrain: Terrain, balancer: LoadBalancer, there: Whereabouts, port: int) -> Verdict:
    groups, unread = _read(terrain, balancer.security_groups)
    if not balancer.security_groups:
        return Undecided(("the load balancer's security groups",))
    worn = None if there.security_groups is None else frozenset(there.security_groups)
    found = security_group.admission(groups, "egress", port, OtherSide(there.address, worn), terrain.prefix_lists)
    if found.answer == "yes":
        return Allowed()
    if found.answer == "unknown" or unread:
        return Undecided((*unread, *found.missing))
    rules = security_group.rules_in_words(security_group.permissions(groups, "egress"), "to")
    return Blocked(balancer.security_groups, f"outbound it has {rules}")


def _ingress(terrain: Terrain, balancer: LoadBalancer, nodes: _Nodes, there: Whereabouts, port: int) -> Verdict:
    if there.security_groups is None:
        return Undecided(("the target's security groups",))
    groups, unread = _read(terrain, there.security_groups)
    worn = frozenset(balancer.security_groups)

    def ask(place: Address | None) -> Admission:
        found = security_group.admission(groups, "ingress", port, OtherSide(place, worn), terrain.prefix_lists)
        return Admission("unknown", unread) if found.answer == "no" and unread else found

    asked = [ask(place) for place in nodes.addresses or (None,)]
    answers = {admission.answer for admission in asked}
    if answers == {"yes"}:
        narrow = nodes.exact and any(ask(place).answer == "no" for place in nodes.possible)
        return Allowed(pinned=tuple(str(place) for place in nodes.exact) if narrow else ())
    if answers == {"no"} or (nodes.exact and "no" in answers):
        rules = security_group.rules_in_words(security_group.permissions(groups, "ingress"), "from")
        return Blocked(there.security_groups, f"inbound it has {rules}", partly="yes" in answers)
    missing = [item for admission in asked for item in admission.missing] or ["the addresses of the nodes"]
    return Undecided(tuple(dict.fromkeys(missing)))


def _acls(terrain: Terrain, node_subnet: str, nodes: _Nodes, there: Whereabouts, port: int) -> Verdict:
    """ACLs filter what enters and leaves a subnet, so never what stays inside one."""
    if node_subnet == there.subnet_id:
        return Allowed()
    near, far = terrain.acl_of(node_subnet), terrain.acl_of(there.subnet_id)
    targets = _target_addresses(terrain, near, there)
    exact_target = there.address is not None
    wanted = Ports(port, port)
    crossings = [
        _crossing(near, node_subnet, True, targets, exact_target, wanted),
        _crossing(far, there.subnet_id, False, nodes.addresses, bool(nodes.exact), wanted),
        _crossing(far, there.subnet_id, True, nodes.addresses, bool(nodes.exact), RETURN_PORTS),
        _crossing(near, node_subnet, False, targets, exact_target, RETURN_PORTS),
    ]
    blocked = [crossing for crossing in crossings if isinstance(crossing, Blocked)]
    if blocked:
        return min(blocked, key=lambda crossing: crossing.partly)
    missing = [item for crossing in crossings if isinstance(crossing, Undecided) for item in crossing.missing]
    return Undecided(tuple(dict.fromkeys(missing))) if missing else Allowed()


def _target_addresses(terrain: Terrain, near: NetworkAcl | None, there: Whereabouts) -> tuple[Address, ...]:
    if there.address is not None:
        return (there.address,)
    edges = nacl.cidrs_of(near) if near else set()
    spaces = terrain.ranges_of(there.subnet_id, there.ip_version)
    return tuple(place for space in spaces for place in representatives(space, edges))


def _crossing(
    acl: NetworkAcl | None, subnet_id: str | None, egress: bool, peers: Sequence[Address], exact: bool, ports: Ports
) -> Verdict:
    """One direction of one ACL. Without exact addresses, only a verdict that all of them share is one."""
    if acl is None:
        return Undecided((f"the network ACL of {subnet_id or 'the subnet of the target'}",))
    if not peers:
        return Undecided(("the addresses on the other side of the network ACL",))
    denials = [nacl.denied(acl, egress=egress, peer=peer, ports=ports) for peer in peers]
    refused = [parts for parts in denials if _matters(parts, ports)]
    if not refused:
        return Allowed()
    if not exact and len(refused) < len(denials):
        return Undecided(("the addresses on the other side of the network ACL",))
    worst = refused[0][0]
    partly = len(refused) < len(denials) or any(_share(parts, ports) < 1 for parts in refused)
    direction = "to" if egress else "from"
    rule = "its last rule, *" if worst.rule_number == nacl.LAST_RULE else f"rule {worst.rule_number}"
    kind = "return ports" if ports == RETURN_PORTS else "port"
    where = "out of" if egress else "into"
    side = _in_words(peers)
    return Blocked(
        (acl.id,), f"{where} {subnet_id}, {rule} denies {kind} {worst.ports} {direction} {side}", partly=partly
    )


def _matters(parts: Sequence[nacl.Denied], ports: Ports) -> bool:
    return _share(parts, ports) > NEGLIGIBLE_RETURN_SHARE


def _share(parts: Sequence[nacl.Denied], ports: Ports) -> float:
    return sum(part.ports.last - part.ports.first + 1 for part in parts) / (ports.last - ports.first + 1)


def _in_words(peers: Sequence[Address]) -> str:
    first = str(peers[0]) if isinstance(peers[0], IPv4Address) else f"[{peers[0]}]"
    return first if len(peers) == 1 else f"{first} and {len(peers) - 1} more"
