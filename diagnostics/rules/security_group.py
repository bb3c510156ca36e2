"""What the rules of security groups let through.

Security groups are stateful and only allow: an interface may receive what any rule of any of its groups admits, and
the answer needs no rule. https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from diagnostics.facts.network import Permission, SecurityGroup
from diagnostics.rules.address_space import Address, contains

Direction = Literal["ingress", "egress"]
MAX_PORT = 65535
MAX_WORDS = 6
"""So many sources or rules are named in a sentence; further ones are counted."""
EVERY_IPV4 = "0.0.0.0/0"
_TCP = frozenset({"tcp", "6"})
_EVERY = "-1"


@dataclass(frozen=True, slots=True)
class OtherSide:
    """The other end of a connection. `groups` None: which groups it wears is not known."""

    address: Address | None
    groups: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a connection is admitted; with `unknown`, what would have to be read to tell."""

    answer: Literal["yes", "no", "unknown"]
    missing: tuple[str, ...] = ()


def admission(
    groups: Iterable[SecurityGroup],
    direction: Direction,
    port: int,
    other: OtherSide,
    prefix_lists: Mapping[str, tuple[str, ...]],
) -> Admission:
    """Whether any of the groups admits TCP on this port with this other side."""
    missing: list[str] = []
    for permission in permissions(groups, direction):
        if not covers_port(permission, port):
            continue
        if _names_side(permission, other, prefix_lists):
            return Admission("yes")
        missing.extend(_open_questions(permission, other, prefix_lists))
    return Admission("unknown", tuple(dict.fromkeys(missing))) if missing else Admission("no")


def permissions(groups: Iterable[SecurityGroup], direction: Direction) -> Iterator[Permission]:
    for group in groups:
        yield from group.ingress if direction == "ingress" else group.egress


def covers_port(permission: Permission, port: int) -> bool:
    """True when the permission speaks of TCP on this port; protocol ``-1`` means everything, whatever its ports."""
    low, high = port_range(permission)
    return is_tcp(permission) and low <= port <= high


def port_range(permission: Permission) -> tuple[int, int]:
    """The ports of a TCP permission; absent or -1 means every port."""
    low, high = permission.from_port, permission.to_port
    if permission.protocol == _EVERY:
        return 0, MAX_PORT
    return 0 if low is None or low < 0 else low, MAX_PORT if high is None or high < 0 else high


def is_tcp(permission: Permission) -> bool:
    return permission.protocol == _EVERY or permission.protocol.lower() in _TCP


def cidrs_of(groups: Iterable[SecurityGroup], direction: Direction, lists: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Every range that the rules mention, prefix lists included: the edges at which their answer can change."""
    return {
        cidr
        for permission in permissions(groups, direction)
        for cidr in (
            *permission.cidrs,
            *permission.ipv6_cidrs,
            *(entry for name in permission.prefix_list_ids for entry in lists.get(name, ())),
        )
    }


def named_groups(permission: Permission) -> frozenset[str]:
    """Groups that the rule names and that still stand: a reference over a deleted peering admits nobody."""
    return frozenset(ref.group_id for ref in permission.groups if ref.peering_status in {None, "", "active"})


def in_words(permission: Permission, preposition: Literal["from", "to"]) -> str:
    """``tcp 8080 from sg-0a1b, 10.0.0.0/16``."""
    sources = [
        *(reference.group_id for reference in permission.groups),
        *permission.cidrs,
        *permission.ipv6_cidrs,
        *permission.prefix_list_ids,
    ]
    more = f" and {len(sources) - MAX_WORDS} more" if len(sources) > MAX_WORDS else ""
    return f"{_ports_in_words(permission)} {preposition} {', '.join(sources[:MAX_WORDS]) or 'nobody'}{more}"


def rules_in_words(rules: Iterable[Permission], preposition: Literal["from", "to"]) -> str:
    """The rules, joined; ``no rule at all`` when there is none."""
    words = [in_words(rule, preposition) for rule in rules]
    more = f"; {len(words) - MAX_WORDS} more" if len(words) > MAX_WORDS else ""
    return f"{'; '.join(words[:MAX_WORDS])}{more}" if words else "no rule at all"


def _ports_in_words(permission: Permission) -> str:
    if permission.protocol == _EVERY:
        return "everything"
    low, high = port_range(permission)
    protocol = "tcp" if permission.protocol.lower() in _TCP else permission.protocol
    return f"{protocol} {low}" if low == high else f"{protocol} {low}-{high}"


def _names_side(permission: Permission, other: OtherSide, lists: Mapping[str, tuple[str, ...]]) -> bool:
    if other.groups and named_groups(permission) & other.groups:
        return True
    if other.address is None:
        return EVERY_IPV4 in permission.cidrs
    ranges = [*permission.cidrs, *permission.ipv6_cidrs]
    ranges += [cidr for name in permission.prefix_list_ids for cidr in lists.get(name, ())]
    return any(contains(cidr, other.address) for cidr in ranges)


def _open_questions(permission: Permission, other: OtherSide, lists: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    yield from (f"the entries of prefix list {name}" for name in permission.prefix_list_ids if name not in lists)
    if other.groups is None and permission.groups:
        yield "which security groups the other side has"
    if other.address is None and (permission.cidrs or permission.ipv6_cidrs or permission.prefix_list_ids):
        yield "the address of the other side"


def letting_in(groups: Sequence[str], ports: Sequence[int | str], sources: Sequence[str]) -> str:
    """The command that lets one security group into another; the first of several is enough."""
    group = groups[0] if groups else "GROUP"
    port = ports[0] if len(ports) == 1 else "PORT"
    source = sources[0] if sources else "LOAD-BALANCER-GROUP"
    return (
        f"aws ec2 authorize-security-group-ingress --group-id {group} --protocol tcp --port {port}"
        f" --source-group {source}"
    )
