"""A network ACL entry denies the load balancer in one of the two task subnets."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.network_acls import deny_port
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
    ec2 = acct.client("ec2", by="network-admin/console")
    deny_port(ec2, checkout.load_balancer.vpc.subnets["b"], checkout.spec.port)
    world.until(0)
