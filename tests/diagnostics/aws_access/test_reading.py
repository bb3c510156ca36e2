"""Every way in which a read can go wrong comes back as a value that says what to do."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from demo.aws.layer import AwsLayer, Call
from diagnostics.aws_access import (
    AccessLimits,
    Account,
    AwsAccess,
    CallMeter,
    Missing,
    UnknownScopeError,
    explain,
)
from diagnostics.aws_access.failures import gap_of
from diagnostics.aws_access.observing import AwsCall, Nobody
from diagnostics.aws_access.region_names import partition_of
from diagnostics.facts import Gap
from diagnostics.reference import REFERENCE
from tests.diagnostics.aws_access.conftest import QUICK, REGION, Aws, Role

BALANCERS = ("elbv2", "describe_load_balancers")


class Hears(Nobody):
    def __init__(self) -> None:
        self.calls: list[AwsCall] = []

    def called(self, call: AwsCall) -> None:
        self.calls.append(call)


def gap(found: object) -> Gap:
    assert isinstance(found, Gap), found
    return found


def test_a_read_that_works_is_counted_and_says_who_asks(aws: Aws, role: Role) -> None:
    meter = CallMeter()
    answer = role.reader(meter=meter).call(*BALANCERS, expects=("LoadBalancers",))
    assert isinstance(answer, dict)
    assert answer["LoadBalancers"] == []
    assert meter.usage().by_action == {"elasticloadbalancing:DescribeLoadBalancers": 1}
    assert meter.usage().seconds > 0
    assert "alb502/" in aws.user_agents[-1]


def test_a_denied_read_names_the_permission_and_the_role_that_lacks_it(aws: Aws, role: Role) -> None:
    aws.iam.declare(role.arn, [{"Version": "2012-10-17", "Statement": []}])
    denied = gap(
        role.reader().call("elbv2", "describe_target_health", TargetGroupArn="arn:aws:x", resource="arn:aws:x")
    )
    assert (denied.kind, denied.action) == ("denied", "elasticloadbalancing:DescribeTargetHealth")
    assert denied.resource == "arn:aws:x"
    assert role.arn in explain(denied)


def test_throttling_is_tried_again_and_then_said(aws: Aws, role: Role) -> None:
    limits, heard = AccessLimits(attempts=2), Hears()
    aws.faults.fail("elbv2", "DescribeLoadBalancers", account=role.account, times=1)
    reader = AwsAccess((role.configured(),), limits, observer=heard).reader(role.account, REGION)
    assert isinstance(reader.call(*BALANCERS), dict)
    assert [call.retries for call in heard.calls] == [1]
    aws.faults.fail("elbv2", "DescribeLoadBalancers", account=role.account, times=None)
    throttled = gap(role.reader(limits).call(*BALANCERS))
    assert throttled.kind == "throttled"
    assert "throttled" in explain(throttled)


def test_a_hanging_endpoint_costs_the_timeout_and_no_more(aws: Aws, role: Role) -> None:
    """Read with the process's own credentials: within so short a time nothing else may have to be answered."""
    access = AwsAccess((Account("600000000000", "", (REGION,)),), AccessLimits(read_timeout_s=0.3, attempts=1))
    aws.faults.hang(30, "ecs", "ListClusters", account="600000000000")
    hung = gap(access.reader("600000000000", REGION).call("ecs", "list_clusters"))
    assert (hung.kind, hung.error) == ("timeout", "ReadTimeoutError")


@pytest.mark.parametrize(
    ("service", "operation", "api"),
    [
        ("elbv2", "describe_load_balancers", "DescribeLoadBalancers"),
        ("ec2", "describe_subnets", "DescribeSubnets"),
        ("ecs", "list_clusters", "ListClusters"),
    ],
)
def test_an_answer_that_no_parser_can_read_is_a_gap(
    aws: Aws, role: Role, service: str, operation: str, api: str
) -> None:
    keys = {"elbv2": "LoadBalancers", "ec2": "Subnets", "ecs": "clusterArns"}
    aws.faults.malform(service, api, account=role.account, times=None)
    broken = gap(role.reader().call(service, operation, expects=(keys[service],)))
    assert (broken.kind, broken.error) == ("failed", "MalformedAnswer")
    assert role.reader().pages(service, operation, keys[service], max_pages=2).failed == broken


