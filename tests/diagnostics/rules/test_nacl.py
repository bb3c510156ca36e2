"""Network ACLs, beside a reference that tries every port one by one."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.facts import NetworkAcl, NetworkAclEntry
from diagnostics.rules.nacl import LAST_RULE, Denied, Ports, denied

CIDRS = ("0.0.0.0/0", "10.0.0.0/24", "10.0.0.16/28", "10.0.0.17/32", "192.0.2.0/24")
PEERS = tuple(IPv4Address(text) for text in ("10.0.0.1", "10.0.0.17", "10.0.0.20", "192.0.2.9"))
SMALL = Ports(20, 60)

entries = st.builds(
    NetworkAclEntry,
    rule_number=st.integers(1, 300),
    egress=st.booleans(),
    protocol=st.sampled_from(("-1", "6", "17")),
    allow=st.booleans(),
    cidr=st.sampled_from(CIDRS),
    from_port=st.integers(0, 40),
    to_port=st.integers(30, 70),
)


def acl(*items: NetworkAclEntry) -> NetworkAcl:
    return NetworkAcl(id="acl-1", vpc_id="vpc-1", is_default=False, subnet_ids=("subnet-1",), entries=items)


def rule(number: int, *, allow: bool, ports: tuple[int, int] | None = None, cidr: str = "0.0.0.0/0") -> NetworkAclEntry:
    first, last = ports or (None, None)
    return NetworkAclEntry(
        rule_number=number,
        egress=False,
        protocol="6" if ports else "-1",
        allow=allow,
        cidr=cidr,
        from_port=first,
        to_port=last,
    )


def by_hand(items: list[NetworkAclEntry], egress: bool, peer: IPv4Address, port: int) -> bool:
    """Whether one packet passes, as the documentation tells it: the lowest number that matches decides."""
    for item in sorted(items, key=lambda one: one.rule_number):
        if item.egress != egress or item.protocol == "17" or peer not in ip_network(str(item.cidr)):
            continue
        if item.protocol == "-1" or (item.from_port or 0) <= port <= (item.to_port or 0):
            return item.allow
    return False


@given(st.lists(entries, max_size=12, unique_by=lambda item: (item.rule_number, item.egress)), st.booleans())
def test_it_agrees_with_trying_every_port(items: list[NetworkAclEntry], egress: bool) -> None:
    for peer in PEERS:
        parts = denied(acl(*items), egress=egress, peer=peer, ports=SMALL)
        closed = {port for part in parts for port in range(part.ports.first, part.ports.last + 1)}
        assert closed == {port for port in range(SMALL.first, SMALL.last + 1) if not by_hand(items, egress, peer, port)}


def test_the_order_of_the_entries_does_not_matter_only_their_numbers_do() -> None:
    allow, deny = rule(100, allow=True), rule(90, allow=False, ports=(8080, 8080))
    for order in ((allow, deny), (deny, allow)):
        assert denied(acl(*order), egress=False, peer=PEERS[0], ports=Ports(8080, 8080)) == (
            Denied(Ports(8080, 8080), 90),
        )


def test_what_nothing_matches_is_denied_by_the_last_rule() -> None:
    (part,) = denied(acl(), egress=True, peer=PEERS[0], ports=Ports(80, 80))
    assert part.rule_number == LAST_RULE


@pytest.mark.parametrize("protocol", ["-1", "6"])
def test_ipv6_entries_do_not_speak_of_ipv4(protocol: str) -> None:
    entry = NetworkAclEntry(rule_number=100, egress=False, protocol=protocol, allow=True, ipv6_cidr="::/0")
    assert denied(acl(entry), egress=False, peer=PEERS[0], ports=Ports(80, 80))
