"""The policy of the roles that read: everything that this program calls to diagnose, and to look around a fix; and what
such a role is never to read, whatever else it is allowed one day.

Most Describe actions take no narrower resource than ``*``:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

Statement = dict[str, Any]

STATEMENTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "Alb502Read": (
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:DescribeScalingActivities",
            "application-autoscaling:DescribeScalingPolicies",
            "autoscaling:DescribeLifecycleHooks",
            "autoscaling:DescribeScalingActivities",
            "cloudtrail:LookupEvents",
            "cloudwatch:DescribeAlarms",
            "cloudwatch:DescribeAlarmsForMetric",
            "cloudwatch:GetMetricData",
            "codedeploy:GetDeployment",
            "ec2:DescribeInstanceStatus",
            "ec2:DescribeInstances",
            "ec2:DescribeNetworkAcls",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeRouteTables",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:GetManagedPrefixListEntries",
            "ecs:DescribeClusters",
            "ecs:DescribeContainerInstances",
            "ecs:DescribeServiceDeployments",
            "ecs:DescribeServiceRevisions",
            "ecs:DescribeServices",
            "ecs:DescribeTaskDefinition",
            "ecs:DescribeTasks",
            "ecs:ListClusters",
            "ecs:ListServiceDeployments",
            "ecs:ListServices",
            "ecs:ListTasks",
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
            "health:DescribeEvents",
            "lambda:GetAccountSettings",
            "lambda:GetAlias",
            "lambda:GetFunctionConcurrency",
            "lambda:GetFunctionConfiguration",
            "lambda:GetPolicy",
            "route53:ListHostedZones",
            "route53:ListResourceRecordSets",
        ),
        "Alb502AroundFixes": (
            "application-autoscaling:ListTagsForResource",
            "cloudwatch:ListTagsForResource",
            "codedeploy:ListTagsForResource",
            "ec2:DescribeSecurityGroupRules",
            "ec2:DescribeTags",
            "ecs:ListTagsForResource",
            "lambda:ListTags",
            "lambda:ListVersionsByFunction",
        ),
        "Alb502AccessLogs": (
            "logs:DescribeDeliveries",
            "logs:DescribeDeliveryDestinations",
            "logs:DescribeDeliverySources",
            "logs:FilterLogEvents",
            "logs:GetLogEvents",
            "logs:GetQueryResults",
            "logs:StartQuery",
            "logs:StopQuery",
            "s3:GetObject",
            "s3:ListBucket",
        ),
        "Alb502Athena": (
            "athena:GetQueryExecution",
            "athena:GetQueryResults",
            "athena:StartQueryExecution",
            "athena:StopQueryExecution",
            "glue:GetTable",
        ),
    }
)
"""What is called, by the name of the statement that allows it."""
_LOGS: Final = "Alb502AccessLogs"
_ATHENA: Final = "Alb502Athena"
_BY_GROUP: Final = frozenset({"logs:FilterLogEvents", "logs:GetLogEvents", "logs:StartQuery"})
_AS_THE_CALLER: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "glue": ("glue:GetDatabase", "glue:GetPartitions", "glue:GetTable"),
        "bucket": ("s3:GetBucketLocation", "s3:ListBucket"),
        "results": ("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"),
    }
)
"""Athena reads the table and writes its results with the permissions of whoever asks.
https://docs.aws.amazon.com/athena/latest/ug/security-iam-athena.html"""
NEVER: Final = (
    "dynamodb:BatchGetItem",
    "dynamodb:GetItem",
    "dynamodb:PartiQLSelect",
    "dynamodb:Query",
    "dynamodb:Scan",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:GetConsoleOutput",
    "ec2:GetConsoleScreenshot",
    "ec2:GetLaunchTemplateData",
    "ec2:GetPasswordData",
    "ecs:ExecuteCommand",
    "kinesis:GetRecords",
    "lambda:GetFunction",
    "lambda:InvokeFunction",
    "lambda:InvokeFunctionUrl",
    "logs:Unmask",
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:GetSecretValue",
    "sqs:ReceiveMessage",
    "ssm:GetParameter",
    "ssm:GetParameterHistory",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
    "ssm:SendCommand",
    "ssm:StartSession",
)
"""Secrets and parameters, code, user data, passwords, rows and messages, what is masked in logs, and shells: no
diagnosis needs any of it."""
NEVER_CONTENTS: Final = "Alb502NeverContents"
DECRYPT: Final = "kms:Decrypt"
VIA: Final = ("athena.*.amazonaws.com*", "logs.*.amazonaws.com*", "s3.*.amazonaws.com*")
"""The services through which a listed key may be used.
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service"""
LOG_KEYS: Final = "*AWSLogs/*/elasticloadbalancing/*"
"""What the keys of a load balancer's log files look like, in any bucket and behind any prefix.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html"""


