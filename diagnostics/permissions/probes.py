"""One small call for each action of the read policy, whose answer tells whether the action is permitted.

AWS looks at permissions before it looks for a thing, so that a thing that is made up is enough: "not found" says
"permitted". EC2 tells with a dry run. Where people narrow the statement to what there is (log groups, buckets), only
something real tells, and calls before lead to it.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

MADE_UP: Final = "alb502-doctor"
NOTHING: Final = "0" * 16
TASK: Final = "0" * 32
QUERY: Final = "00000000-0000-4000-8000-000000000000"
FEW: Final = 20
"""Load balancers that are looked at for one that writes access logs."""

Learned = Mapping[str, str]
Parameters = Mapping[str, Any]
Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where is asked, and what was learned there so far. `database`: of the settings' Athena."""

    account: str
    region: str
    partition: str = "aws"
    database: str | None = None
    learned: Learned = field(default_factory=dict)

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def real(self, name: str) -> str:
        return self.learned.get(name, MADE_UP)


def _nothing(_: Answer) -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Probe:
    """`asks`: the parameters of each call; none: there is nothing to ask about, as `lacks` says. `proves`: errors that
    only a permitted caller gets. `turn`: calls of a later turn may use what earlier ones have learned."""

    asks: Callable[[Place], Iterator[Parameters]]
    proves: tuple[str, ...] = ()
    learns: Callable[[Answer], dict[str, str]] = _nothing
    turn: int = 0
    lacks: str = ""


def _fixed(**parameters: Any) -> Callable[[Place], Iterator[Parameters]]:
    return lambda _: iter([parameters])


def _with(make: Callable[[Place], Parameters]) -> Callable[[Place], Iterator[Parameters]]:
    return lambda place: iter([make(place)])


def _dry(*proves: str, **more: Any) -> Probe:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html: DryRun"""
    return Probe(_fixed(DryRun=True, **more), (DRY_RUN, *proves))


def _scaling(**parameters: Any) -> Probe:
    return Probe(_fixed(ServiceNamespace="ecs", MaxResults=1, **parameters))


def _function(**more: Any) -> Probe:
    return Probe(_fixed(FunctionName=MADE_UP, **more), _NO_RESOURCE)


DRY_RUN: Final = "DryRunOperation"
_NO_RESOURCE: Final = ("ResourceNotFoundException", "ResourceNotFound")
_NO_CLUSTER: Final = ("ClusterNotFoundException", "InvalidParameterException", *_NO_RESOURCE)
_NO_BALANCER: Final = ("LoadBalancerNotFound", "LoadBalancerNotFoundException")
_NO_LISTENER: Final = ("ListenerNotFound", "ListenerNotFoundException", *_NO_BALANCER)
_NO_GROUP: Final = ("TargetGroupNotFound", "TargetGroupNotFoundException")
NO_PLAN: Final = "SubscriptionRequiredException"
"""AWS Health answers so to everybody in an account without a support plan that includes it."""


def _balancer(place: Place) -> str:
    made_up = place.arn("elasticloadbalancing", f"loadbalancer/app/{MADE_UP}/{NOTHING}")
    return place.learned.get("load_balancer", made_up)


def _listener(place: Place) -> str:
    return place.arn("elasticloadbalancing", f"listener/app/{MADE_UP}/{NOTHING}/{NOTHING}")


def _group(place: Place) -> str:
    return place.arn("elasticloadbalancing", f"targetgroup/{MADE_UP}/{NOTHING}")


def _a_metric(_: Place) -> Parameters:
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    metric = {"Namespace": "AWS/ApplicationELB", "MetricName": "RequestCount"}
    query = {"Id": "one", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
    return {"MetricDataQueries": [query], "StartTime": now - timedelta(minutes=2), "EndTime": now}


def _attributes(place: Place) -> Iterator[Parameters]:
    for arn in place.learned.get("load_balancers", "").split() or [_balancer(place)]:
        yield {"LoadBalancerArn": arn}


def _log_folder(place: Place) -> Iterator[Parameters]:
    """What is listed in earnest: the load balancers' folder. Policies may allow no other."""
    if bucket := place.learned.get("bucket"):
        before = f"{prefix}/" if (prefix := place.learned.get("prefix", "")) else ""
        folder = f"{before}AWSLogs/{place.account}/elasticloadbalancing/{place.region}/"
        yield {"Bucket": bucket, "Prefix": folder, "MaxKeys": 1}


