"""The application began to redirect plain requests, health checks included."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.world import World

NAME = "health-check-redirect"
TITLE = "Health check is redirected"
TARGET = "checkout"
REPAIR = "aws elbv2 modify-target-group --target-group-arn {target_group} --health-check-path /healthz/"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="health-check-redirect",
    may=frozenset({"all-targets-unhealthy-fail-open"}),
    never=frozenset({"health-check-path-mismatch", "health-check-auth-required", "sg-ingress-missing"}),
)


def build(world: World, account: str) -> None:
    """Only `/healthz/` with the slash answers 200; somebody dropped the slash."""
    app = App(routes={"/healthz/": 200, "/healthz": 301, "*": 200})
    checkout = world.account(account).service(
        "checkout", desired=3, app=app, health_path="/healthz/", container_health=True
    )
    quiet_until(world, FAULT_AT_MIN)
    checkout.set_health_check(HealthCheckPath="/healthz")
    world.until(0)
