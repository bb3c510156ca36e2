"""The release ends itself with exit code 1 shortly after it starts."""

from __future__ import annotations

from demo.scenarios.history import quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.world import World

NAME = "crash-loop-after-deploy"
TITLE = "Crash loop after a deployment"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="task-crash-exit",
    may=frozenset({"deployment-regression", "deployment-failing-loop", "deployment-min-healthy-too-low"}),
    never=frozenset({"task-oom-killed", "sg-ingress-missing", "image-pull-failed", "health-check-path-mismatch"}),
)
RELEASED_AT_MIN = 15


def build(world: World, account: str) -> None:
    """New tasks die before they are healthy, so the old ones stay."""
    checkout = world.account(account).service("checkout", desired=3)
    quiet_until(world, RELEASED_AT_MIN)
    checkout.deploy("checkout:2", app=App(boot_s=30, crash_after_s=14, exit_code=1))
    world.until(0)
