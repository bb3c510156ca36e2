"""Somebody switched multi-value headers on for a function that reads plain ones."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.function_handle import add_function
from demo.world.functions import HEADERS, FunctionApp
from demo.world.world import World

NAME = "lambda-header-shape"
TITLE = "Multi-value headers switched on for a function that reads plain ones"
TARGET = "visitor-badge"
ATTRIBUTE = "lambda.multi_value_headers.enabled"
REPAIR = (
    "aws elbv2 modify-target-group-attributes --target-group-arn {function_group}"
    f" --attributes Key={ATTRIBUTE},Value=false"
)
EXPECT = Expect(
    TARGET,
    "causes_found",
    first="lambda-multi-value-header-mismatch",
    never=frozenset({"lambda-invalid-response", "lambda-unhandled-error", "lambda-timeout", "target-generated-5xx"}),
)


def build(world: World, account: str) -> None:
    """Requests come with `multiValueHeaders` from then on, and the code fails at `event["headers"]`."""
    acct = world.account(account)
    add_function(acct, TARGET, group="badges", app=FunctionApp(reads=HEADERS), rpm=60)
    quiet_until(world, FAULT_AT_MIN)
    elb = acct.client("elbv2", by="platform-admin/console")
    (group,) = elb.describe_target_groups(Names=["badges"])["TargetGroups"]
    elb.modify_target_group_attributes(
        TargetGroupArn=group["TargetGroupArn"], Attributes=[{"Key": ATTRIBUTE, "Value": "true"}]
    )
    world.until(0)
