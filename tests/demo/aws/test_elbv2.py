"""Load balancers as AWS describes them: defaults, order, live routing, refusals, targets and nodes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

from demo.aws import ec2 as ec2_fixes
from demo.aws import elbv2 as elbv2_fixes
from demo.aws.layer import AwsLayer
from demo.aws.nodes import node_addresses
from demo.aws.targets import TargetRegistry
from demo.clock import ManualClock
from tests.demo.aws.conftest import REGION, START, Aws

_SHOPS = itertools.count(498_000_000_000)
"""A worker that takes tests from another one may make the fixtures of this module twice."""


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture(scope="module")
def registry(clock: ManualClock) -> TargetRegistry:
    return TargetRegistry(clock)


@pytest.fixture(scope="module")
def aws(serve: Callable[[AwsLayer], Aws], registry: TargetRegistry) -> Aws:
    layer = AwsLayer()
    elbv2_fixes.install(layer, registry)
    ec2_fixes.install(layer)
    return serve(layer)


@dataclass(frozen=True)
class Shop:
    """A load balancer in two of three zones, with a listener that forwards to the first of three groups."""

    account: str
    elb: Any
    ec2: Any
    vpc: str
    subnets: list[str]
    group: str
    arn: str
    listener: str
    target_groups: list[str]

    def backend(self) -> Any:
        return elbv2_backends[self.account][REGION].load_balancers[self.arn]

    def attached(self) -> dict[str, list[str]]:
        groups = self.elb.describe_target_groups()["TargetGroups"]
        return {one["TargetGroupName"]: one["LoadBalancerArns"] for one in groups}


@pytest.fixture
def shop(aws: Aws, account: str) -> Shop:
    return build_shop(aws, account)


@pytest.fixture(scope="module")
def untouched(aws: Aws) -> Shop:
    """One shop for all tests in which AWS refuses: building it takes longer than they do."""
    return build_shop(aws, str(next(_SHOPS)))


def build_shop(aws: Aws, account: str) -> Shop:
    elb, ec2 = aws.client("elbv2", account), aws.client("ec2", account)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
            "SubnetId"
        ]
        for n, zone in enumerate("abc")
    ]
    group = ec2.create_security_group(GroupName="alb", Description="alb", VpcId=vpc)["GroupId"]
    made = elb.create_load_balancer(Name="shop", Subnets=subnets[:2], SecurityGroups=[group])["LoadBalancers"][0]
    target_groups = [
        elb.create_target_group(Name=name, Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip")["TargetGroups"][0][
            "TargetGroupArn"
        ]
        for name in ("blue", "green", "idle")
    ]
    listener = elb.create_listener(
        LoadBalancerArn=made["LoadBalancerArn"], Protocol="HTTP", Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": target_groups[0]}],
    )["Listeners"][0]["ListenerArn"]  # fmt: skip
    return Shop(account, elb, ec2, vpc, subnets, group, made["LoadBalancerArn"], listener, target_groups)


def attributes(answer: dict[str, Any]) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in answer["Attributes"]}


def test_a_fresh_load_balancer_lists_its_defaults(untouched: Shop) -> None:
    values = attributes(untouched.elb.describe_load_balancer_attributes(LoadBalancerArn=untouched.arn))
    assert values["idle_timeout.timeout_seconds"] == "60"
    assert values["access_logs.s3.enabled"] == "false"
    assert values["load_balancing.cross_zone.enabled"] == "true"
    assert values["routing.http.desync_mitigation_mode"] == "defensive"


def test_a_changed_attribute_stays_and_the_others_keep_theirs(shop: Shop) -> None:
    change = [{"Key": "idle_timeout.timeout_seconds", "Value": "4000"}]
    shop.elb.modify_load_balancer_attributes(LoadBalancerArn=shop.arn, Attributes=change)
    values = attributes(shop.elb.describe_load_balancer_attributes(LoadBalancerArn=shop.arn))
    assert (values["idle_timeout.timeout_seconds"], values["client_keep_alive.seconds"]) == ("4000", "3600")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("idle_timeout.timeout_seconds", "0"),
        ("idle_timeout.timeout_seconds", "4001"),
        ("idle_timeout.timeout_seconds", "ten"),
        ("routing.http.desync_mitigation_mode", "off"),
        ("load_balancing.cross_zone.enabled", "false"),
        ("no.such.attribute", "1"),
    ],
)
def test_a_load_balancer_attribute_that_aws_refuses(untouched: Shop, key: str, value: str) -> None:
    with pytest.raises(ClientError, match="ValidationError"):
        untouched.elb.modify_load_balancer_attributes(
            LoadBalancerArn=untouched.arn, Attributes=[{"Key": key, "Value": value}]
        )


def test_access_logs_need_a_bucket_that_exists(aws: Aws, shop: Shop) -> None:
    bucket = f"alb-logs-{shop.account}"
    change = [{"Key": "access_logs.s3.enabled", "Value": "true"}, {"Key": "access_logs.s3.bucket", "Value": bucket}]
    with pytest.raises(ClientError, match="Access Denied for bucket"):
        shop.elb.modify_load_balancer_attributes(LoadBalancerArn=shop.arn, Attributes=change)
    aws.client("s3", shop.account).create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    shop.elb.modify_load_balancer_attributes(LoadBalancerArn=shop.arn, Attributes=change)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"deregistration_delay.timeout_seconds": "3601"}, "ValidationError"),
        ({"slow_start.duration_seconds": "10"}, "ValidationError"),
        ({"lambda.multi_value_headers.enabled": "true"}, "ValidationError"),
        (
            {"load_balancing.algorithm.type": "weighted_random", "stickiness.enabled": "true"},
            "InvalidConfigurationRequest",
        ),
        (
            {"load_balancing.algorithm.type": "least_outstanding_requests", "slow_start.duration_seconds": "30"},
            "InvalidConfigurationRequest",
        ),
    ],
)
def test_a_target_group_attribute_that_aws_refuses(untouched: Shop, changes: dict[str, str], code: str) -> None:
    listed = [{"Key": key, "Value": value} for key, value in changes.items()]
    with pytest.raises(ClientError, match=code):
        untouched.elb.modify_target_group_attributes(TargetGroupArn=untouched.target_groups[0], Attributes=listed)


def test_target_group_attributes_have_defaults_too(untouched: Shop) -> None:
    values = attributes(untouched.elb.describe_target_group_attributes(TargetGroupArn=untouched.target_groups[0]))
    assert values["deregistration_delay.timeout_seconds"] == "300"
    assert values["target_group_health.unhealthy_state_routing.minimum_healthy_targets.count"] == "1"


@pytest.mark.parametrize(
    "change",
    [
        {"HealthCheckTimeoutSeconds": 30},
        {"HealthCheckIntervalSeconds": 5},
        {"HealthCheckIntervalSeconds": 301},
        {"HealthyThresholdCount": 11},
        {"UnhealthyThresholdCount": 11},
        {"HealthCheckPath": "healthz"},
        {"HealthCheckPort": "70000"},
        {"Matcher": {"HttpCode": "200-599"}},
        {"Matcher": {"HttpCode": "299-200"}},
        {"Matcher": {"HttpCode": "ok"}},
    ],
)
def test_a_health_check_that_aws_refuses_changes_nothing(untouched: Shop, change: dict[str, Any]) -> None:
    arn = untouched.target_groups[0]
    before = untouched.elb.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    with pytest.raises(ClientError, match="ValidationError"):
        untouched.elb.modify_target_group(TargetGroupArn=arn, **change)
    assert untouched.elb.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"] == before


def test_only_the_named_health_check_settings_change(shop: Shop) -> None:
    arn = shop.target_groups[0]
    shop.elb.modify_target_group(TargetGroupArn=arn, HealthCheckPath="/healthz", Matcher={"HttpCode": "200,301-302"})
    (group,) = shop.elb.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    assert (group["HealthCheckPath"], group["Matcher"]["HttpCode"]) == ("/healthz", "200,301-302")
    assert (group["HealthCheckIntervalSeconds"], group["HealthCheckTimeoutSeconds"]) == (30, 5)


def test_rules_come_by_priority_with_the_default_last(shop: Shop) -> None:
    for priority in (300, 20, 100):
        shop.elb.create_rule(
            ListenerArn=shop.listener, Priority=priority,
            Conditions=[{"Field": "path-pattern", "Values": [f"/{priority}"]}],
            Actions=[{"Type": "forward", "TargetGroupArn": shop.target_groups[1]}],
        )  # fmt: skip
    pages = shop.elb.get_paginator("describe_rules").paginate(
        ListenerArn=shop.listener, PaginationConfig={"PageSize": 3}
    )
    assert [[rule["Priority"] for rule in page["Rules"]] for page in pages] == [["20", "100", "300"], ["default"]]


def test_target_groups_name_the_load_balancers_that_route_to_them_now(shop: Shop) -> None:
    blue, green, _ = shop.target_groups
    assert shop.attached() == {"blue": [shop.arn], "green": [], "idle": []}
    shop.elb.modify_listener(ListenerArn=shop.listener, DefaultActions=[{"Type": "forward", "TargetGroupArn": green}])
    assert shop.attached() == {"blue": [], "green": [shop.arn], "idle": []}
    weighted = {"TargetGroups": [{"TargetGroupArn": blue, "Weight": 1}, {"TargetGroupArn": green, "Weight": 0}]}
    shop.elb.create_rule(
        ListenerArn=shop.listener, Priority=1, Conditions=[{"Field": "path-pattern", "Values": ["/x"]}],
        Actions=[{"Type": "forward", "ForwardConfig": weighted}],
    )  # fmt: skip
    assert shop.attached() == {"blue": [shop.arn], "green": [shop.arn], "idle": []}
    listed = shop.elb.describe_target_groups(LoadBalancerArn=shop.arn)["TargetGroups"]
    assert [one["TargetGroupName"] for one in listed] == ["blue", "green"]


def test_target_groups_are_paged(untouched: Shop) -> None:
    pages = untouched.elb.get_paginator("describe_target_groups").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["TargetGroups"]) for page in pages] == [2, 1]


def test_one_address_on_two_ports_is_two_targets_and_drains_by_itself(
    shop: Shop, registry: TargetRegistry, clock: ManualClock
) -> None:
    arn = shop.target_groups[0]
    shop.elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.1.9"}, {"Id": "10.0.1.9", "Port": 9090}])
    assert [(one.id, one.port, one.availability_zone) for one in registry.registered(arn)] == [
        ("10.0.1.9", 8080, f"{REGION}b"),
        ("10.0.1.9", 9090, f"{REGION}b"),
    ]
    delay = [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]
    shop.elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=delay)
    shop.elb.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.1.9"}])
    assert [one.port for one in registry.registered(arn)] == [9090]
    assert [one.port for one in registry.draining(arn, clock() + 29)] == [8080]
    assert registry.draining(arn, clock() + 30) == ()


def test_a_draining_target_that_registers_again_serves_at_once(registry: TargetRegistry, clock: ManualClock) -> None:
    registry.register("arn:again", "10.0.0.1", 80)
    registry.deregister("arn:again", "10.0.0.1", 80, delay_s=300)
    registry.register("arn:again", "10.0.0.1", 80)
    assert registry.draining("arn:again", clock()) == ()
    assert len(registry.registered("arn:again")) == 1


def test_targets_that_cannot_belong_to_the_group_are_refused(shop: Shop, registry: TargetRegistry) -> None:
    arn = shop.target_groups[0]
    for target in ({"Id": "192.168.7.7"}, {"Id": "not-an-address"}):
        with pytest.raises(ClientError, match="ValidationError"):
            shop.elb.register_targets(TargetGroupArn=arn, Targets=[target])
    assert registry.registered(arn) == ()
    shop.elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "192.168.7.7", "AvailabilityZone": "all"}])
    assert [one.availability_zone for one in registry.registered(arn)] == ["all"]
    with pytest.raises(ClientError, match="TargetGroupNotFound"):
        shop.elb.register_targets(TargetGroupArn=arn + "0", Targets=[{"Id": "10.0.0.1"}])


def test_an_instance_target_must_run(shop: Shop, registry: TargetRegistry) -> None:
    arn = shop.elb.create_target_group(Name="hosts", Protocol="HTTP", Port=80, VpcId=shop.vpc, TargetType="instance")[
        "TargetGroups"
    ][0]["TargetGroupArn"]
    made = shop.ec2.run_instances(ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1, SubnetId=shop.subnets[2])[
        "Instances"
    ][0]
    shop.elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": made["InstanceId"]}])
    assert [(one.port, one.availability_zone) for one in registry.registered(arn)] == [(80, f"{REGION}c")]
    shop.ec2.stop_instances(InstanceIds=[made["InstanceId"]])
    with pytest.raises(ClientError, match="InvalidTarget"):
        shop.elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": made["InstanceId"]}])


def test_nodes_are_interfaces_in_the_enabled_subnets(shop: Shop) -> None:
    def interfaces() -> dict[str, str]:
        filters = [{"Name": "group-id", "Values": [shop.group]}]
        found = shop.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
        assert {one["RequesterId"] for one in found} <= {"amazon-elb"}
        assert {one["Description"] for one in found} <= {f"ELB {shop.arn.split(':loadbalancer/')[1]}"}
        return {one["SubnetId"]: one["PrivateIpAddress"] for one in found}

    before = node_addresses(shop.backend())
    assert [subnet for subnet, _ in before] == shop.subnets[:2]
    assert interfaces() == dict(before)
    shop.elb.set_subnets(LoadBalancerArn=shop.arn, Subnets=shop.subnets[1:])
    after = dict(node_addresses(shop.backend()))
    assert after[shop.subnets[1]] == dict(before)[shop.subnets[1]]
    assert interfaces() == after
    shop.elb.delete_load_balancer(LoadBalancerArn=shop.arn)
    assert interfaces() == {}


def test_an_application_load_balancer_needs_two_zones(untouched: Shop) -> None:
    with pytest.raises(ClientError, match="two different Availability Zones"):
        untouched.elb.create_load_balancer(Name="lonely", Subnets=untouched.subnets[:1])


def test_network_acl_entries_come_in_the_order_of_their_numbers(shop: Shop) -> None:
    filters = [{"Name": "vpc-id", "Values": [shop.vpc]}]
    acl = shop.ec2.describe_network_acls(Filters=filters)["NetworkAcls"][0]["NetworkAclId"]
    for number in (90, 10, 50):
        shop.ec2.create_network_acl_entry(
            NetworkAclId=acl, RuleNumber=number, Protocol="6", RuleAction="deny", Egress=False,
            CidrBlock="10.0.0.0/16", PortRange={"From": 8080, "To": 8080},
        )  # fmt: skip
    entries = shop.ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Entries"]
    assert [one["RuleNumber"] for one in entries if not one["Egress"]] == [10, 50, 90, 100, 32767]


def test_a_rule_that_names_a_deleted_group_is_stale(shop: Shop) -> None:
    peer_vpc = shop.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    peer = shop.ec2.create_security_group(GroupName="peer", Description="peer", VpcId=peer_vpc)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "UserIdGroupPairs": [{"GroupId": peer}]}
    shop.ec2.authorize_security_group_ingress(GroupId=shop.group, IpPermissions=[rule])
    assert shop.ec2.describe_stale_security_groups(VpcId=shop.vpc)["StaleSecurityGroupSet"] == []
    ec2_backends[shop.account][REGION].groups[peer_vpc].pop(peer)  # as when the peer's owner deletes it
    (stale,) = shop.ec2.describe_stale_security_groups(VpcId=shop.vpc)["StaleSecurityGroupSet"]
    assert stale["GroupId"] == shop.group
    assert stale["StaleIpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"] == peer
