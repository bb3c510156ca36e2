"""Permissions, trust, expiry and regions: each refusal in the words of the service that gives it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from demo.aws.guards import DisabledRegions, ExpiredTokens, IamGuard, TrustGuard
from demo.aws.iam_policy import Policy, Verdict
from demo.aws.layer import AwsLayer
from demo.aws.sts_limits import SessionLimits
from tests.demo.aws.conftest import REGION, Aws

BOT_ACCOUNT = "499999999999"


@pytest.fixture(scope="module")
def iam() -> IamGuard:
    return IamGuard()


@pytest.fixture(scope="module")
def trust() -> TrustGuard:
    return TrustGuard()


@pytest.fixture(scope="module")
def expired() -> ExpiredTokens:
    return ExpiredTokens()


@pytest.fixture(scope="module")
def aws(serve: Callable[[AwsLayer], Aws], iam: IamGuard, trust: TrustGuard, expired: ExpiredTokens) -> Aws:
    layer = AwsLayer()
    for guard in (iam, trust, expired, DisabledRegions({"ap-east-1"})):
        guard.install(layer)

    @layer.op("ecs", "UpdateService")
    @layer.op("ecs", "RegisterTaskDefinition")
    def accept(call: Any) -> dict[str, Any]:
        return {}

    return serve(layer)


def allow(*actions: str, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}]}


@pytest.fixture
def assume(aws: Aws, account: str, iam: IamGuard, trust: TrustGuard) -> Callable[..., dict[str, Any]]:
    role = f"arn:aws:iam::{account}:role/reader"

    def assume_role(*documents: dict[str, Any], **params: Any) -> dict[str, Any]:
        iam.declare(role, documents)
        trust.declare(role)
        sts = aws.client("sts", BOT_ACCOUNT)
        session: dict[str, Any] = sts.assume_role(RoleArn=role, RoleSessionName="bot", **params)["Credentials"]
        return session

    return assume_role


@pytest.mark.parametrize(
    ("service", "operation", "params", "code", "status"),
    [
        ("ec2", "describe_subnets", {}, "UnauthorizedOperation", 403),
        ("elbv2", "describe_load_balancers", {}, "AccessDenied", 403),
        ("ecs", "list_clusters", {}, "AccessDeniedException", 400),
        ("lambda", "list_functions", {}, "AccessDeniedException", 403),
        ("s3", "list_buckets", {}, "AccessDenied", 403),
        ("resourcegroupstaggingapi", "get_resources", {}, "AccessDeniedException", 400),
    ],
)
def test_a_missing_permission_is_refused_as_the_service_would(
    aws: Aws,
    account: str,
    assume: Callable[..., Any],
    service: str,
    operation: str,
    params: Any,
    code: str,
    status: int,
) -> None:
    session = assume(allow("health:*"))
    with pytest.raises(ClientError, match="not authorized to perform: ") as refused:
        getattr(aws.client(service, account, session=session), operation)(**params)
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_read_policy_lets_reads_through(aws: Aws, account: str, assume: Callable[..., Any]) -> None:
    session = assume(allow("elasticloadbalancing:Describe*", "cloudwatch:DescribeAlarms", "tag:GetResources"))
    aws.client("elbv2", account, session=session).describe_load_balancers()
    aws.client("cloudwatch", account, session=session).describe_alarms()
    aws.client("resourcegroupstaggingapi", account, session=session).get_resources()
    with pytest.raises(ClientError, match="elasticloadbalancing:CreateLoadBalancer"):
        aws.client("elbv2", account, session=session).create_load_balancer(Name="x")


def test_a_write_is_judged_on_the_arn_that_it_changes(aws: Aws, account: str, assume: Callable[..., Any]) -> None:
    session = assume(allow("ecs:UpdateService", resource=f"arn:aws:ecs:{REGION}:{account}:service/prod/checkout"))
    ecs = aws.client("ecs", account, session=session)
    ecs.update_service(cluster="prod", service="checkout", desiredCount=2)
    ecs.update_service(
        cluster=f"arn:aws:ecs:{REGION}:{account}:cluster/prod",
        service=f"arn:aws:ecs:{REGION}:{account}:service/prod/checkout",
    )
    for cluster, service in (("prod", "payments"), ("staging", "checkout")):
        with pytest.raises(ClientError, match=f"service/{cluster}/{service}"):
            ecs.update_service(cluster=cluster, service=service, desiredCount=2)


def test_conditions_count(aws: Aws, account: str, assume: Callable[..., Any]) -> None:
    prod = {"ArnEquals": {"ecs:cluster": f"arn:aws:ecs:{REGION}:{account}:cluster/prod"}}
    ecs = aws.client("ecs", account, session=assume(allow("ecs:UpdateService", Condition=prod)))
    ecs.update_service(cluster="prod", service="checkout")
    with pytest.raises(ClientError, match="AccessDeniedException"):
        ecs.update_service(cluster="staging", service="checkout")


def test_a_session_policy_narrows_the_role(aws: Aws, account: str, assume: Callable[..., Any]) -> None:
    session = assume(allow("*"), Policy=json.dumps(allow("elasticloadbalancing:*")))
    aws.client("elbv2", account, session=session).describe_load_balancers()
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        aws.client("ec2", account, session=session).describe_vpcs()


def test_handing_a_role_to_a_task_needs_pass_role(aws: Aws, account: str, assume: Callable[..., Any]) -> None:
    definition = {
        "family": "checkout",
        "containerDefinitions": [{"name": "app", "image": "app:2"}],
        "executionRoleArn": f"arn:aws:iam::{account}:role/execution",
    }
    with pytest.raises(ClientError, match="iam:PassRole"):
        aws.client("ecs", account, session=assume(allow("ecs:*"))).register_task_definition(**definition)
    passing = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    session = assume(allow("ecs:*"), allow("iam:PassRole", Condition=passing))
    aws.client("ecs", account, session=session).register_task_definition(**definition)


def test_trust_asks_for_the_external_id(aws: Aws, account: str, trust: TrustGuard) -> None:
    role = f"arn:aws:iam::{account}:role/partner"
    trust.declare(role, "secret-handshake")
    sts = aws.client("sts", BOT_ACCOUNT)
    for params in ({}, {"ExternalId": "wrong"}):
        with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole"):
            sts.assume_role(RoleArn=role, RoleSessionName="bot", **params)
    sts.assume_role(RoleArn=role, RoleSessionName="bot", ExternalId="secret-handshake")
    with pytest.raises(ClientError, match="AccessDenied"):
        sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/undeclared", RoleSessionName="bot")


def test_expired_sessions_are_refused_and_new_ones_are_good(
    aws: Aws, account: str, assume: Callable[..., Any], expired: ExpiredTokens
) -> None:
    old = assume(allow("*"))
    expired.expire(f"arn:aws:iam::{account}:role/reader")
    for service, call, code in (
        ("elbv2", "describe_load_balancers", "ExpiredToken"),
        ("ecs", "list_clusters", "ExpiredTokenException"),
        ("ec2", "describe_vpcs", "RequestExpired"),
    ):
        with pytest.raises(ClientError) as refused:
            getattr(aws.client(service, account, session=old), call)()
        assert refused.value.response["Error"]["Code"] == code
    aws.client("elbv2", account, session=assume(allow("*"))).describe_load_balancers()


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("ec2", "describe_vpcs", "AuthFailure"),
        ("elbv2", "describe_load_balancers", "InvalidClientTokenId"),
        ("ecs", "list_clusters", "UnrecognizedClientException"),
    ],
)
def test_a_region_that_is_not_enabled_knows_no_credentials(
    aws: Aws, account: str, service: str, operation: str, code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(aws.client(service, account, region="ap-east-1"), operation)()
    assert refused.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    ("statement", "verdict"),
    [
        ({"Effect": "Allow", "Action": "ECS:update*", "Resource": "*"}, Verdict.ALLOWED),
        ({"Effect": "Allow", "Action": "ecs:UpdateServic?", "Resource": "*"}, Verdict.ALLOWED),
        ({"Effect": "Allow", "Action": "ecs:Update", "Resource": "*"}, Verdict.IMPLICIT_DENY),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, Verdict.ALLOWED),
        ({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:ecs:*"}, Verdict.IMPLICIT_DENY),
        ({"Effect": "Allow", "Action": "*", "Resource": "arn:aws:ecs:*:*:service/prod/*"}, Verdict.ALLOWED),
        ({"Effect": "Allow", "Action": "*", "Resource": "arn.aws:ecs:*"}, Verdict.IMPLICIT_DENY),
        ({"Effect": "Deny", "Action": "ecs:*", "Resource": "*"}, Verdict.EXPLICIT_DENY),
        (
            {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:ViaAWSService": "true"}}},
            Verdict.IMPLICIT_DENY,
        ),
    ],
)
def test_one_statement(statement: dict[str, Any], verdict: Verdict) -> None:
    resource = "arn:aws:ecs:eu-west-1:111111111111:service/prod/web"
    assert Policy({"Statement": statement}).judge("ecs:UpdateService", resource, {}) is verdict


def test_an_unknown_condition_operator_is_refused_and_never_ignored() -> None:
    with pytest.raises(ValueError, match="NumericLessThan"):
        Policy(allow("*", Condition={"NumericLessThan": {"s3:max-keys": "10"}}))


@pytest.mark.parametrize(
    ("member", "given"),
    [
        ("roleSessionName", {"RoleSessionName": "a b"}),
        ("sourceIdentity", {"SourceIdentity": "Jörg"}),
        ("policy", {"Policy": "x" * 2_049}),
        ("tags.value", {"Tags": [{"Key": "incident", "Value": "<r-1>"}]}),
        ("tags.key", {"Tags": [{"Key": "a&b", "Value": ""}]}),
    ],
)
def test_sts_refuses_what_it_does_not_take(aws: Aws, account: str, member: str, given: dict[str, Any]) -> None:
    limits = SessionLimits()
    limits.install(aws.layer)
    params = {"RoleArn": f"arn:aws:iam::{account}:role/x", "RoleSessionName": "bot", **given}
    try:
        with pytest.raises(ClientError, match=f"'{member}'"):
            aws.client("sts", BOT_ACCOUNT).assume_role(**params)
    finally:
        aws.layer.before.remove(limits)
