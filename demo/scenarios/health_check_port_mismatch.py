"""The health check was sent to a port on which nothing listens."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.world import World

NAME = "health-check-port-mismatch"
TITLE = "Health check goes to a wrong port"
TARGET = "checkout"
REPAIR = "aws elbv2 modify-target-group --target-group-arn {target_group} --health-check-port traffic-port"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="health-check-port-mismatch",
    may=frozenset({"all-targets-unhealthy-fail-open"}),
    never=frozenset({"sg-ingress-missing", "port-not-listening", "container-port-mismatch"}),
)


def build(world: World, account: str) -> None:
    """8081 is open in the security group, but the application has no listener there; users are served."""
    checkout = world.account(account).service("checkout", desired=3)
    checkout.allow_ingress(low=8081)
    quiet_until(world, FAULT_AT_MIN)
    checkout.set_health_check(HealthCheckPort="8081")
    world.until(0)
