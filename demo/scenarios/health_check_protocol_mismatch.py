"""The health check speaks TLS to an application that does not."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.world import World

NAME = "health-check-protocol-mismatch"
TITLE = "Health check speaks TLS to plain HTTP"
TARGET = "checkout"
REPAIR = "aws elbv2 modify-target-group --target-group-arn {target_group} --health-check-protocol HTTP"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="health-check-protocol-mismatch",
    may=frozenset({"all-targets-unhealthy-fail-open"}),
    never=frozenset({"sg-ingress-missing", "port-not-listening", "health-check-path-mismatch"}),
)


def build(world: World, account: str) -> None:
    """HealthCheckProtocol became HTTPS; users are served over plain HTTP as before."""
    checkout = world.account(account).service("checkout", desired=3)
    quiet_until(world, FAULT_AT_MIN)
    checkout.set_health_check(HealthCheckProtocol="HTTPS")
    world.until(0)
