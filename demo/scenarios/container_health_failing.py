"""The container's own health check fails in the new image; the load balancer's passes."""

from __future__ import annotations

from demo.scenarios.history import quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.world import World

NAME = "container-health-failing"
TITLE = "Container health check fails"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="container-health-check-failing",
    may=frozenset({"deployment-regression", "deployment-failing-loop"}),
    never=frozenset({"health-check-path-mismatch", "sg-ingress-missing", "task-crash-exit"}),
)
RELEASED_AT_MIN = 15


def build(world: World, account: str) -> None:
    """The slimmer image has no curl, which the command needs."""
    checkout = world.account(account).service("checkout", desired=2, container_health=True)
    quiet_until(world, RELEASED_AT_MIN)
    checkout.deploy("checkout:2-slim", app=App(container_healthy=False))
    world.until(0)
