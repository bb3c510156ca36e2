"""The only task cannot be reached any more and is replaced again and again."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.repair import LET_LOAD_BALANCER_IN
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.world import World

NAME = "security-group-kill-loop"
TITLE = "Security group rule revoked, and the only task is replaced for ever"
TARGET = "checkout"
REPAIR = LET_LOAD_BALANCER_IN
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="sg-ingress-missing",
    may=frozenset({"all-targets-unhealthy-fail-open", "no-registered-targets"}),
    never=frozenset({"deployment-failing-loop", "service-scaled-to-zero", "health-check-timeout-too-short"}),
)


def build(world: World, account: str) -> None:
    """The target group is empty, new or timing out, depending on when one looks."""
    checkout = world.account(account).service("checkout", desired=1, app=App(pull_s=25.0), grace_s=0)
    quiet_until(world, FAULT_AT_MIN)
    checkout.revoke_ingress()
    world.until(0)