@dataclass(frozen=True, slots=True)
class AthenaReach:
    """What Athena needs, as ARNs. `results`: of the objects that it writes."""

    workgroup: str
    glue: tuple[str, ...]
    bucket: str
    results: str


@dataclass(frozen=True, slots=True)
class ReadReach:
    """What may be read of S3, CloudWatch Logs and KMS, as ARNs. `objects`: the log files in the buckets."""

    buckets: tuple[str, ...]
    objects: tuple[str, ...]
    groups: tuple[str, ...]
    keys: tuple[str, ...] = ()
    athena: AthenaReach | None = None


def reach(
    account: str = "*",
    partition: str = "aws",
    *,
    log_buckets: Iterable[str] = ("*",),
    log_groups: Iterable[str] = ("*",),
    kms_keys: Iterable[str] = (),
    athena: AthenaReach | None = None,
) -> ReadReach:
    """`log_buckets`: each a bucket, or bucket/prefix; `log_groups`: names, which may end in ``*``."""
    places = [bucket.rstrip("/").partition("/") for bucket in log_buckets]
    keys = f"AWSLogs/{account}/elasticloadbalancing/*"
    return ReadReach(
        buckets=tuple(dict.fromkeys(f"arn:{partition}:s3:::{bucket}" for bucket, _, _ in places)),
        objects=tuple(
            f"arn:{partition}:s3:::{bucket}/{f'{prefix}/' if prefix else '*'}{keys}" for bucket, _, prefix in places
        ),
        groups=tuple(f"arn:{partition}:logs:*:{account}:log-group:{name}:*" for name in log_groups),
        keys=tuple(kms_keys),
        athena=athena,
    )


def glue_tables(prefix: str, database: str) -> tuple[str, ...]:
    """ARNs below `prefix`. Athena looks at the database ``default`` whichever one is asked.
    https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html"""
    kinds = ("catalog", "database/default", f"database/{database}", f"table/{database}/*")
    return tuple(dict.fromkeys(f"{prefix}:{kind}" for kind in kinds))


def athena_reach(workgroup: str, database: str, output: str, account: str = "*", partition: str = "aws") -> AthenaReach:
    """`output`: the place of the results as bucket/prefix."""
    bucket, _, prefix = output.partition("/")
    glue = f"arn:{partition}:glue:*:{account}"
    return AthenaReach(
        workgroup=f"arn:{partition}:athena:*:{account}:workgroup/{workgroup}",
        glue=glue_tables(glue, database),
        bucket=f"arn:{partition}:s3:::{bucket}",
        results=f"arn:{partition}:s3:::{bucket}/{f'{prefix.rstrip(chr(47))}/' if prefix else ''}*",
    )


ANYWHERE: Final = reach()
"""The load balancers' logs of all buckets, all log groups, no key and no Athena."""


def read_policy(within: ReadReach = ANYWHERE) -> Statement:
    """The policy document."""
    return {"Version": "2012-10-17", "Statement": [*_allowed(within), *_denied(within)]}


def statement_for(action: str, within: ReadReach = ANYWHERE) -> Statement:
    """What allows this one action, as the policy has it; everywhere where the policy does not have it."""
    for statement in _allowed(within):
        if action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]):
            rest = {key: value for key, value in statement.items() if key not in ("Sid", "Effect", "Action")}
            return {"Effect": "Allow", "Action": action, **rest}
    return {"Effect": "Allow", "Action": action, "Resource": "*"}


