"""A service with one task was deployed, and for a minute nobody answered."""

from __future__ import annotations

from demo.scenarios.history import quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.world import World

NAME = "deployment-gap"
TITLE = "Deployment of the only task leaves a gap"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="deployment-min-healthy-too-low",
    also=frozenset({"deployment-gap"}),
    may=frozenset({"no-registered-targets"}),
    never=frozenset({"sg-ingress-missing", "task-crash-exit", "deployment-failing-loop", "service-scaled-to-zero"}),
)
RELEASED_AT_MIN = 8.0


def build(world: World, account: str) -> None:
    """With minimum 0 the old task went first; the release itself is sound and serves now."""
    checkout = world.account(account).service(
        "checkout", desired=1, minimum_percent=0, maximum_percent=100, grace_s=120
    )
    quiet_until(world, RELEASED_AT_MIN)
    checkout.deploy("checkout:2", app=App(pull_s=45, boot_s=8))
    world.until(0)
