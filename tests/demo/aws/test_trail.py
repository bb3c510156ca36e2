"""CloudTrail: what was done through the endpoint can be looked up, late and slowly as in AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from demo.aws.layer import AwsLayer
from demo.aws.trail import Trail
from demo.clock import ManualClock
from tests.demo.aws.conftest import REGION, START, Aws

DELAY_S = 120.0


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture(scope="module")
def trail(clock: ManualClock) -> Trail:
    return Trail(clock, DELAY_S)


@pytest.fixture(scope="module")
def aws(serve: Callable[[AwsLayer], Aws], trail: Trail) -> Aws:
    layer = AwsLayer()
    trail.install(layer)
    return serve(layer)


def look_up(aws: Aws, account: str, **params: Any) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = aws.client("cloudtrail", account).lookup_events(**params)["Events"]
    return events


def by(key: str, value: str) -> dict[str, Any]:
    return {"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]}


def test_a_revoked_rule_is_found_by_its_group_with_who_did_it(aws: Aws, clock: ManualClock, account: str) -> None:
    role = f"arn:aws:iam::{account}:role/ops-admin"
    session = aws.client("sts", account).assume_role(RoleArn=role, RoleSessionName="mallory")["Credentials"]
    ec2 = aws.client("ec2", account, session=session)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    alb = ec2.create_security_group(GroupName="alb", Description="alb", VpcId=vpc)["GroupId"]
    app = ec2.create_security_group(GroupName="app", Description="app", VpcId=vpc)["GroupId"]
    rule = [{"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "UserIdGroupPairs": [{"GroupId": alb}]}]
    ec2.authorize_security_group_ingress(GroupId=app, IpPermissions=rule)
    ec2.revoke_security_group_ingress(GroupId=app, IpPermissions=rule)
    assert look_up(aws, account, **by("ResourceName", app)) == []
    clock.advance(DELAY_S)
    newest, *_ = look_up(aws, account, **by("ResourceName", app))
    assert (newest["EventName"], newest["Username"], newest["ReadOnly"]) == (
        "RevokeSecurityGroupIngress", "mallory", "false"
    )  # fmt: skip
    document = json.loads(newest["CloudTrailEvent"])
    assert document["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"] == "ops-admin"
    permission = document["requestParameters"]["ipPermissions"]["items"][0]
    assert (permission["ipProtocol"], permission["fromPort"]) == ("tcp", 8080)
    assert permission["groups"]["items"][0]["groupId"] == alb


def test_a_failed_change_carries_its_error(aws: Aws, clock: ManualClock, account: str) -> None:
    with pytest.raises(ClientError):
        aws.client("elbv2", account).delete_target_group(TargetGroupArn=f"arn:aws:x:{REGION}:{account}:targetgroup/a/1")
    clock.advance(DELAY_S)
    (event,) = look_up(aws, account, **by("EventSource", "elasticloadbalancing.amazonaws.com"))
    assert look_up(aws, account, **by("ReadOnly", "false")) == [event]
    assert look_up(aws, account, **by("ReadOnly", "true")) == []
    document = json.loads(event["CloudTrailEvent"])
    assert document["errorCode"]
    assert document["requestParameters"]["targetGroupArn"].endswith("targetgroup/a/1")


def test_reads_are_not_recorded(aws: Aws, clock: ManualClock, account: str) -> None:
    aws.client("ec2", account).describe_vpcs()
    clock.advance(DELAY_S)
    assert look_up(aws, account) == []


def test_history_can_be_seeded_and_is_paged_newest_first(
    aws: Aws, trail: Trail, clock: ManualClock, account: str
) -> None:
    for minute in range(120):
        trail.add(
            account, REGION, "UpdateService", "ecs.amazonaws.com", "deploy", [("AWS::ECS::Service", f"s{minute}")],
            {"service": f"s{minute}"}, at=clock() - 3600 * 6 - minute * 60,
        )  # fmt: skip
    client = aws.client("cloudtrail", account)
    pages = list(client.get_paginator("lookup_events").paginate(**by("Username", "deploy")))
    assert [len(page["Events"]) for page in pages] == [50, 50, 20]
    names = [event["Resources"][0]["ResourceName"] for page in pages for event in page["Events"]]
    assert names == [f"s{minute}" for minute in range(120)]
    token = pages[0]["NextToken"]
    with pytest.raises(ClientError, match="InvalidNextTokenException"):
        client.lookup_events(**by("EventName", "UpdateService"), NextToken=token)


def test_a_time_range_is_inclusive(aws: Aws, trail: Trail, clock: ManualClock, account: str) -> None:
    start = datetime.fromtimestamp(clock() - 7200, UTC)
    for minute in range(10):
        trail.add(
            account, REGION, "StopTask", "ecs.amazonaws.com", "eve", [], None, at=start + timedelta(minutes=minute)
        )
    found = look_up(aws, account, StartTime=start + timedelta(minutes=2), EndTime=start + timedelta(minutes=4))
    assert [(event["EventTime"].astimezone(UTC) - start).seconds // 60 for event in found] == [4, 3, 2]
    with pytest.raises(ClientError, match="InvalidTimeRangeException"):
        look_up(aws, account, StartTime=start, EndTime=start - timedelta(minutes=1))


def test_only_one_attribute_may_be_given(aws: Aws, account: str) -> None:
    both = [*by("EventName", "StopTask")["LookupAttributes"], *by("Username", "eve")["LookupAttributes"]]
    with pytest.raises(ClientError, match="InvalidLookupAttributesException"):
        look_up(aws, account, LookupAttributes=both)


def test_the_third_lookup_in_a_second_is_throttled(aws: Aws, trail: Trail, clock: ManualClock, account: str) -> None:
    trail.enforce_rate = True
    try:
        look_up(aws, account)
        look_up(aws, account)
        with pytest.raises(ClientError, match="ThrottlingException"):
            look_up(aws, account)
        look_up(aws, "499999999999")
        clock.advance(1.0)
        look_up(aws, account)
    finally:
        trail.enforce_rate = False


def test_a_lambda_change_is_recorded_under_its_dated_name(aws: Aws, clock: ManualClock, account: str) -> None:
    with pytest.raises(ClientError):
        aws.client("lambda", account).put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    clock.advance(DELAY_S)
    (event,) = look_up(aws, account)
    assert event["EventName"] == "PutFunctionConcurrency20171031"
    assert event["Resources"] == [{"ResourceType": "AWS::Lambda::Function", "ResourceName": "f"}]
