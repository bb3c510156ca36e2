"""From an IAM action to the boto3 method that needs it: the way back from `iam_action`."""

from __future__ import annotations

from typing import Final

from botocore import xform_name

_SERVICES: Final = {"elasticloadbalancing": "elbv2"}
_METHODS: Final = {"s3:ListBucket": ("s3", "list_objects_v2")}


def method_of(action: str) -> tuple[str, str]:
    """``elasticloadbalancing:DescribeRules`` -> ``("elbv2", "describe_rules")``."""
    if action in _METHODS:
        return _METHODS[action]
    prefix, _, operation = action.partition(":")
    return _SERVICES.get(prefix, prefix), xform_name(operation)