def _log_file(place: Place) -> Iterator[Parameters]:
    if (bucket := place.learned.get("bucket")) and (key := place.learned.get("key")):
        yield {"Bucket": bucket, "Key": key}


def _log_group(**more: Any) -> Callable[[Place], Iterator[Parameters]]:
    def asks(place: Place) -> Iterator[Parameters]:
        if group := place.learned.get("log_group"):
            yield {"logGroupName": group, "limit": 1, **more}

    return asks


_BEFORE_ALL_LOGS: Final[Mapping[str, int]] = MappingProxyType({"startTime": 0, "endTime": 1})
"""No event is that old, so that none is read."""


def _table(place: Place) -> Iterator[Parameters]:
    if place.database:
        yield {"DatabaseName": place.database, "Name": MADE_UP}


def _balancers_of(answer: Answer) -> dict[str, str]:
    arns = [one["LoadBalancerArn"] for one in answer["LoadBalancers"] if one.get("Type") == "application"]
    return {"load_balancer": arns[0], "load_balancers": " ".join(arns)} if arns else {}


def _bucket_of(answer: Answer) -> dict[str, str]:
    told = {one["Key"]: one["Value"] for one in answer["Attributes"]}
    if told.get("access_logs.s3.enabled") != "true" or not told.get("access_logs.s3.bucket"):
        return {}
    return {"bucket": told["access_logs.s3.bucket"], "prefix": told.get("access_logs.s3.prefix", "").strip("/")}


def _key_of(answer: Answer) -> dict[str, str]:
    found = answer.get("Contents", [])
    return {"key": found[0]["Key"]} if found else {}


def _first(key: str, name: str) -> Callable[[Answer], dict[str, str]]:
    def learns(answer: Answer) -> dict[str, str]:
        return {name: str(answer[key][0]).rsplit("/", 1)[-1]} if answer[key] else {}

    return learns


def _definition_of(answer: Answer) -> dict[str, str]:
    found = answer["services"][0].get("taskDefinition") if answer["services"] else None
    return {"task_definition": found} if found else {}


def _log_group_of(answer: Answer) -> dict[str, str]:
    for container in answer["taskDefinition"].get("containerDefinitions", ()):
        options = (container.get("logConfiguration") or {}).get("options") or {}
        if options.get("awslogs-group"):
            return {"log_group": str(options["awslogs-group"])}
    return {}


_NO_LOGS: Final = "no load balancer that was looked at writes access logs to S3"
_NO_FILE: Final = "no log file was found to read"
_NO_LOG_GROUP: Final = "no service was found whose containers write to a log group"

