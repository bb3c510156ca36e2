"""Network ACLs of single subnets, changed through the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from demo.world.builder import ANYWHERE


def deny_port(ec2: Any, subnet: str, port: int) -> None:
    """Gives a subnet a network ACL of its own: one port is denied on the way in, everything else is allowed."""
    filters = [{"Name": "association.subnet-id", "Values": [subnet]}]
    held = ec2.describe_network_acls(Filters=filters)["NetworkAcls"][0]
    made = ec2.create_network_acl(VpcId=held["VpcId"])["NetworkAcl"]["NetworkAclId"]
    anywhere = {"NetworkAclId": made, "CidrBlock": ANYWHERE}
    ports = {"From": port, "To": port}
    ec2.create_network_acl_entry(
        **anywhere, RuleNumber=90, Protocol="6", RuleAction="deny", Egress=False, PortRange=ports
    )
    for egress in (False, True):
        ec2.create_network_acl_entry(**anywhere, RuleNumber=100, Protocol="-1", RuleAction="allow", Egress=egress)
    associate(ec2, held, made, subnet)


def associate(ec2: Any, held: Mapping[str, Any], acl: str, subnet: str) -> None:
    """Gives a subnet another network ACL than `held`, the one that it has."""
    association = next(one["NetworkAclAssociationId"] for one in held["Associations"] if one["SubnetId"] == subnet)
    ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)
