"""A deployment that may stop everything first leaves users without a target."""

from __future__ import annotations

from demo.scenarios.history import quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.world import World

NAME = "min-healthy-gap"
TITLE = "Deployment stops old tasks before new ones are ready"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="deployment-min-healthy-too-low",
    may=frozenset({"deployment-gap", "no-registered-targets", "all-targets-unhealthy-fail-open"}),
    never=frozenset({"sg-ingress-missing", "task-crash-exit", "deployment-failing-loop", "service-scaled-to-zero"}),
)
RELEASED_AT_MIN = 1.2


def build(world: World, account: str) -> None:
    """With minimum 0 both tasks went at once, and the new ones take two minutes to start."""
    checkout = world.account(account).service(
        "checkout", desired=2, minimum_percent=0, maximum_percent=100, grace_s=300
    )
    quiet_until(world, RELEASED_AT_MIN)
    checkout.deploy("checkout:2", app=App(boot_s=120))
    world.until(0)
