"""A simulated AWS in which every account has one fault, and one has none."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import boto3

from demo.aws.guards import DisabledRegions, ExpiredTokens, Faults, IamGuard, KnownRegions, TrustGuard
from demo.aws.iam_policy import Policy, Verdict, judge_all
from demo.aws.layer import AwsError, AwsLayer, Call, account_key
from demo.aws.server import environment, start
from diagnostics.aws_access.read_policy import reach, read_policy
from remediations.policy import published_policy

BOT: Final = "470000000000"
HOME: Final = "us-east-1"
OFF: Final = "ap-east-1"
UNKNOWN: Final = "eu-west-9"
Document = dict[str, Any]
NOT_IN_MOTO: Final[Mapping[tuple[str, str], Document | AwsError]] = {
    ("application-autoscaling", "DescribeScalingActivities"): {"ScalingActivities": []},
    ("cloudtrail", "LookupEvents"): {"Events": []},
    ("ecs", "DescribeContainerInstances"): {"containerInstances": [], "failures": []},
    ("ecs", "DescribeServiceDeployments"): {"serviceDeployments": [], "failures": []},
    ("ecs", "DescribeServiceRevisions"): {"serviceRevisions": [], "failures": []},
    ("ecs", "ListServiceDeployments"): {"serviceDeployments": []},
    ("health", "DescribeEvents"): {"events": []},
    ("lambda", "GetAccountSettings"): {"AccountLimit": {}, "AccountUsage": {}},
    ("logs", "GetQueryResults"): AwsError("ResourceNotFoundException", "Query does not exist.", 400),
}
"""What moto does not answer, or not as AWS does."""


def read_role(account: str) -> str:
    return f"arn:aws:iam::{account}:role/alb502-read"


def write_role(account: str) -> str:
    return f"arn:aws:iam::{account}:role/alb502-remediate"


def reads(account: str, *, without: Sequence[str] = (), more: Sequence[Document] = ()) -> Document:
    """The published policy of the role that reads, less some actions."""
    return _changed(read_policy(reach(account)), without, more)


def writes(account: str, *, without: Sequence[str] = (), more: Sequence[Document] = ()) -> Document:
    return _changed(published_policy(account=account), without, more)


def _changed(document: Document, without: Sequence[str], more: Sequence[Document]) -> Document:
    kept = copy.deepcopy(document)
    for statement in kept["Statement"]:
        if statement["Effect"] == "Allow":
            actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
            statement["Action"] = [action for action in actions if action not in without] or ["none:None"]
    kept["Statement"] += more
    return kept


@dataclass
class PlantedAws:
    """`seen`: every call that came in, with the status that it was answered."""

    layer: AwsLayer
    iam: IamGuard
    trust: TrustGuard
    faults: Faults
    endpoint: str
    seen: list[tuple[Call, int]] = field(default_factory=list)
    policies: dict[str, list[Document]] = field(default_factory=dict)

    def declare(self, role: str, document: Document, external_id: str | None = None) -> None:
        self.policies[role] = [document]
        self.iam.declare(role, [document])
        self.trust.declare(role, external_id)

    def admin(self, service: str, account: str, region: str = HOME) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=account_key(account),
            aws_secret_access_key="simulated",
        )

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.endpoint, HOME, BOT)


@contextmanager
def planted() -> Iterator[PlantedAws]:
    layer, iam, trust, faults = AwsLayer(), IamGuard(), TrustGuard(), Faults()
    for guard in (iam, trust, ExpiredTokens(), KnownRegions(), DisabledRegions({OFF}), faults):
        guard.install(layer)
    with start(layer) as server:
        aws = PlantedAws(layer, iam, trust, faults, server.endpoint_url)
        layer.after.append(lambda call, status, _: aws.seen.append((call, status)))
        _answer_what_moto_does_not(aws)
        yield aws


def _answer_what_moto_does_not(aws: PlantedAws) -> None:
    for (service, operation), answer in NOT_IN_MOTO.items():
        aws.layer.op(service, operation)(lambda _, answer=answer: _answered(answer))

    @aws.layer.op("iam", "SimulatePrincipalPolicy")
    def simulate(call: Call) -> Document:
        """Judges as the guard does, one result for each action with one for each resource."""
        role = call.params["PolicySourceArn"]
        if role not in aws.policies:
            raise AwsError("NoSuchEntity", f"The role with name {role.rsplit('/', 1)[-1]} cannot be found.", 404)
        policies = [Policy(document) for document in aws.policies[role]]
        entries = call.params.get("ContextEntries", ())
        context = {entry["ContextKeyName"]: entry["ContextKeyValues"][0] for entry in entries}
        return {
            "EvaluationResults": [_result(policies, action, call, context) for action in call.params["ActionNames"]],
            "IsTruncated": False,
        }


def _result(policies: list[Policy], action: str, call: Call, context: Mapping[str, str]) -> Document:
    decisions = {
        Verdict.ALLOWED: "allowed",
        Verdict.EXPLICIT_DENY: "explicitDeny",
        Verdict.IMPLICIT_DENY: "implicitDeny",
    }
    judged = {arn: decisions[judge_all(policies, action, arn, context)] for arn in call.params["ResourceArns"]}
    return {
        "EvalActionName": action,
        "EvalResourceName": "*",
        "EvalDecision": max(judged.values()),
        "ResourceSpecificResults": [
            {"EvalResourceName": arn, "EvalResourceDecision": decision} for arn, decision in judged.items()
        ],
    }


def _answered(answer: Document | AwsError) -> Document:
    if isinstance(answer, AwsError):
        raise answer
    return answer


def with_a_service(aws: PlantedAws, account: str) -> None:
    """A load balancer that writes access logs, and a service that writes to a log group."""
    ec2, elb, ecs, s3 = (aws.admin(name, account) for name in ("ec2", "elbv2", "ecs", "s3"))
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]][:2]
    balancer = elb.create_load_balancer(Name="shop", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    bucket = f"logs-of-{account}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key=f"alb/AWSLogs/{account}/elasticloadbalancing/{HOME}/2026/a.log.gz", Body=b"log")
    told = {"access_logs.s3.enabled": "true", "access_logs.s3.bucket": bucket, "access_logs.s3.prefix": "alb"}
    elb.modify_load_balancer_attributes(
        LoadBalancerArn=balancer, Attributes=[{"Key": key, "Value": value} for key, value in told.items()]
    )
    logs = {"logDriver": "awslogs", "options": {"awslogs-group": "/shop", "awslogs-region": HOME}}
    container = {"name": "app", "image": "app", "memory": 128, "logConfiguration": logs}
    ecs.create_cluster(clusterName="prod")
    ecs.register_task_definition(family="shop", containerDefinitions=[container])
    ecs.create_service(cluster="prod", serviceName="shop", taskDefinition="shop:1", desiredCount=0)


def as_environment(aws: PlantedAws, accounts: Sequence[Document], remediations: Document) -> dict[str, str]:
    return {
        **aws.environment,
        "ALB502_ACCOUNTS": json.dumps(list(accounts)),
        "ALB502_REMEDIATIONS": json.dumps(remediations),
    }
