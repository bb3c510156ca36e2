"""The release listens on another port, and ECS replaces its tasks again and again."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.world import World

NAME = "port-mismatch-kill-loop"
TITLE = "Wrong port, and tasks that are replaced for ever"
TARGET = "checkout"
REPAIR = "aws ecs update-service {service} --task-definition {definition}"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="container-port-mismatch",
    may=frozenset({"deployment-regression", "deployment-failing-loop"}),
    never=frozenset({"sg-ingress-missing", "health-check-grace-period-too-short", "task-crash-exit"}),
)


def build(world: World, account: str) -> None:
    """PORT became 9090; the old tasks go on serving, each new one is killed after a minute or two."""
    checkout = world.account(account).service("checkout", environment={"PORT": "8080"}, grace_s=30)
    quiet_until(world, FAULT_AT_MIN)
    checkout.deploy("checkout:2", app=App(), environment={"PORT": "9090"})
    world.until(0)
