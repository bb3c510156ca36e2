"""Somebody deleted the listener rule of a service while its tasks run on."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.world import World

NAME = "group-not-in-rule"
TITLE = "Target group is in no listener rule"
TARGET = "checkout"
REPAIR = (
    "aws elbv2 create-rule --listener-arn {listener} --priority 10 --conditions Field=path-pattern,Values='/shop/*'"
    " --actions Type=forward,TargetGroupArn={target_group}"
)
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="target-group-not-in-rule",
    may=frozenset({"all-targets-unused"}),
    never=frozenset({"no-registered-targets", "service-scaled-to-zero", "sg-ingress-missing", "az-not-enabled"}),
)


def build(world: World, account: str) -> None:
    """Its requests get the listener's default answer, 404, which no alarm on 5xx sees."""
    acct = world.account(account)
    checkout = acct.service("checkout", path="/shop/*", client_path="/shop/cart")
    quiet_until(world, FAULT_AT_MIN)
    acct.client("elbv2", by="platform-operator/console").delete_rule(RuleArn=checkout.rule)
    world.until(0)
