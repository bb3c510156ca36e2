"""The health check was pointed at a path that the application does not have."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.world import World

NAME = "wrong-health-path"
TITLE = "Health check path answers 404"
TARGET = "checkout"
REPAIR = "aws elbv2 modify-target-group --target-group-arn {target_group} --health-check-path /healthz"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="health-check-path-mismatch",
    may=frozenset({"all-targets-unhealthy-fail-open"}),
    never=frozenset({"sg-ingress-missing", "task-crash-exit", "deployment-regression"}),
)


def build(world: World, account: str) -> None:
    """Targets answer 404 to the checks while users are served, because the load balancer fails open."""
    app = App(routes={"/healthz": 200, "/": 200, "/cart": 200})
    checkout = world.account(account).service("checkout", desired=3, app=app, container_health=True)
    quiet_until(world, FAULT_AT_MIN)
    checkout.set_health_check(HealthCheckPath="/status/ready")
    world.until(0)
