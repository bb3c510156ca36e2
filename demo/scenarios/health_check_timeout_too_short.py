"""The health endpoint became slower than the checks are willing to wait; users' routes are fast."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import Answer, App
from demo.world.world import World

NAME = "health-check-timeout-too-short"
TITLE = "Health check times out on a slow endpoint"
TARGET = "checkout"
REPAIR = "aws elbv2 modify-target-group --target-group-arn {target_group} --health-check-timeout-seconds 10"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="health-check-timeout-too-short",
    may=frozenset({"all-targets-unhealthy-fail-open"}),
    never=frozenset({"sg-ingress-missing", "sg-egress-missing", "nacl-blocked", "health-check-path-mismatch"}),
)


def build(world: World, account: str) -> None:
    """It takes seven seconds where five are allowed. The network is as it always was."""
    checkout = world.account(account).service("checkout", desired=3, app=App(logs_slower_than_s=1.0))
    quiet_until(world, FAULT_AT_MIN)
    checkout.change_app(routes={"/healthz": Answer(200, 7.0), "*": 200})
    world.until(0)
