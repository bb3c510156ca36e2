"""The load balancer's own security group no longer lets it out to the tasks."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.world import World

NAME = "egress-missing"
TITLE = "Load balancer may not send to the tasks"
TARGET = "checkout"
REPAIR = (
    "aws ec2 authorize-security-group-egress --group-id {load_balancer_security_group} --protocol all --cidr 0.0.0.0/0"
)
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="sg-egress-missing",
    may=frozenset({"all-targets-unhealthy-fail-open"}),
    never=frozenset({"sg-ingress-missing", "nacl-blocked", "health-check-path-mismatch"}),
)


def build(world: World, account: str) -> None:
    """The rule that allows all traffic out was removed."""
    acct = world.account(account)
    checkout = acct.service("checkout", desired=3)
    quiet_until(world, FAULT_AT_MIN)
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    acct.client("ec2", by="network-admin/console").revoke_security_group_egress(
        GroupId=checkout.load_balancer.security_group, IpPermissions=everything
    )
    world.until(0)
