"""The health path asks for a login since the release."""

from __future__ import annotations

from demo.scenarios.history import quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.world import World

NAME = "health-check-auth-required"
TITLE = "Health check needs a login"
TARGET = "checkout"
REPAIR = "aws ecs update-service {service} --task-definition {definition}"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="health-check-auth-required",
    may=frozenset({"deployment-regression", "deployment-failing-loop"}),
    never=frozenset({"health-check-path-mismatch", "health-check-redirect", "sg-ingress-missing", "task-crash-exit"}),
)
RELEASED_AT_MIN = 15


def build(world: World, account: str) -> None:
    """New tasks answer 401 to the checks and are killed; the old ones serve on."""
    checkout = world.account(account).service("checkout", desired=2)
    quiet_until(world, RELEASED_AT_MIN)
    checkout.deploy("checkout:2", app=App(routes={"/healthz": 401, "*": 200}))
    world.until(0)