PROBES: Final[Mapping[str, Probe]] = MappingProxyType(
    {
        "elasticloadbalancing:DescribeLoadBalancers": Probe(_fixed(PageSize=FEW), learns=_balancers_of),
        "application-autoscaling:DescribeScalableTargets": _scaling(),
        "application-autoscaling:DescribeScalingActivities": _scaling(),
        "application-autoscaling:DescribeScalingPolicies": _scaling(),
        "application-autoscaling:ListTagsForResource": Probe(
            _with(
                lambda place: {"ResourceARN": place.arn("application-autoscaling", f"scalable-target/{TASK[:27]}alb50")}
            ),
            _NO_RESOURCE,
        ),
        "autoscaling:DescribeLifecycleHooks": Probe(_fixed(AutoScalingGroupName=MADE_UP), ("ValidationError",)),
        "autoscaling:DescribeScalingActivities": Probe(_fixed(MaxRecords=1)),
        "cloudtrail:LookupEvents": Probe(_fixed(MaxResults=1)),
        "cloudwatch:DescribeAlarms": Probe(_fixed(MaxRecords=1)),
        "cloudwatch:DescribeAlarmsForMetric": Probe(
            _fixed(Namespace="AWS/ApplicationELB", MetricName="HTTPCode_ELB_502_Count")
        ),
        "cloudwatch:GetMetricData": Probe(_with(_a_metric)),
        "cloudwatch:ListTagsForResource": Probe(
            _with(lambda place: {"ResourceARN": place.arn("cloudwatch", f"alarm:{MADE_UP}")}), _NO_RESOURCE
        ),
        "codedeploy:GetDeployment": Probe(
            _fixed(deploymentId="d-ALB502DOC"), ("DeploymentDoesNotExistException", "InvalidDeploymentIdException")
        ),
        "codedeploy:ListTagsForResource": Probe(
            _with(lambda place: {"ResourceArn": place.arn("codedeploy", f"application:{MADE_UP}")}),
            (
                "ApplicationDoesNotExistException",
                "ArnNotSupportedException",
                "InvalidArnException",
                "ResourceValidationException",
            ),
        ),
        "ec2:DescribeInstanceStatus": _dry(),
        "ec2:DescribeInstances": _dry(),
        "ec2:DescribeNetworkAcls": _dry(),
        "ec2:DescribeNetworkInterfaces": _dry(),
        "ec2:DescribeRouteTables": _dry(),
        "ec2:DescribeSecurityGroupRules": _dry(),
        "ec2:DescribeSecurityGroups": _dry(),
        "ec2:DescribeSubnets": _dry(),
        "ec2:DescribeTags": _dry(),
        "ec2:GetManagedPrefixListEntries": _dry(
            "InvalidPrefixListID.NotFound", "InvalidPrefixListId.NotFound", PrefixListId="pl-00000000000000000"
        ),
        "ecs:ListClusters": Probe(_fixed(maxResults=1), learns=_first("clusterArns", "cluster")),
        "ecs:DescribeClusters": Probe(_with(lambda place: {"clusters": [place.real("cluster")]}), _NO_CLUSTER, turn=1),
        "ecs:DescribeContainerInstances": Probe(
            _with(lambda place: {"cluster": place.real("cluster"), "containerInstances": [TASK]}), _NO_CLUSTER, turn=1
        ),
        "ecs:DescribeServiceDeployments": Probe(
            _with(
                lambda place: {
                    "serviceDeploymentArns": [
                        place.arn("ecs", f"service-deployment/{place.real('cluster')}/{place.real('service')}/{TASK}")
                    ]
                }
            ),
            ("ServiceDeploymentNotFoundException", "ServiceNotFoundException", *_NO_CLUSTER),
            turn=2,
        ),
        "ecs:DescribeServiceRevisions": Probe(
            _with(
                lambda place: {
                    "serviceRevisionArns": [
                        place.arn("ecs", f"service-revision/{place.real('cluster')}/{place.real('service')}/{TASK}")
                    ]
                }
            ),
            ("ServiceNotFoundException", *_NO_CLUSTER),
            turn=2,
        ),
        "ecs:DescribeServices": Probe(
            _with(lambda place: {"cluster": place.real("cluster"), "services": [place.real("service")]}),
            _NO_CLUSTER,
            learns=_definition_of,
            turn=2,
        ),
        "ecs:DescribeTaskDefinition": Probe(
            _with(lambda place: {"taskDefinition": place.learned.get("task_definition", f"{MADE_UP}:1")}),
            ("ClientException",),
            learns=_log_group_of,
            turn=3,
        ),
        "ecs:DescribeTasks": Probe(
            _with(lambda place: {"cluster": place.real("cluster"), "tasks": [TASK]}), _NO_CLUSTER, turn=1
        ),
        "ecs:ListServiceDeployments": Probe(
            _with(lambda place: {"cluster": place.real("cluster"), "service": place.real("service"), "maxResults": 1}),
            ("ServiceNotFoundException", *_NO_CLUSTER),
            turn=2,
        ),
        "ecs:ListServices": Probe(
            _with(lambda place: {"cluster": place.real("cluster"), "maxResults": 1}),
            _NO_CLUSTER,
            learns=_first("serviceArns", "service"),
            turn=1,
        ),
        "ecs:ListTagsForResource": Probe(
            _with(lambda place: {"resourceArn": place.arn("ecs", f"cluster/{place.real('cluster')}")}),
            _NO_CLUSTER,
            turn=1,
        ),
        "ecs:ListTasks": Probe(
            _with(lambda place: {"cluster": place.real("cluster"), "maxResults": 1}), _NO_CLUSTER, turn=1
        ),
        "elasticloadbalancing:DescribeListeners": Probe(
            _with(lambda place: {"LoadBalancerArn": _balancer(place), "PageSize": 1}), _NO_LISTENER, turn=1
        ),
        "elasticloadbalancing:DescribeLoadBalancerAttributes": Probe(
            _attributes, _NO_BALANCER, learns=_bucket_of, turn=1
        ),
        "elasticloadbalancing:DescribeRules": Probe(
            _with(lambda place: {"ListenerArn": _listener(place), "PageSize": 1}), _NO_LISTENER
        ),
        "elasticloadbalancing:DescribeTags": Probe(
            _with(lambda place: {"ResourceArns": [_balancer(place)]}), _NO_BALANCER, turn=1
        ),
        "elasticloadbalancing:DescribeTargetGroupAttributes": Probe(
            _with(lambda place: {"TargetGroupArn": _group(place)}), _NO_GROUP
        ),
        "elasticloadbalancing:DescribeTargetGroups": Probe(_fixed(PageSize=1)),
        "elasticloadbalancing:DescribeTargetHealth": Probe(
            _with(lambda place: {"TargetGroupArn": _group(place)}), _NO_GROUP
        ),
        "glue:GetTable": Probe(_table, ("EntityNotFoundException",), lacks="Athena is off in the settings"),
        "health:DescribeEvents": Probe(_fixed(maxResults=10), (NO_PLAN,)),
        "lambda:GetAccountSettings": Probe(_fixed()),
        "lambda:GetAlias": _function(Name=MADE_UP),
        "lambda:GetFunctionConcurrency": _function(),
        "lambda:GetFunctionConfiguration": _function(),
        "lambda:GetPolicy": _function(),
        "lambda:ListTags": Probe(
            _with(lambda place: {"Resource": place.arn("lambda", f"function:{MADE_UP}")}), _NO_RESOURCE
        ),
        "lambda:ListVersionsByFunction": _function(MaxItems=1),
        "logs:DescribeDeliveries": Probe(_fixed(limit=1)),
        "logs:DescribeDeliveryDestinations": Probe(_fixed(limit=1)),
        "logs:DescribeDeliverySources": Probe(_fixed(limit=1)),
        "logs:FilterLogEvents": Probe(_log_group(**_BEFORE_ALL_LOGS), _NO_RESOURCE, turn=4, lacks=_NO_LOG_GROUP),
        "logs:GetLogEvents": Probe(_log_group(logStreamName=MADE_UP), _NO_RESOURCE, turn=4, lacks=_NO_LOG_GROUP),
        "logs:GetQueryResults": Probe(_fixed(queryId=QUERY), (*_NO_RESOURCE, "InvalidParameterException")),
        "route53:ListHostedZones": Probe(_fixed(MaxItems="1")),
        "route53:ListResourceRecordSets": Probe(
            _fixed(HostedZoneId="Z0000000000000000ALB5", MaxItems="1"), ("NoSuchHostedZone",)
        ),
        "s3:GetObject": Probe(_log_file, ("NoSuchKey",), turn=3, lacks=_NO_FILE),
        "s3:ListBucket": Probe(_log_folder, ("NoSuchBucket",), learns=_key_of, turn=2, lacks=_NO_LOGS),
    }
)

_STARTS: Final = "what it permits is to start a query, which costs money"
_ENDS: Final = "it takes a query that runs"
_MADE: Final = "it takes a query that was made"
UNASKED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "athena:GetQueryExecution": _MADE,
        "athena:GetQueryResults": _MADE,
        "athena:StartQueryExecution": _STARTS,
        "athena:StopQueryExecution": _ENDS,
        "logs:StartQuery": _STARTS,
        "logs:StopQuery": _ENDS,
    }
)
"""What cannot be found out by reading, and why."""
TURNS: Final = 1 + max(probe.turn for probe in PROBES.values())
