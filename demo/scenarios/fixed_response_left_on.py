"""A maintenance rule with a fixed 503 was put in front and never taken away."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.world import World

NAME = "fixed-response-left-on"
TITLE = "Maintenance page left on"
TARGET = "checkout"
REPAIR = "aws elbv2 delete-rule --rule-arn {rule}"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="fixed-response-5xx",
    never=frozenset({"no-registered-targets", "service-scaled-to-zero", "task-crash-exit", "sg-ingress-missing"}),
)


def build(world: World, account: str) -> None:
    """The targets stay healthy; the rule above theirs answers."""
    acct = world.account(account)
    checkout = acct.service("checkout", path="/shop/*", client_path="/shop/cart")
    quiet_until(world, FAULT_AT_MIN)
    acct.client("elbv2", by="platform-operator/maintenance").create_rule(
        ListenerArn=checkout.load_balancer.listener,
        Priority=1,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}],
        Actions=[
            {
                "Type": "fixed-response",
                "FixedResponseConfig": {
                    "StatusCode": "503",
                    "ContentType": "text/plain",
                    "MessageBody": "Down for maintenance",
                },
            }
        ],
    )
    world.until(0)
