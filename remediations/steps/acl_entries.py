"""The fewest entries of network ACLs that let a load balancer and targets talk to each other, both ways. Pure.

Needed are, with subnets for the load balancer's nodes and for the targets: the port out of the nodes' subnet and into
the targets', and the return ports out of the targets' and into the nodes'.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, collapse_addresses

from diagnostics.facts import NetworkAcl, NetworkAcls
from diagnostics.rules import nacl
from diagnostics.rules.address_space import Address, representatives
from diagnostics.rules.nacl import LAST_RULE, RETURN_PORTS, Ports
from diagnostics.rules.reachability import Path
from diagnostics.rules.terrain import Terrain
from remediations.steps.network_acls import Entry
from remediations.steps.port_ranges import ranges

NEGLIGIBLE_PORTS = 600
"""A single well-known port that is denied inside the return range hardly matters, and is denied on purpose."""
STEP = 10
MOST_IN_A_DIRECTION = 20
"""https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-nacls"""


Ends = Mapping[str, tuple[Address, ...]]


@dataclass(frozen=True, slots=True)
class Gap:
    """What one direction of an ACL denies to a peer's subnet, and the number of the entry that does."""

    acl_id: str
    egress: bool
    ports: Ports
    denied_by: int


def entries(blocked: Iterable[Path], terrain: Terrain) -> tuple[Entry, ...]:
    """Empty where a subnet or its ACL is not known, where an ACL has no room, or where they would not be enough."""
    shut = tuple(blocked)
    ends = _ends(shut, terrain)
    needed: dict[Gap, set[IPv4Network]] = {}
    for near, far in dict.fromkeys((path.subnet_id, path.whereabouts.subnet_id) for path in shut):
        ports = ranges(path.port for path in shut if (path.subnet_id, path.whereabouts.subnet_id) == (near, far))
        if not ports or far is None or any(path.whereabouts.ip_version != 4 for path in shut):
            return ()
        for gap, peer in _gaps(terrain, ends, near, far, [Ports(*one) for one in ports]):
            needed.setdefault(gap, set()).add(peer)
    made = _numbered(needed, terrain)
    after = with_entries(terrain, made)
    known = all(_has_room(acl) for acl in (after.acls.items if after.acls else ()) if _touches(acl, made))
    return made if known and made and not _still_shut(shut, ends, after) else ()


def with_entries(terrain: Terrain, made: Iterable[Entry]) -> Terrain:
    """The terrain as it would be with these entries."""
    added = tuple(made)
    items = tuple(
        acl.model_copy(
            update={"entries": (*acl.entries, *(entry.as_read() for entry in added if entry.acl_id == acl.id))}
        )
        for acl in (terrain.acls.items if terrain.acls else ())
    )
    return replace(terrain, acls=NetworkAcls(items=items))


def _ends(shut: Iterable[Path], terrain: Terrain) -> Ends:
    """Addresses of nodes and targets on these ways, by subnet. What is denied to others in there is not our matter."""
    found: dict[str, set[Address]] = {}
    for path in shut:
        balancer, there = terrain.load_balancers.of(path.load_balancer), path.whereabouts
        if there.subnet_id and there.address:
            found.setdefault(there.subnet_id, set()).add(there.address)
        if balancer is None:
            continue
        for zone in balancer.zones:
            if zone.subnet_id == path.subnet_id:
                found.setdefault(path.subnet_id, set()).update(terrain.node_addresses(balancer, zone, 4))
    return {subnet: tuple(sorted(places, key=int)) for subnet, places in found.items()}


def _gaps(terrain: Terrain, ends: Ends, near: str, far: str, ports: list[Ports]) -> Iterator[tuple[Gap, IPv4Network]]:
    for one in ports:
        yield from _denied(terrain, ends, near, far, one, egress=True)
        yield from _denied(terrain, ends, far, near, one, egress=False)
    yield from _denied(terrain, ends, far, near, RETURN_PORTS, egress=True)
    yield from _denied(terrain, ends, near, far, RETURN_PORTS, egress=False)


def _denied(
    terrain: Terrain, ends: Ends, subnet_id: str, peer: str, ports: Ports, *, egress: bool
) -> Iterator[tuple[Gap, IPv4Network]]:
    acl = terrain.acl_of(subnet_id)
    for space in terrain.ranges_of(peer, 4):
        if acl is None or not isinstance(space, IPv4Network):
            continue
        for place in ends.get(peer) or representatives(space, nacl.cidrs_of(acl)):
            for part in nacl.denied(acl, egress=egress, peer=place, ports=ports):
                small = part.ports.last - part.ports.first < NEGLIGIBLE_PORTS
                if not (small and ports == RETURN_PORTS):
                    yield Gap(acl.id, egress, part.ports, part.rule_number), space


def _numbered(needed: dict[Gap, set[IPv4Network]], terrain: Terrain) -> tuple[Entry, ...]:
    """Numbers that are free: directly below the entry that denies, or after all others where none speaks of it."""
    made: list[Entry] = []
    for gap, peers in needed.items():
        for cidr in collapse_addresses(peers - _covered_by_others(gap, needed)):
            number = _free(terrain, gap, made)
            if number is None:
                return ()
            first, last = gap.ports.first, gap.ports.last
            made.append(
                Entry(acl_id=gap.acl_id, egress=gap.egress, number=number, cidr=str(cidr), first=first, last=last)
            )
    return tuple(made)


def _covered_by_others(gap: Gap, needed: dict[Gap, set[IPv4Network]]) -> set[IPv4Network]:
    """Peers that an entry for more ports lets through as well."""
    wider = (
        other
        for other in needed
        if (other.acl_id, other.egress, other.denied_by) == (gap.acl_id, gap.egress, gap.denied_by)
        and other.ports != gap.ports
        and other.ports.first <= gap.ports.first
        and gap.ports.last <= other.ports.last
    )
    return {peer for other in wider for peer in needed[other]}


def _free(terrain: Terrain, gap: Gap, made: Iterable[Entry]) -> int | None:
    used = {
        entry.rule_number
        for acl in (terrain.acls.items if terrain.acls else ())
        for entry in acl.entries
        if acl.id == gap.acl_id and entry.egress == gap.egress and entry.rule_number < LAST_RULE
    }
    used |= {entry.number for entry in made if (entry.acl_id, entry.egress) == (gap.acl_id, gap.egress)}
    if gap.denied_by < LAST_RULE:
        return next((number for number in range(gap.denied_by - 1, 0, -1) if number not in used), None)
    wanted = (max(used, default=0) // STEP + 1) * STEP
    return wanted if wanted < LAST_RULE else None


def _touches(acl: NetworkAcl, made: Iterable[Entry]) -> bool:
    return any(entry.acl_id == acl.id for entry in made)


def _has_room(acl: NetworkAcl) -> bool:
    """The entry that denies the rest counts as well."""
    own = [entry for entry in acl.entries if entry.rule_number < LAST_RULE]
    return all(1 + sum(entry.egress == egress for entry in own) <= MOST_IN_A_DIRECTION for egress in (True, False))


def _still_shut(shut: Iterable[Path], ends: Ends, after: Terrain) -> bool:
    """Whether anything that matters would be denied on one of these ways even then."""
    return any(
        next(_gaps(after, ends, path.subnet_id, path.whereabouts.subnet_id or "", [Ports(path.port, path.port)]), None)
        for path in shut
    )
