"""The release boots longer than the grace period allows."""

from __future__ import annotations

from demo.scenarios.history import quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.world import World

NAME = "slow-start-kill-loop"
TITLE = "Grace period shorter than the start"
TARGET = "checkout"
REPAIR = "aws ecs update-service {service} --health-check-grace-period-seconds 300"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="health-check-grace-period-too-short",
    may=frozenset({"deployment-regression", "deployment-failing-loop"}),
    never=frozenset({"sg-ingress-missing", "task-crash-exit", "container-port-mismatch", "image-pull-failed"}),
)
RELEASED_AT_MIN = 20


def build(world: World, account: str) -> None:
    """It needs 150 seconds to listen and is killed after little more than 60."""
    checkout = world.account(account).service("checkout", desired=2, grace_s=60)
    quiet_until(world, RELEASED_AT_MIN)
    checkout.deploy("checkout:2", app=App(boot_s=150))
    world.until(0)
