"""From an API operation to the IAM action that permits it, and from the action to the policy statement to paste."""

from __future__ import annotations

import json

# IAM's prefix where it differs from botocore's service name.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_PREFIXES = {
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "resourcegroupstaggingapi": "tag",
    "stepfunctions": "states",
}
_RENAMED = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
}

# Actions of these prefixes that know no resource: a narrower statement would permit nothing.
_WITHOUT_RESOURCE_PREFIXES = (
    "elasticloadbalancing:Describe",
    "ec2:Describe",
    "ec2:GetManagedPrefixListEntries",
    "cloudwatch:GetMetricData",
    "cloudwatch:ListMetrics",
    "cloudtrail:LookupEvents",
    "ecs:ListClusters",
    "ecs:ListServices",
    "ecs:ListTasks",
    "ecs:DescribeTaskDefinition",
    "route53:ListHostedZones",
    "tag:Get",
    "sts:GetCallerIdentity",
    "application-autoscaling:Describe",
    "autoscaling:Describe",
)


def iam_action(service: str, operation: str) -> str:
    """IAM action of a boto3 method: ``("elbv2", "describe_target_health")`` -> its ``service:Operation``."""
    name = "".join(part[:1].upper() + part[1:] for part in operation.split("_"))
    action = f"{_PREFIXES.get(service, service)}:{name}"
    return _RENAMED.get(action, action)


def policy_statement(action: str, resource: str) -> str:
    """The JSON statement that permits `action`, to paste into the policy of the role that reads.

    All Describe actions of elasticloadbalancing and ec2 accept only ``*`` as their resource:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
    """
    narrow = resource.startswith("arn:") and not action.startswith(_WITHOUT_RESOURCE_PREFIXES)
    return json.dumps({"Effect": "Allow", "Action": action, "Resource": resource if narrow else "*"})
