"""A release needs more memory than its tasks have."""

from __future__ import annotations

from demo.scenarios.history import quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.world import World

NAME = "oom-after-deployment"
TITLE = "Out of memory after a deployment"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="task-oom-killed",
    may=frozenset(
        {"deployment-regression", "deployment-failing-loop", "deployment-min-healthy-too-low", "no-registered-targets"}
    ),
    never=frozenset({"sg-ingress-missing", "health-check-path-mismatch", "task-crash-exit", "image-pull-failed"}),
)
RELEASED_AT_MIN = 14


def build(world: World, account: str) -> None:
    """The new tasks pass their checks, take over, grow for two minutes and are killed, again and again."""
    checkout = world.account(account).service("checkout", desired=2)
    quiet_until(world, RELEASED_AT_MIN)
    checkout.deploy("checkout:2", app=App(memory_mib=900, memory_grows_for_s=120))
    world.until(0)
