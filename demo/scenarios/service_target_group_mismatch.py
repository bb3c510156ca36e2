"""The rule forwards to a new, empty target group while the service still fills the old one."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.builder import HealthCheck
from demo.world.world import World

NAME = "service-target-group-mismatch"
TITLE = "Rule and service disagree about the target group"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="service-target-group-mismatch",
    may=frozenset({"no-registered-targets", "target-group-not-in-rule"}),
    never=frozenset({"service-scaled-to-zero", "sg-ingress-missing", "task-crash-exit"}),
)


def build(world: World, account: str) -> None:
    """Every request of the rule is answered 503; the running tasks are in nobody's way."""
    acct = world.account(account)
    checkout = acct.service("checkout", path="/shop/*", client_path="/shop/cart")
    quiet_until(world, FAULT_AT_MIN)
    successor = acct.target_group("checkout-v2", checkout.load_balancer, checkout.spec.port, HealthCheck())
    acct.client("elbv2", by="platform-operator/console").modify_rule(
        RuleArn=checkout.rule, Actions=[{"Type": "forward", "TargetGroupArn": successor}]
    )
    world.until(0)
