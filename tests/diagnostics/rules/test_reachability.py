"""Whole paths, beside a slow reference that sends one packet at a time."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.facts import (
    GroupReference,
    HealthCheck,
    LoadBalancer,
    LoadBalancers,
    NetworkAcl,
    NetworkAclEntry,
    NetworkAcls,
    NetworkInterface,
    NetworkInterfaces,
    Permission,
    SecurityGroup,
    Subnet,
    Subnets,
    Target,
    TargetGroup,
    TargetGroupAttributes,
    TargetGroups,
    TargetHealth,
    ZoneMapping,
)
from diagnostics.rules.reachability import Allowed, Blocked, Path, Undecided, paths, ports_of
from diagnostics.rules.terrain import Terrain
from tests.fuzzing import examples

LB = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/shop/1"
TG = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/checkout/1"
PORT = 8080
NODES = {"10.0.1.10": "public-a", "10.0.1.11": "public-a", "10.0.2.10": "public-b"}
TARGETS = {"10.0.3.20": "private-a", "10.0.2.20": "public-b"}
SUBNETS = {"public-a": "10.0.1.0/24", "public-b": "10.0.2.0/24", "private-a": "10.0.3.0/24"}
BLOCK = 1024
"""Port ranges of the generated entries begin and end at multiples of it, so one port speaks for each block."""

cidrs = st.sampled_from(("0.0.0.0/0", "10.0.0.0/16", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24", "10.0.1.10/32"))
permissions = st.builds(
    Permission,
    protocol=st.sampled_from(("-1", "tcp", "udp")),
    from_port=st.sampled_from((80, PORT, 1)),
    to_port=st.sampled_from((PORT, 9000)),
    cidrs=st.lists(cidrs, max_size=1).map(tuple),
    groups=st.lists(
        st.builds(GroupReference, group_id=st.sampled_from(("sg-lb", "sg-task", "sg-gone"))), max_size=1
    ).map(tuple),
)
entries = st.builds(
    lambda number, egress, allow, cidr, first, blocks: NetworkAclEntry(
        rule_number=number,
        egress=egress,
        protocol="6" if first is not None else "-1",
        allow=allow,
        cidr=cidr,
        from_port=None if first is None else first * BLOCK,
        to_port=None if first is None else min((first + blocks) * BLOCK - 1, 65535),
    ),
    st.integers(1, 200),
    st.booleans(),
    st.booleans(),
    cidrs,
    st.one_of(st.none(), st.integers(0, 60)),
    st.integers(1, 64),
)
acl_entries = st.lists(entries, max_size=5, unique_by=lambda item: (item.rule_number, item.egress))


def allow_all(number: int = 32000) -> list[NetworkAclEntry]:
    return [
        NetworkAclEntry(rule_number=number, egress=egress, protocol="-1", allow=True, cidr="0.0.0.0/0")
        for egress in (False, True)
    ]


def interface(name: str, ip: str, subnet: str, group: str, description: str = "") -> NetworkInterface:
    return NetworkInterface(
        id=name, subnet_id=subnet, vpc_id="vpc-1", private_ips=(ip,), security_groups=(group,), description=description
    )


def terrain(
    egress: list[Permission], ingress: list[Permission], acls: dict[str, list[NetworkAclEntry]], **changes: object
) -> Terrain:
    zones = (ZoneMapping(zone="a", subnet_id="public-a"), ZoneMapping(zone="b", subnet_id="public-b"))
    balancer = LoadBalancer(
        arn=LB,
        name="shop",
        dns_name="shop",
        scheme="internal",
        type="application",
        state="active",
        vpc_id="vpc-1",
        security_groups=("sg-lb",),
        zones=zones,
    )
    check = HealthCheck(
        protocol="HTTP",
        port="traffic-port",
        path="/",
        interval_s=30,
        timeout_s=5,
        healthy_threshold=5,
        unhealthy_threshold=2,
    )
    group = TargetGroup(
        arn=TG, name="checkout", target_type="ip", protocol="HTTP", protocol_version="HTTP1", port=80, vpc_id="vpc-1",
        health_check=check, load_balancer_arns=(LB,),
    )  # fmt: skip
    targets = tuple(Target(id=ip, port=PORT, zone="a", state="healthy") for ip in TARGETS)
    nodes = [interface(f"n{ip}", ip, subnet, "sg-lb", "ELB app/shop/1") for ip, subnet in NODES.items()]
    tasks = [interface(f"t{ip}", ip, subnet, "sg-task") for ip, subnet in TARGETS.items()]
    known: dict[str, object] = {
        "load_balancers": LoadBalancers(items=(balancer,)),
        "target_groups": TargetGroups(items=(group,)),
        "health": TargetHealth(by_group={TG: targets}),
        "security_groups": {
            "sg-lb": SecurityGroup(id="sg-lb", name="lb", egress=tuple(egress)),
            "sg-task": SecurityGroup(id="sg-task", name="task", ingress=tuple(ingress)),
        },
        "prefix_lists": {},
        "interfaces": NetworkInterfaces(items=(*nodes, *tasks)),
        "subnets": Subnets(
            by_id={name: Subnet(id=name, vpc_id="vpc-1", zone="a", cidr=cidr) for name, cidr in SUBNETS.items()}
        ),
        "acls": NetworkAcls(
            items=tuple(
                NetworkAcl(
                    id=f"acl-{name}", vpc_id="vpc-1", is_default=False, subnet_ids=(name,),
                    entries=tuple(acls.get(name, allow_all())),
                )
                for name in SUBNETS
            )
        ),
    }  # fmt: skip
    return Terrain(**{**known, **changes})  # type: ignore[arg-type]


def open_for(source: str) -> list[Permission]:
    return [Permission(protocol="tcp", from_port=PORT, to_port=PORT, cidrs=(source,))]


ANYWHERE = [Permission(protocol="-1", cidrs=("0.0.0.0/0",))]


def group_passes(rules: list[Permission], worn: str, place: str) -> bool:
    for rule in rules:
        if rule.protocol == "udp":
            continue
        if rule.protocol == "tcp" and not (rule.from_port or 0) <= PORT <= (rule.to_port or 0):
            continue
        if any(ref.group_id == worn for ref in rule.groups):
            return True
        if any(ip_address(place) in ip_network(cidr) for cidr in rule.cidrs):
            return True
    return False


def acl_passes(items: list[NetworkAclEntry], egress: bool, place: str, port: int) -> bool:
    for item in sorted(items, key=lambda one: one.rule_number):
        of_port = item.from_port is None or item.from_port <= port <= (item.to_port or 0)
        if of_port and item.egress == egress and ip_address(place) in ip_network(str(item.cidr)):
            return item.allow
    return False


def packet_passes(
    egress: list[Permission],
    ingress: list[Permission],
    acls: dict[str, list[NetworkAclEntry]],
    node: str,
    target: str,
    return_port: int,
) -> bool:
    """One connection from one node, the answer coming back to one port."""
    near, far = NODES[node], TARGETS[target]
    if not group_passes(egress, "sg-task", target) or not group_passes(ingress, "sg-lb", node):
        return False
    if near == far:
        return True
    return (
        acl_passes(acls[near], True, target, PORT)
        and acl_passes(acls[far], False, node, PORT)
        and acl_passes(acls[far], True, node, return_port)
        and acl_passes(acls[near], False, target, return_port)
    )


@examples(100)
@given(
    st.lists(permissions, max_size=3),
    st.lists(permissions, max_size=3),
    st.fixed_dictionaries(dict.fromkeys(SUBNETS, acl_entries)),
    st.booleans(),
)
def test_a_path_is_blocked_exactly_when_some_packet_is(
    egress: list[Permission],
    ingress: list[Permission],
    acls: dict[str, list[NetworkAclEntry]],
    with_default: bool,
) -> None:
    every = {name: [*items, *(allow_all() if with_default else [])] for name, items in acls.items()}
    for path in paths(terrain(egress, ingress, every)):
        nodes = [node for node, subnet in NODES.items() if subnet == path.subnet_id]
        passes = [
            packet_passes(egress, ingress, every, node, path.target.id, port)
            for node in nodes
            for port in range(BLOCK, 65536, BLOCK)
        ]
        assert isinstance(path.verdict, Allowed if all(passes) else Blocked), path
        if not any(passes) and isinstance(path.ingress, Allowed) and isinstance(path.egress, Allowed):
            assert isinstance(path.acl, Blocked)


def only(found: tuple[Path, ...], zone: str, target: str) -> Path:
    (path,) = (path for path in found if path.zone == zone and path.target.id == target)
    return path


def test_every_zone_reaches_for_every_target() -> None:
    found = paths(terrain(ANYWHERE, ANYWHERE, {}))
    assert {(path.zone, path.target.id) for path in found} == {(zone, ip) for zone in "ab" for ip in TARGETS}
    assert all(path.verdict == Allowed() for path in found)


def test_without_cross_zone_only_the_own_zone_does() -> None:
    off = TargetGroupAttributes(by_arn={TG: {"load_balancing.cross_zone.enabled": "false"}})
    assert {path.zone for path in paths(terrain(ANYWHERE, ANYWHERE, {}, attributes=off))} == {"a"}


def test_an_acl_does_not_filter_inside_its_subnet() -> None:
    found = paths(terrain(ANYWHERE, ANYWHERE, {"public-b": []}))
    assert only(found, "b", "10.0.2.20").verdict == Allowed()
    assert isinstance(only(found, "a", "10.0.2.20").verdict, Blocked)


def test_rules_that_list_todays_nodes_are_told_apart_from_ranges() -> None:
    listed = [Permission(protocol="tcp", from_port=PORT, to_port=PORT, cidrs=tuple(f"{node}/32" for node in NODES))]
    path = only(paths(terrain(ANYWHERE, listed, {})), "a", "10.0.3.20")
    assert path.ingress == Allowed(pinned=("10.0.1.10", "10.0.1.11"))


def test_one_node_of_a_zone_left_out_blocks_part_of_it() -> None:
    path = only(paths(terrain(ANYWHERE, open_for("10.0.1.10/32"), {})), "a", "10.0.3.20")
    assert isinstance(path.ingress, Blocked)
    assert path.ingress.partly


@pytest.mark.parametrize(
    ("source", "expected"), [("10.0.1.0/24", Allowed), ("10.0.1.0/25", Undecided), ("192.0.2.0/24", Blocked)]
)
def test_without_the_nodes_addresses_the_subnet_decides(source: str, expected: type) -> None:
    tasks = tuple(interface(f"t{ip}", ip, subnet, "sg-task") for ip, subnet in TARGETS.items())
    found = paths(terrain(ANYWHERE, open_for(source), {}, interfaces=NetworkInterfaces(items=tasks)))
    assert isinstance(only(found, "a", "10.0.3.20").ingress, expected)


def test_what_was_not_read_is_undecided_and_says_what_is_missing() -> None:
    (first, *_) = paths(replace(terrain(ANYWHERE, ANYWHERE, {}), security_groups={}, acls=None))
    assert first.ingress == Undecided(("the rules of sg-task",))
    assert isinstance(first.egress, Undecided)
    assert isinstance(first.acl, Undecided)
    assert isinstance(first.verdict, Undecided)
    (first, *_) = paths(terrain(ANYWHERE, ANYWHERE, {}, interfaces=None))
    assert first.ingress == Undecided(("the target's security groups",))


def test_a_single_denied_return_port_does_not_matter() -> None:
    deny = NetworkAclEntry(
        rule_number=1, egress=False, protocol="6", allow=False, cidr="0.0.0.0/0", from_port=3389, to_port=3389
    )
    found = paths(terrain(ANYWHERE, ANYWHERE, {"public-a": [deny, *allow_all()]}))
    assert all(path.verdict == Allowed() for path in found)


def test_targets_without_connections_have_no_paths() -> None:
    idle = tuple(Target(id="10.0.3.20", port=PORT, state=state) for state in ("unused", "draining", "unavailable"))
    assert paths(terrain([], [], {}, health=TargetHealth(by_group={TG: idle}))) == ()


def test_ports_of_requests_and_of_health_checks() -> None:
    group = terrain([], [], {}).target_groups.items[0]
    both = frozenset({"traffic", "health-check"})
    assert ports_of(group, Target(id="10.0.3.20", port=1, state="healthy")) == {1: both}
    assert ports_of(group, Target(id="10.0.3.20", port=1, state="healthy", health_check_port="1")) == {1: both}
    assert ports_of(group, Target(id="10.0.3.20", port=1, state="healthy", health_check_port="2")) == {
        1: frozenset({"traffic"}),
        2: frozenset({"health-check"}),
    }
