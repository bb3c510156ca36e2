"""The process lives but no longer listens."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.world import World

NAME = "port-not-listening"
TITLE = "Nothing listens on the container port"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="port-not-listening",
    may=frozenset({"all-targets-unhealthy-fail-open"}),
    never=frozenset({"sg-ingress-missing", "container-port-mismatch", "task-crash-exit", "deployment-regression"}),
)


def build(world: World, account: str) -> None:
    """Connections are refused; nobody deployed, and the long grace period keeps ECS from replacing the tasks."""
    checkout = world.account(account).service("checkout", desired=3, grace_s=7200)
    quiet_until(world, FAULT_AT_MIN)
    checkout.change_app(loopback_only=True)
    world.until(0)
