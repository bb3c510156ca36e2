"""The release listens on another port than the one that ECS registers."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.world import World

NAME = "container-port-mismatch"
TITLE = "Container listens on another port"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="container-port-mismatch",
    may=frozenset(
        {
            "deployment-regression",
            "deployment-failing-loop",
            "deployment-min-healthy-too-low",
            "all-targets-unhealthy-fail-open",
        }
    ),
    never=frozenset({"sg-ingress-missing", "health-check-path-mismatch", "task-crash-exit", "port-not-listening"}),
)

LISTENS = "[2027-01-15 07:50:00 +0000] [1] [INFO] Listening at: http://{address}:{port} (1)"


def build(world: World, account: str) -> None:
    """PORT became 9090, and somebody opened it, while 8080 is mapped and registered; old tasks were stopped first, so
    users get 502."""
    checkout = world.account(account).service(
        "checkout", environment={"PORT": "8080"}, grace_s=1800, minimum_percent=0, maximum_percent=100
    )
    quiet_until(world, FAULT_AT_MIN)
    checkout.allow_ingress(low=9090)
    checkout.deploy("checkout:2", app=App(says=LISTENS), environment={"PORT": "9090"})
    world.until(0)
