"""The load balancer got another security group; the tasks still let in the old one."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.repair import LET_LOAD_BALANCER_IN
from demo.scenarios.scenario import Expect
from demo.world.builder import ANYWHERE
from demo.world.world import World

NAME = "sg-stale-reference"
TITLE = "Rule refers to a group the load balancer no longer has"
TARGET = "checkout"
REPAIR = LET_LOAD_BALANCER_IN
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="sg-stale-reference",
    may=frozenset({"all-targets-unhealthy-fail-open"}),
    never=frozenset({"sg-ingress-missing", "sg-egress-missing", "nacl-blocked", "health-check-path-mismatch"}),
)


def build(world: World, account: str) -> None:
    """SetSecurityGroups replaced the group that the tasks' rule names."""
    acct = world.account(account)
    checkout = acct.service("checkout", desired=3)
    balancer = checkout.load_balancer
    group = acct.security_group("public-alb-hardened", balancer.vpc)
    acct.allow(group, balancer.port, balancer.port, source=ANYWHERE)
    quiet_until(world, FAULT_AT_MIN)
    acct.client("elbv2", by="network-admin/console").set_security_groups(
        LoadBalancerArn=balancer.arn, SecurityGroups=[group]
    )
    world.until(0)
