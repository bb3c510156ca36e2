"""The release dies of a segmentation fault in a native library."""

from __future__ import annotations

from demo.scenarios.history import quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.world import World

NAME = "segfault-after-deploy"
TITLE = "Segmentation fault after a deployment"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="task-segfault-abort",
    may=frozenset({"deployment-regression", "deployment-failing-loop"}),
    never=frozenset({"task-crash-exit", "task-oom-killed", "sg-ingress-missing"}),
)
RELEASED_AT_MIN = 15


def build(world: World, account: str) -> None:
    """Exit code 139 within seconds of every start."""
    checkout = world.account(account).service("checkout", desired=2)
    quiet_until(world, RELEASED_AT_MIN)
    checkout.deploy("checkout:2", app=App(crash_after_s=9, exit_code=139))
    world.until(0)
