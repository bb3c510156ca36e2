"""Security group rules, beside a reference that knows only single addresses and ports."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.facts import GroupReference, Permission, SecurityGroup
from diagnostics.rules.address_space import representatives
from diagnostics.rules.security_group import OtherSide, admission, cidrs_of, rules_in_words

LISTS = {"pl-known": ("10.9.0.0/16",)}
GROUPS = ("sg-lb", "sg-other")
CIDRS = ("0.0.0.0/0", "10.0.0.0/24", "10.0.0.64/26", "10.0.0.10/32", "10.9.0.0/24")
IPV6 = ("::/0", "2001:db8::/64")
ADDRESSES = ("10.0.0.10", "10.0.0.70", "10.9.0.1", "172.16.0.1", "2001:db8::5", "2001:db9::5")

references = st.builds(
    GroupReference,
    group_id=st.sampled_from(GROUPS),
    peering_status=st.sampled_from((None, "active", "deleted", "expired")),
)
rules = st.builds(
    Permission,
    protocol=st.sampled_from(("-1", "tcp", "6", "udp", "icmp")),
    from_port=st.sampled_from((None, -1, 0, 80, 8080)),
    to_port=st.sampled_from((None, -1, 80, 8080, 65535)),
    cidrs=st.lists(st.sampled_from(CIDRS), max_size=2).map(tuple),
    ipv6_cidrs=st.lists(st.sampled_from(IPV6), max_size=1).map(tuple),
    prefix_list_ids=st.lists(st.sampled_from(("pl-known", "pl-unknown")), max_size=2).map(tuple),
    groups=st.lists(references, max_size=2).map(tuple),
)


def by_hand(permissions: list[Permission], port: int, place: str, worn: set[str]) -> str:
    """One connection from one address: yes, no, or unknown when only an unread prefix list could let it in."""
    answer = "no"
    for rule in permissions:
        if rule.protocol not in {"-1", "tcp", "6"}:
            continue
        if rule.protocol != "-1":
            low = rule.from_port if rule.from_port not in {None, -1} else 0
            high = rule.to_port if rule.to_port not in {None, -1} else 65535
            if not int(low or 0) <= port <= int(high or 0):
                continue
        ranges = [*rule.cidrs, *rule.ipv6_cidrs, *(LISTS["pl-known"] if "pl-known" in rule.prefix_list_ids else ())]
        named = {ref.group_id for ref in rule.groups if ref.peering_status in {None, "active"}}
        same = [ip_network(item) for item in ranges if ip_network(item).version == ip_address(place).version]
        if named & worn or any(ip_address(place) in item for item in same):
            return "yes"
        if "pl-unknown" in rule.prefix_list_ids:
            answer = "unknown"
    return answer


@given(
    st.lists(st.lists(rules, max_size=4), min_size=1, max_size=3),
    st.sampled_from((80, 443, 8080)),
    st.sampled_from(ADDRESSES),
    st.sets(st.sampled_from(GROUPS)),
)
def test_it_agrees_with_the_reference(each: list[list[Permission]], port: int, place: str, worn: set[str]) -> None:
    groups = [SecurityGroup(id=f"sg-{n}", name="", ingress=tuple(rules)) for n, rules in enumerate(each)]
    other = OtherSide(ip_address(place), frozenset(worn))
    expected = by_hand([rule for rules in each for rule in rules], port, place, worn)
    assert admission(groups, "ingress", port, other, LISTS).answer == expected


@given(st.lists(rules, max_size=5), st.sampled_from((80, 8080)))
def test_one_address_speaks_for_its_piece_of_a_subnet(permissions: list[Permission], port: int) -> None:
    """Whatever holds for all representatives holds for every address of the subnet, and the other way round."""
    group = SecurityGroup(id="sg-1", name="", ingress=tuple(permissions))
    subnet = ip_network("10.0.0.0/25")
    few = representatives(subnet, cidrs_of([group], "ingress", LISTS))

    def answers(places: object) -> set[str]:
        assert hasattr(places, "__iter__")
        return {admission([group], "ingress", port, OtherSide(place, frozenset()), LISTS).answer for place in places}

    assert answers(few) == answers(subnet)


def test_protocol_minus_one_ignores_its_ports() -> None:
    rule = Permission(protocol="-1", from_port=22, to_port=22, cidrs=("10.0.0.0/8",))
    group = SecurityGroup(id="sg-1", name="", ingress=(rule,))
    assert admission([group], "ingress", 8080, OtherSide(ip_address("10.0.0.1"), None), {}).answer == "yes"


def test_an_unknown_other_side_leaves_a_reference_undecided() -> None:
    rule = Permission(protocol="tcp", from_port=80, to_port=80, groups=(GroupReference(group_id="sg-lb"),))
    group = SecurityGroup(id="sg-1", name="", egress=(rule,))
    found = admission([group], "egress", 80, OtherSide(ip_address("10.0.0.1"), None), {})
    assert found.answer == "unknown"
    assert found.missing == ("which security groups the other side has",)


@pytest.mark.parametrize(("number", "says"), [(0, "no rule at all"), (8, "2 more")])
def test_rules_are_told_in_bounded_words(number: int, says: str) -> None:
    rule = Permission(protocol="tcp", from_port=80, to_port=90, cidrs=("10.0.0.0/8",))
    assert says in rules_in_words([rule] * number, "from")
