"""Somebody scaled the service to zero and forgot it."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.world import World

NAME = "scaled-to-zero"
TITLE = "Service scaled to zero"
TARGET = "checkout"
REPAIR = "aws ecs update-service {service} --desired-count 3"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="service-scaled-to-zero",
    may=frozenset({"no-registered-targets"}),
    never=frozenset({"task-crash-exit", "sg-ingress-missing", "service-target-group-mismatch", "manual-stop-task"}),
)


def build(world: World, account: str) -> None:
    """The target group is empty: every request is answered 503."""
    checkout = world.account(account).service("checkout", desired=3)
    quiet_until(world, FAULT_AT_MIN)
    checkout.scale(0, by="cost-saver/nightly-schedule")
    world.until(0)
