"""A network ACL entry denies the load balancer in one of the two task subnets."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.builder import AccountBuilder
from demo.world.world import World

NAME = "nacl-blocked"
TITLE = "Network ACL blocks one subnet"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="nacl-blocked",
    never=frozenset({"sg-ingress-missing", "sg-egress-missing", "health-check-timeout-too-short"}),
)


def build(world: World, account: str) -> None:
    """Subnet b gets an ACL of its own that lets everything through but the application's port."""
    acct = world.account(account)
    checkout = acct.service("checkout", desired=4)
    quiet_until(world, FAULT_AT_MIN)
    vpc = checkout.load_balancer.vpc
    restrict_subnet(acct, vpc.id, vpc.subnets["b"], denied_port=checkout.spec.port)
    world.until(0)


def restrict_subnet(acct: AccountBuilder, vpc: str, subnet: str, denied_port: int) -> None:
    """A new network ACL on one subnet: one port denied on the way in, everything else allowed."""
    ec2 = acct.client("ec2", by="network-admin/console")
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    anywhere = {"NetworkAclId": acl, "CidrBlock": "0.0.0.0/0"}
    ports = {"From": denied_port, "To": denied_port}
    ec2.create_network_acl_entry(
        **anywhere, RuleNumber=90, Protocol="6", RuleAction="deny", Egress=False, PortRange=ports
    )
    for egress in (False, True):
        ec2.create_network_acl_entry(**anywhere, RuleNumber=100, Protocol="-1", RuleAction="allow", Egress=egress)
    held = ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])["NetworkAcls"]
    association = next(a for acl in held for a in acl["Associations"] if a["SubnetId"] == subnet)
    ec2.replace_network_acl_association(AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl)
