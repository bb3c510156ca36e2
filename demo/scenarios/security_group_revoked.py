"""Somebody removed the rule that lets the load balancer reach the tasks."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.repair import LET_LOAD_BALANCER_IN
from demo.scenarios.scenario import Expect
from demo.world.world import World

NAME = "security-group-revoked"
TITLE = "Security group rule revoked"
TARGET = "checkout"
REPAIR = LET_LOAD_BALANCER_IN
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="sg-ingress-missing",
    may=frozenset({"all-targets-unhealthy-fail-open"}),
    never=frozenset({"sg-egress-missing", "nacl-blocked", "health-check-path-mismatch", "deployment-regression"}),
)


def build(world: World, account: str) -> None:
    """All targets time out from ten minutes ago; ECS replaces the tasks in vain."""
    checkout = world.account(account).service("checkout", desired=4)
    quiet_until(world, FAULT_AT_MIN)
    checkout.revoke_ingress()
    world.until(0)
