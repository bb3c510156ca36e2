"""A fifth of the requests goes to the next colour's target group before anything is registered there."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.builder import HealthCheck
from demo.world.world import World

NAME = "weighted-group-empty"
TITLE = "Weighted target group is empty"
TARGET = "checkout"
REPAIR = "aws elbv2 modify-rule --rule-arn {service_rule} --actions Type=forward,TargetGroupArn={target_group}"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="weighted-target-group-empty",
    may=frozenset({"service-target-group-mismatch"}),
    never=frozenset(
        {"no-registered-targets", "service-scaled-to-zero", "sg-ingress-missing", "task-crash-exit", "deployment-gap"}
    ),
)


def build(world: World, account: str) -> None:
    """The load balancer does not fail over between groups: every fifth request is answered 503."""
    share_with_empty_group(world, account, 20)


def share_with_empty_group(world: World, account: str, percent: int) -> None:
    """A service, and an empty target group beside its own, to which `percent` of its requests go."""
    acct = world.account(account)
    checkout = acct.service("checkout", path="/shop/*", client_path="/shop/cart")
    quiet_until(world, FAULT_AT_MIN)
    successor = acct.target_group("checkout-v2", checkout.load_balancer, checkout.spec.port, HealthCheck())
    groups = [
        {"TargetGroupArn": checkout.target_group, "Weight": 100 - percent},
        {"TargetGroupArn": successor, "Weight": percent},
    ]
    acct.client("elbv2", by="platform-operator/console").modify_rule(
        RuleArn=checkout.rule, Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]
    )
    world.until(0)
