"""What the numbered entries of a network ACL let through.

Network ACLs are stateless: each direction needs its own entry, the lowest number that matches decides, and what
nothing matches is denied. https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from diagnostics.facts.network import NetworkAcl, NetworkAclEntry
from diagnostics.rules.address_space import Address, contains
from diagnostics.rules.security_group import MAX_PORT

LAST_RULE = 32767
"""The entry ``*`` that denies whatever nothing else matched."""
_TCP_OR_EVERY = frozenset({"-1", "6", "tcp"})
_EVERY = "-1"


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports `first` to `last`, both included."""

    first: int
    last: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


RETURN_PORTS = Ports(1024, 65535)
"""Where a load balancer's nodes receive the answers of targets:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html"""


@dataclass(frozen=True, slots=True)
class Denied:
    """A part of the ports that an entry denies. `rule_number` 32767 is the entry that stands for nothing matched."""

    ports: Ports
    rule_number: int


def denied(acl: NetworkAcl, *, egress: bool, peer: Address, ports: Ports) -> tuple[Denied, ...]:
    """The parts of `ports` over which TCP with this peer is denied, in port order; empty when all are allowed."""
    entries = [entry for entry in ordered(acl, egress=egress) if _matches_peer(entry, peer)]
    edges = {ports.first}
    for entry in entries:
        low, high = _port_range(entry)
        edges.update(edge for edge in (low, high + 1) if ports.first <= edge <= ports.last)
    starts = sorted(edges)
    ends = [*(start - 1 for start in starts[1:]), ports.last]
    parts = (
        Denied(Ports(start, end), rule)
        for start, end in zip(starts, ends, strict=True)
        if (rule := _denying_rule(entries, start)) is not None
    )
    return _joined(parts)


def ordered(acl: NetworkAcl, *, egress: bool) -> tuple[NetworkAclEntry, ...]:
    """The entries of one direction that can speak of TCP, in the order in which they are tried."""
    mine = (entry for entry in acl.entries if entry.egress == egress and entry.protocol.lower() in _TCP_OR_EVERY)
    return tuple(sorted(mine, key=lambda entry: entry.rule_number))


def cidrs_of(acl: NetworkAcl) -> set[str]:
    return {cidr for entry in acl.entries for cidr in (entry.cidr, entry.ipv6_cidr) if cidr}


def _denying_rule(entries: Iterable[NetworkAclEntry], port: int) -> int | None:
    for entry in entries:
        low, high = _port_range(entry)
        if low <= port <= high:
            return None if entry.allow else entry.rule_number
    return LAST_RULE


def _matches_peer(entry: NetworkAclEntry, peer: Address) -> bool:
    return contains(entry.cidr, peer) or contains(entry.ipv6_cidr, peer)


def _port_range(entry: NetworkAclEntry) -> tuple[int, int]:
    if entry.protocol == _EVERY:
        return 0, MAX_PORT
    low = 0 if entry.from_port is None else entry.from_port
    high = MAX_PORT if entry.to_port is None else entry.to_port
    return low, high


def _joined(parts: Iterable[Denied]) -> tuple[Denied, ...]:
    joined: list[Denied] = []
    for part in parts:
        last = joined[-1] if joined else None
        if last and last.rule_number == part.rule_number and last.ports.last + 1 == part.ports.first:
            joined[-1] = Denied(Ports(last.ports.first, part.ports.last), part.rule_number)
        else:
            joined.append(part)
    return tuple(joined)