def test_a_region_that_is_not_enabled_is_called_so(aws: Aws, role: Role) -> None:
    aws.regions.regions.add("af-south-1")
    for service, operation in (BALANCERS, ("ec2", "describe_subnets"), ("ecs", "list_clusters")):
        off = gap(role.reader(region="af-south-1").call(service, operation))
        assert off.kind == "not-enabled"
        assert "not enabled" in explain(off)


@pytest.mark.parametrize(("region", "kind"), [("af-south-1", "not-enabled"), (REGION, "failed")])
def test_own_credentials_that_are_unknown_are_good_ones_where_a_region_has_to_be_enabled(
    region: str, kind: str
) -> None:
    unknown = ClientError({"Error": {"Code": "AuthFailure", "Message": "AWS was not able to validate"}}, "X")
    assert gap_of(unknown, action="ec2:X", resource="*", region=region).kind == kind


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eusc-de-east-1", "aws-eusc")],
)
def test_each_region_lies_in_a_partition(region: str, partition: str) -> None:
    assert partition_of(region) == partition


def test_a_region_that_does_not_exist_is_one_clear_line(aws: Aws, role: Role) -> None:
    nowhere = gap(role.reader(region="no such region\n").call(*BALANCERS))
    assert nowhere.kind == "failed"
    assert explain(nowhere).startswith("There is no such AWS region")


def test_where_a_region_that_does_not_exist_may_come_from() -> None:
    nowhere = Gap(action="sts:X", resource="*", error="E", message="Credential should be scoped to a valid region.")
    assert explain(nowhere) == "There is no such AWS region; check AWS_REGION, --region and the settings' regions."


def test_what_does_not_exist_is_neither_an_answer_nor_a_gap(aws: Aws, role: Role) -> None:
    wanted: dict[str, Any] = {"Names": ["nothing"]}
    assert isinstance(role.reader().find(*BALANCERS, missing=("LoadBalancerNotFound",), **wanted), Missing)
    assert gap(role.reader().call(*BALANCERS, **wanted)).error == "LoadBalancerNotFound"
    pages = role.reader().pages(*BALANCERS, "LoadBalancers", max_pages=1, missing=("LoadBalancerNotFound",), **wanted)
    assert pages.missing is not None
    assert pages.failed is None


def test_whoever_observes_hears_of_each_call_how_it_ended_and_by_which_id_aws_knows_it(aws: Aws, role: Role) -> None:
    heard = Hears()
    reader = AwsAccess((role.configured(),), QUICK, observer=heard).reader(role.account, REGION)
    referred = REFERENCE.set("c-4f0a")
    try:
        reader.find(*BALANCERS, missing=("LoadBalancerNotFound",), Names=["nothing"])
    finally:
        REFERENCE.reset(referred)
    assert aws.user_agents[-1].endswith(" ref/c-4f0a")
    reader.call(*BALANCERS)
    assert "ref/" not in aws.user_agents[-1]
    aws.iam.declare(role.arn, [{"Version": "2012-10-17", "Statement": []}])
    reader.call(*BALANCERS)
    assert [(call.service, call.result, call.error) for call in heard.calls] == [
        ("elasticloadbalancing", "missing", "LoadBalancerNotFound"),
        ("elasticloadbalancing", "ok", ""),
        ("elasticloadbalancing", "denied", "AccessDenied"),
    ]
    assert all(call.request_id and call.seconds > 0 for call in heard.calls)
    assert {(call.account, call.region) for call in heard.calls} == {(role.account, REGION)}


@pytest.mark.parametrize("hostile", ["c-1\r\nX-Evil: 1", "c 1", "ü", "c-" + "9" * 80])
def test_what_is_no_plain_reference_is_not_sent_to_aws(aws: Aws, role: Role, hostile: str) -> None:
    referred = REFERENCE.set(hostile)
    try:
        role.reader().call(*BALANCERS)
    finally:
        REFERENCE.reset(referred)
    assert "ref/" not in aws.user_agents[-1]


def test_parameters_that_aws_would_not_take_are_a_gap(aws: Aws, role: Role) -> None:
    refused = gap(role.reader().call("ecs", "describe_services", cluster=7, services="checkout"))
    assert (refused.kind, refused.error) == ("failed", "ParamValidationError")


