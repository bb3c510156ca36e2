"""The application itself answers 500 to its users while its health check is content."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.world import World

NAME = "target-5xx"
TITLE = "The application answers 500"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="target-generated-5xx",
    never=frozenset({"sg-ingress-missing", "health-check-app-error", "task-crash-exit", "deployment-regression"}),
)


def build(world: World, account: str) -> None:
    """Something behind it broke; nobody deployed."""
    checkout = world.account(account).service("checkout", desired=3)
    quiet_until(world, FAULT_AT_MIN)
    checkout.change_app(routes={"/healthz": 200, "*": 500})
    world.until(0)
