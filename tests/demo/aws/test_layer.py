"""The endpoint as boto3 sees it: every answer is AWS-shaped, whoever gives it."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from demo.aws.guards import Faults, Latency
from demo.aws.layer import AwsError, AwsLayer, Call
from tests.demo.aws.conftest import REGION, Aws

STARTED_AT = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def aws(serve: Callable[[AwsLayer], Aws]) -> Aws:
    layer = AwsLayer()

    @layer.op("health", "DescribeEvents")
    def describe_events(call: Call) -> dict[str, Any]:
        return {"events": [{"arn": f"arn:aws:health:{call.region}::event/{call.account}", "startTime": STARTED_AT}]}

    @layer.op("ecs", "DescribeCapacityProviders")
    def broken(call: Call) -> dict[str, Any]:
        raise KeyError("a fault of the emulator itself")

    return serve(layer)


def code_of(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def test_a_handler_answers_for_a_service_that_moto_has_never_heard_of(aws: Aws, account: str) -> None:
    event = aws.client("health", account).describe_events()["events"][0]
    assert event["arn"].endswith(account)
    assert event["startTime"] == STARTED_AT


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("elbv2", "modify_capacity_reservation", {"LoadBalancerArn": "x"}),  # query
        ("ec2", "describe_network_insights_paths", {}),  # ec2
        ("cloudtrail", "lookup_events", {}),  # json
        ("lambda", "get_account_settings", {}),  # rest-json
        ("globalaccelerator", "list_accelerators", {}),  # no module in moto at all
    ],
)
def test_what_nothing_implements_is_one_clear_501_in_every_protocol(
    aws: Aws, account: str, service: str, operation: str, params: dict[str, str]
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(aws.client(service, account, attempts=3), operation)(**params)
    assert code_of(refused.value) == "NotImplementedByEmulator"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert refused.value.response["ResponseMetadata"]["RetryAttempts"] == 0


def test_a_bug_of_the_emulator_is_an_aws_error_and_not_a_web_page(
    aws: Aws, account: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ClientError, match="InternalFailure"):
        aws.client("ecs", account).describe_capacity_providers()
    assert "DescribeCapacityProviders failed" in caplog.text


def test_moto_answers_the_rest_in_the_account_of_the_key(aws: Aws, account: str) -> None:
    mine, other = aws.client("ec2", account), aws.client("ec2", "499999999999")
    vpc = mine.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]
    assert vpc["OwnerId"] == account
    with pytest.raises(ClientError, match="InvalidVpcID"):
        other.describe_vpcs(VpcIds=[vpc["VpcId"]])


def test_an_assumed_role_is_named_on_the_calls_that_it_makes(aws: Aws, account: str) -> None:
    role = f"arn:aws:iam::{account}:role/reader"
    session = aws.client("sts", "499999999999").assume_role(RoleArn=role, RoleSessionName="oncall")["Credentials"]
    seen: list[Call] = []
    aws.layer.before.append(seen.append)
    try:
        aws.client("elbv2", account, session=session).describe_load_balancers()
    finally:
        aws.layer.before.remove(seen.append)
    (call,) = seen
    assert (call.account, call.region, call.read_only) == (account, REGION, True)
    assert call.principal is not None
    assert (call.principal.role_arn, call.principal.session_name) == (role, "oncall")


def test_calls_are_recorded_by_the_permission_that_they_need(aws: Aws, account: str) -> None:
    s3 = aws.client("s3", account)
    s3.create_bucket(Bucket=f"logs-{account}", CreateBucketConfiguration={"LocationConstraint": REGION})
    aws.layer.clear_calls()
    s3.list_objects_v2(Bucket=f"logs-{account}")
    aws.client("cloudwatch", account).describe_alarms()
    with pytest.raises(ClientError):
        aws.client("elbv2", account).describe_load_balancers(Names=["nobody"])
    assert [(one.iam_action, one.status) for one in aws.layer.calls] == [
        ("s3:ListBucket", 200),
        ("cloudwatch:DescribeAlarms", 200),
        ("elasticloadbalancing:DescribeLoadBalancers", 400),
    ]
    assert {one.account for one in aws.layer.calls} == {account}


def test_an_object_survives_the_way_through_the_layer(aws: Aws, account: str) -> None:
    s3 = aws.client("s3", account)
    s3.create_bucket(Bucket=f"data-{account}", CreateBucketConfiguration={"LocationConstraint": REGION})
    body = bytes(range(256)) * 4_000
    s3.put_object(Bucket=f"data-{account}", Key="a/b c.log.gz", Body=body, ContentEncoding="gzip")
    assert s3.get_object(Bucket=f"data-{account}", Key="a/b c.log.gz")["Body"].read() == body


def test_an_unsigned_request_gets_an_aws_shaped_refusal(aws: Aws) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(aws.server.endpoint_url + "/anything", timeout=5)  # noqa: S310
    with refused.value as response:
        assert response.headers["Content-Type"].startswith("application/x-amz-json")


def test_a_typo_in_an_operation_is_found_when_it_is_registered() -> None:
    with pytest.raises(ValueError, match="no operation elbv2:DescribeTargetsHealth"):
        AwsLayer().op("elbv2", "DescribeTargetsHealth")


def test_a_second_handler_must_say_that_it_replaces_the_first() -> None:
    layer = AwsLayer()
    layer.op("elbv2", "DescribeTargetHealth")(lambda _: {})
    with pytest.raises(ValueError, match="handler already"):
        layer.op("elbv2", "DescribeTargetHealth")
    layer.op("elbv2", "DescribeTargetHealth", replace=True)


def test_slow_calls_wait_in_parallel(aws: Aws, account: str) -> None:
    """All calls are inside the latency hook together: a hook under the lock would let one in at a time."""
    together = threading.Barrier(4, timeout=5)

    def wait_for_the_others(_: Call) -> None:
        together.wait()

    aws.layer.outside.append(wait_for_the_others)
    client = aws.client("sts", account)
    answered: list[str] = []
    threads = [
        threading.Thread(target=lambda: answered.append(client.get_caller_identity()["Account"])) for _ in range(4)
    ]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    finally:
        aws.layer.outside.remove(wait_for_the_others)
    assert answered == [account] * 4


def test_latency_is_slept_before_the_call_is_let_in(aws: Aws, account: str) -> None:
    slept: list[float] = []
    latency = Latency(50, slept.append)
    latency.install(aws.layer)
    try:
        aws.client("sts", account).get_caller_identity()
    finally:
        aws.layer.outside.remove(latency)
    assert slept == [0.05]
    assert latency not in aws.layer.before


def test_a_throttled_call_comes_right_when_it_is_tried_again(aws: Aws, account: str) -> None:
    faults = Faults()
    faults.install(aws.layer)
    try:
        faults.fail("elbv2", "DescribeLoadBalancers", times=1)
        answer = aws.client("elbv2", account, attempts=2).describe_load_balancers()
        assert answer["ResponseMetadata"]["RetryAttempts"] == 1
    finally:
        aws.layer.outside.remove(faults)


def test_a_fault_strikes_only_where_it_is_aimed(aws: Aws, account: str) -> None:
    faults = Faults()
    faults.install(aws.layer)
    try:
        faults.fail("ecs", error=AwsError("ServerException", "not today", 500), account=account, times=None)
        with pytest.raises(ClientError, match="not today"):
            aws.client("ecs", account).list_clusters()
        aws.client("ecs", "499999999999").list_clusters()
        aws.client("elbv2", account).describe_load_balancers()
    finally:
        aws.layer.outside.remove(faults)


def test_a_malformed_answer_cannot_be_parsed(aws: Aws, account: str) -> None:
    faults = Faults()
    faults.install(aws.layer)
    try:
        faults.malform("elbv2", "DescribeLoadBalancers")
        with pytest.raises(ResponseParserError):
            aws.client("elbv2", account).describe_load_balancers()
    finally:
        aws.layer.outside.remove(faults)


def test_a_hanging_call_is_let_go_when_the_faults_are_cleared(aws: Aws, account: str) -> None:
    faults, arrived = Faults(), threading.Event()
    aws.layer.outside.append(lambda _: arrived.set())
    faults.install(aws.layer)
    answered: list[str] = []
    try:
        faults.hang(60, "sts")
        client = aws.client("sts", account)
        thread = threading.Thread(target=lambda: answered.append(client.get_caller_identity()["Account"]))
        thread.start()
        assert arrived.wait(5)
        faults.clear()
        thread.join(5)
    finally:
        aws.layer.outside.clear()
    assert answered == [account]
