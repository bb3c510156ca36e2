"""Tags on something that a call makes take a permission of their own, on the new thing and for this call only."""

from __future__ import annotations

from typing import Any

import pytest

from demo.aws.call import Call
from demo.aws.iam_request import permissions_needed

ACCOUNT, REGION = "111122223333", "us-east-1"
LISTENER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:listener/app/shop/1/2"


@pytest.mark.parametrize(
    ("service", "operation", "params", "action", "resource"),
    [
        (
            "ec2",
            "AuthorizeSecurityGroupIngress",
            {"GroupId": "sg-1", "TagSpecifications": [{"ResourceType": "security-group-rule", "Tags": []}]},
            "ec2:CreateTags",
            f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group-rule/new",
        ),
        (
            "ecs",
            "RegisterTaskDefinition",
            {"family": "checkout", "tags": [{"key": "a", "value": "b"}]},
            "ecs:TagResource",
            f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/checkout:*",
        ),
        (
            "cloudwatch",
            "PutMetricAlarm",
            {"AlarmName": "alb502-x", "Tags": [{"Key": "a", "Value": "b"}]},
            "cloudwatch:TagResource",
            f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:alb502-x",
        ),
        (
            "elbv2",
            "CreateTargetGroup",
            {"Name": "shop-https", "Tags": [{"Key": "a", "Value": "b"}]},
            "elasticloadbalancing:AddTags",
            f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/shop-https/new",
        ),
        (
            "elbv2",
            "CreateRule",
            {"ListenerArn": LISTENER, "Tags": [{"Key": "a", "Value": "b"}]},
            "elasticloadbalancing:AddTags",
            f"{LISTENER.replace(':listener/', ':listener-rule/')}/new",
        ),
    ],
)
def test_tags_on_something_new(service: str, operation: str, params: Any, action: str, resource: str) -> None:
    signing = "elasticloadbalancing" if service == "elbv2" else service
    call = Call(
        service=service,
        signing=signing,
        operation=operation,
        account=ACCOUNT,
        region=REGION,
        access_key="x",
        params=params,
    )
    (tagging,) = [one for one in permissions_needed(call) if one.action == action]
    assert tagging.resource == resource
    assert tagging.context[f"{action.split(':', maxsplit=1)[0]}:CreateAction"] == operation
