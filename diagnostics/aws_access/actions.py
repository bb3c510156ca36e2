"""From an API operation to the IAM action that permits it, and back."""

from __future__ import annotations

from typing import Final

from botocore import xform_name

# IAM's prefix where it differs from botocore's service name.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_PREFIXES: Final = {"elbv2": "elasticloadbalancing"}
_SERVICES: Final = {prefix: service for service, prefix in _PREFIXES.items()}
_LIST_OBJECTS: Final = ("s3", "list_objects_v2")
_LIST_BUCKET: Final = "s3:ListBucket"


def iam_action(service: str, operation: str) -> str:
    """IAM action of a boto3 method: ``("elbv2", "describe_target_health")`` -> its ``service:Operation``."""
    if (service, operation) == _LIST_OBJECTS:
        return _LIST_BUCKET
    name = "".join(part[:1].upper() + part[1:] for part in operation.split("_"))
    return f"{_PREFIXES.get(service, service)}:{name}"


def method_of(action: str) -> tuple[str, str]:
    """The boto3 method: ``elasticloadbalancing:DescribeRules`` -> ``("elbv2", "describe_rules")``."""
    if action == _LIST_BUCKET:
        return _LIST_OBJECTS
    prefix, _, operation = action.partition(":")
    return _SERVICES.get(prefix, prefix), xform_name(operation)
