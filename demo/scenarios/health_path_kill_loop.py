"""The only task is replaced again and again because its health path answers 404."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.world import World

NAME = "health-path-kill-loop"
TITLE = "Health check path answers 404, and the only task is replaced for ever"
TARGET = "checkout"
REPAIR = "aws elbv2 modify-target-group --target-group-arn {target_group} --health-check-path /healthz"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="health-check-path-mismatch",
    may=frozenset({"all-targets-unhealthy-fail-open", "no-registered-targets"}),
    never=frozenset({"deployment-failing-loop", "service-scaled-to-zero", "sg-ingress-missing", "task-crash-exit"}),
)


def build(world: World, account: str) -> None:
    """Between two tasks nobody is registered: users get 503 then, and good answers in between."""
    app = App(routes={"/healthz": 200, "/": 200}, pull_s=25.0)
    checkout = world.account(account).service("checkout", desired=1, app=app, grace_s=0, container_health=True)
    quiet_until(world, FAULT_AT_MIN)
    checkout.set_health_check(HealthCheckPath="/status/ready")
    world.until(0)
