"""The service was spread to a zone in which the load balancer has no node."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.world import World

NAME = "az-not-enabled"
TITLE = "Tasks in a zone that the load balancer lacks"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="az-not-enabled",
    never=frozenset({"sg-ingress-missing", "health-check-path-mismatch", "nacl-blocked", "task-crash-exit"}),
)


def build(world: World, account: str) -> None:
    """Zone c was taken from the load balancer; a third of the tasks live there, protected by a long grace period."""
    acct = world.account(account)
    vpc = acct.vpc(zones=("a", "b", "c"))
    checkout = acct.service("checkout", desired=6, grace_s=7200)
    quiet_until(world, FAULT_AT_MIN)
    acct.client("elbv2", by="network-admin/console").set_subnets(
        LoadBalancerArn=checkout.load_balancer.arn, Subnets=vpc.pick(("a", "b"))
    )
    world.until(0)
