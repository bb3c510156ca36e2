"""The next colour's target group stands in the rule with weight 0, still empty."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.builder import HealthCheck
from demo.world.world import World

NAME = "resting-group"
TITLE = "Empty target group with weight 0"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "no_fault_found",
    never=frozenset({"service-target-group-mismatch", "no-registered-targets", "service-scaled-to-zero"}),
)


def build(world: World, account: str) -> None:
    """Nothing is wrong: no request goes to a group of weight 0."""
    acct = world.account(account)
    checkout = acct.service("checkout", path="/shop/*", client_path="/shop/cart")
    quiet_until(world, FAULT_AT_MIN)
    successor = acct.target_group("checkout-v2", checkout.load_balancer, checkout.spec.port, HealthCheck())
    groups = [{"TargetGroupArn": checkout.target_group, "Weight": 100}, {"TargetGroupArn": successor, "Weight": 0}]
    acct.client("elbv2", by="platform-operator/console").modify_rule(
        RuleArn=checkout.rule, Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]
    )
    world.until(0)