@pytest.fixture
def endless(aws: Aws) -> AwsLayer:
    @aws.layer.op("ecs", "ListServices", replace=True)
    def pages(call: Call) -> dict[str, Any]:
        if call.params.get("cluster") == "stuck":
            return {"serviceArns": ["arn:same"], "nextToken": "again"}
        if call.params.get("cluster") == "bare":
            return {}
        number = int(call.params.get("nextToken", 0))
        return {"serviceArns": [f"arn:{number}"], "nextToken": str(number + 1)}

    return aws.layer


def test_a_page_loop_ends_at_its_bound_and_says_so(endless: AwsLayer, role: Role) -> None:
    found = role.reader().pages("ecs", "list_services", "serviceArns", max_pages=3, cluster="endless")
    assert found.items == ("arn:0", "arn:1", "arn:2")
    assert (found.calls, found.truncated, found.failed) == (3, True, None)
    assert [(item.kind, item.error) for item in found.gaps] == [("not-read", "TooManyPages")]


def test_a_page_that_repeats_itself_ends_the_loop(endless: AwsLayer, role: Role) -> None:
    found = role.reader().pages("ecs", "list_services", "serviceArns", max_pages=50, cluster="stuck")
    assert found.calls <= 2
    assert found.gaps[0].error == "MalformedAnswer"


def test_an_answer_without_its_list_is_a_gap(endless: AwsLayer, role: Role) -> None:
    reader = role.reader()
    found = reader.pages("ecs", "list_services", "serviceArns", max_pages=1, cluster="bare")
    assert found.failed is not None
    assert found.failed.error == "MalformedAnswer"
    assert gap(reader.call("ecs", "list_services", expects=("serviceArns",), cluster="bare")).error == "MalformedAnswer"


def test_a_page_that_fails_keeps_those_before_it(aws: Aws, endless: AwsLayer, role: Role) -> None:
    seen = 0

    def fail_third(call: Call) -> None:
        nonlocal seen
        if call.operation == "ListServices" and call.account == role.account:
            seen += 1
            if seen == 2:
                aws.faults.fail("ecs", "ListServices", account=role.account, times=1)

    aws.layer.before.append(fail_third)
    found = role.reader().pages("ecs", "list_services", "serviceArns", max_pages=9, cluster="endless")
    assert found.items == ("arn:0", "arn:1")
    assert found.gaps[0].kind == "throttled"
    assert not found.truncated


def test_no_more_calls_run_at_once_than_the_limit_of_the_service(aws: Aws, role: Role) -> None:
    lock, pause = threading.Lock(), threading.Event()
    running, most = 0, 0

    def watch(call: Call) -> None:
        nonlocal running, most
        if call.account != role.account or call.service != "elbv2":
            return
        with lock:
            running += 1
            most = max(most, running)
        pause.wait(0.03)
        with lock:
            running -= 1

    aws.layer.outside.append(watch)
    reader = role.reader(AccessLimits(parallel_per_service=2, attempts=1))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: reader.call(*BALANCERS), range(8)))
    assert all(isinstance(answer, dict) for answer in answers)
    assert most == 2


def test_a_call_that_finds_no_place_gives_up(aws: Aws, role: Role) -> None:
    access = role.access(AccessLimits(parallel_per_service=1, queue_timeout_s=0.05, attempts=1))
    reader = access.reader(role.account, REGION)
    assert isinstance(reader.call(*BALANCERS), dict)
    aws.faults.hang(30, "elbv2", "DescribeLoadBalancers", account=role.account)
    started = threading.Event()
    aws.layer.outside.insert(0, lambda call: started.set() if call.account == role.account else None)
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(reader.call, *BALANCERS)
        assert started.wait(20)
        waiting = gap(reader.call(*BALANCERS))
        aws.faults.clear()
        assert isinstance(hanging.result(20), dict)
    assert (waiting.kind, waiting.error) == ("timeout", "TooManyCallsWaiting")


def test_an_account_that_nobody_configured_is_refused(role: Role) -> None:
    with pytest.raises(UnknownScopeError):
        AwsAccess((role.configured(),), QUICK).reader("999999999999", REGION)
