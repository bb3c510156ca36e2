"""Security groups and network ACLs decide whether a connection passes, in both directions."""

from __future__ import annotations

from typing import Any

import pytest

from demo.world.network import Endpoint, Network
from tests.demo.world.conftest import Incident

PORT = 8080


class Pair:
    """A load balancer node in zone a and a target in zone b, each with a security group."""

    def __init__(self, incident: Incident) -> None:
        self.acct = incident.acct
        self.vpc = incident.acct.vpc()
        self.node_group = incident.acct.security_group("node", self.vpc)
        self.target_group = incident.acct.security_group("target", self.vpc)
        self.node = Endpoint("10.20.1.10", self.vpc.subnets["a"], frozenset({self.node_group}))
        self.target = Endpoint("10.20.2.20", self.vpc.subnets["b"], frozenset({self.target_group}))
        self.ec2 = incident.acct.client("ec2")

    def passes(self, port: int = PORT) -> bool:
        return Network(self.acct.account, self.acct.region).passes(self.node, self.target, port)

    def acl_on(self, zone: str, *entries: dict[str, Any]) -> None:
        acl = self.ec2.create_network_acl(VpcId=self.vpc.id)["NetworkAcl"]["NetworkAclId"]
        for entry in entries:
            self.ec2.create_network_acl_entry(NetworkAclId=acl, **({"CidrBlock": "0.0.0.0/0", "Protocol": "6"} | entry))
        subnet = self.vpc.subnets[zone]
        held = self.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])
        pairs = [pair for acl in held["NetworkAcls"] for pair in acl["Associations"] if pair["SubnetId"] == subnet]
        self.ec2.replace_network_acl_association(AssociationId=pairs[0]["NetworkAclAssociationId"], NetworkAclId=acl)


@pytest.fixture
def pair(incident: Incident) -> Pair:
    return Pair(incident)


def allow(number: int, *, egress: bool, low: int = 0, high: int = 65535, action: str = "allow") -> dict[str, Any]:
    ports = {"From": low, "To": high}
    return {"RuleNumber": number, "Egress": egress, "RuleAction": action, "PortRange": ports}


def test_nothing_comes_in_until_a_rule_says_so(pair: Pair) -> None:
    assert not pair.passes()
    pair.acct.allow(pair.target_group, 8000, 8100, source=pair.node_group)
    assert pair.passes()
    assert not pair.passes(port=8101)


@pytest.mark.parametrize(("cidr", "passes"), [("10.20.1.0/24", True), ("10.20.1.10/32", True), ("10.20.2.0/24", False)])
def test_a_cidr_rule_names_the_node_not_the_target(pair: Pair, cidr: str, passes: bool) -> None:
    pair.acct.allow(pair.target_group, PORT, PORT, source=cidr)
    assert pair.passes() is passes


def test_a_prefix_list_lets_in_what_it_lists(pair: Pair) -> None:
    listed = pair.ec2.create_managed_prefix_list(
        PrefixListName="nodes", MaxEntries=1, AddressFamily="IPv4", Entries=[{"Cidr": "10.20.1.0/28"}]
    )["PrefixList"]["PrefixListId"]
    rule = {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, "PrefixListIds": [{"PrefixListId": listed}]}
    pair.ec2.authorize_security_group_ingress(GroupId=pair.target_group, IpPermissions=[rule])
    assert pair.passes()


def test_a_udp_rule_is_no_tcp_rule(pair: Pair) -> None:
    rule = {"IpProtocol": "udp", "FromPort": PORT, "ToPort": PORT, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    pair.ec2.authorize_security_group_ingress(GroupId=pair.target_group, IpPermissions=[rule])
    assert not pair.passes()


def test_the_node_must_be_let_out(pair: Pair) -> None:
    pair.acct.allow(pair.target_group, PORT, PORT, source=pair.node_group)
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    pair.ec2.revoke_security_group_egress(GroupId=pair.node_group, IpPermissions=everything)
    assert not pair.passes()
    only_there = [{**rule(PORT), "UserIdGroupPairs": [{"GroupId": pair.target_group}]}]
    pair.ec2.authorize_security_group_egress(GroupId=pair.node_group, IpPermissions=only_there)
    assert pair.passes()


def rule(port: int) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}


class TestNetworkAcls:
    @pytest.fixture(autouse=True)
    def groups_allow(self, pair: Pair) -> None:
        pair.acct.allow(pair.target_group, PORT, PORT, source=pair.node_group)

    def test_the_lowest_number_decides(self, pair: Pair) -> None:
        pair.acl_on(
            "b",
            allow(90, egress=False, low=PORT, high=PORT, action="deny"),
            allow(100, egress=False),
            allow(100, egress=True),
        )
        assert not pair.passes()

    def test_the_answer_must_get_out_of_the_target_subnet(self, pair: Pair) -> None:
        pair.acl_on("b", allow(100, egress=False), allow(100, egress=True, low=PORT, high=PORT))
        assert not pair.passes()

    def test_half_of_the_ephemeral_range_is_not_enough(self, pair: Pair) -> None:
        pair.acl_on("b", allow(100, egress=False), allow(100, egress=True, low=32768))
        assert not pair.passes()

    def test_the_answer_must_get_into_the_node_subnet(self, pair: Pair) -> None:
        pair.acl_on("a", allow(100, egress=True), allow(100, egress=False, low=80, high=80))
        assert not pair.passes()

    def test_all_four_ways_open(self, pair: Pair) -> None:
        pair.acl_on("b", allow(100, egress=False, low=PORT, high=PORT), allow(100, egress=True, low=1024))
        assert pair.passes()

    def test_inside_one_subnet_nothing_is_looked_at(self, pair: Pair) -> None:
        pair.acl_on("a")
        pair.target = Endpoint("10.20.1.20", pair.vpc.subnets["a"], pair.target.groups)
        assert pair.passes()