def reader_policy(roles: Iterable[str]) -> Statement:
    """What an identity needs that reads through these roles. Tags of the session are handed on by EKS Pod Identity.
    https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html"""
    statement = {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": sorted(roles)}
    return {"Version": "2012-10-17", "Statement": [statement]}


def read_trust_policy(readers: Collection[str], external_id: str | None = None) -> Statement:
    """Who may assume the role that reads: the identities that diagnose, and the one that looks around its fixes."""
    principal = {"AWS": sorted(set(readers))}
    assume: Statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    if external_id is not None:
        assume["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    tag = {"Effect": "Allow", "Principal": principal, "Action": "sts:TagSession"}
    return {"Version": "2012-10-17", "Statement": [assume, tag]}


def _allowed(within: ReadReach) -> Iterator[Statement]:
    for name, actions in STATEMENTS.items():
        if name not in (_LOGS, _ATHENA):
            yield _allow(name, actions, "*")
    logs = [action for action in STATEMENTS[_LOGS] if action.startswith("logs:")]
    yield _allow(_LOGS, [action for action in logs if action not in _BY_GROUP], "*")
    yield _allow("Alb502LogGroups", [action for action in logs if action in _BY_GROUP], within.groups)
    keys = {"StringLike": {"s3:prefix": LOG_KEYS}}
    yield _allow("Alb502LogBuckets", ["s3:ListBucket"], within.buckets) | {"Condition": keys}
    yield _allow("Alb502LogFiles", ["s3:GetObject"], within.objects)
    if within.athena is not None:
        yield from _athena(within.athena)
    if within.keys:
        uses = [DECRYPT, *(["kms:GenerateDataKey"] if within.athena else [])]
        yield _allow("Alb502LogKeys", uses, within.keys) | {"Condition": {"StringLike": {"kms:ViaService": [*VIA]}}}


def _athena(within: AthenaReach) -> Iterator[Statement]:
    actions = [action for action in STATEMENTS[_ATHENA] if action.startswith("athena:")]
    yield _allow(_ATHENA, actions, [within.workgroup])
    yield _allow("Alb502AthenaTables", _AS_THE_CALLER["glue"], within.glue)
    yield _allow("Alb502AthenaBucket", _AS_THE_CALLER["bucket"], [within.bucket])
    yield _allow("Alb502AthenaResults", _AS_THE_CALLER["results"], [within.results])


def _denied(within: ReadReach) -> Iterator[Statement]:
    """It holds against whatever else is attached to the role, and against what a resource's own policy allows it."""
    yield _deny(NEVER_CONTENTS, NEVER) | {"Resource": "*"}
    files = [*within.objects, *([within.athena.results] if within.athena else [])]
    yield _deny("Alb502NeverOtherFiles", ["s3:GetObject", "s3:GetObjectVersion"]) | {"NotResource": _short(files)}
    if within.keys:
        yield _deny("Alb502NeverOtherKeys", [DECRYPT]) | {"NotResource": _short(within.keys)}
        aside = {"StringNotLike": {"kms:ViaService": [*VIA]}}
        yield _deny("Alb502NeverKeysDirectly", [DECRYPT]) | {"Resource": "*", "Condition": aside}
    else:
        yield _deny("Alb502NeverKeys", [DECRYPT]) | {"Resource": "*"}


def _allow(name: str, actions: Iterable[str], resources: str | Iterable[str]) -> Statement:
    found = resources if isinstance(resources, str) else _short(resources)
    return {"Sid": name, "Effect": "Allow", "Action": _short(actions), "Resource": found}


def _deny(name: str, actions: Iterable[str]) -> Statement:
    return {"Sid": name, "Effect": "Deny", "Action": _short(actions)}


def _short(values: Iterable[str]) -> str | list[str]:
    found = list(values)
    return found[0] if len(found) == 1 else found
