"""The way from load balancer to target: rules in order, interfaces, security groups that exist or do not."""

from __future__ import annotations

from typing import Any

from diagnostics.aws_access import Pages
from diagnostics.collect.collector import Read
from diagnostics.collect.sources.listeners import listeners
from diagnostics.collect.sources.network_interfaces import network_interfaces
from diagnostics.collect.sources.security_groups import security_groups
from diagnostics.collect.sources.tags import tags
from diagnostics.facts import (
    EcsService,
    Gap,
    LoadBalancer,
    LoadBalancers,
    NetworkInterfaces,
    NotApplicable,
    SecurityGroups,
    Target,
    TargetHealth,
    ZoneMapping,
)
from tests.diagnostics.collect.driving import drive, settled
from tests.diagnostics.collect.scripted import BALANCER, GROUP, SUBJECT, answered, refused
from tests.diagnostics.collect.test_changes import service

NOTHING = NotApplicable(reason="not asked")
LISTENER = BALANCER.replace(":loadbalancer/", ":listener/") + "/3333333333333333"


def rule(priority: str, **more: Any) -> dict[str, Any]:
    return {"RuleArn": f"rule-{priority}", "Priority": priority, "IsDefault": priority == "default", **more}


def test_rules_come_in_the_order_in_which_they_are_tried() -> None:
    def answer(read: Read) -> Pages:
        if read.operation == "describe_listeners":
            return answered(
                {"ListenerArn": LISTENER, "LoadBalancerArn": BALANCER, "Port": 443, "Protocol": "HTTPS"},
            )
        forward = [{"Type": "forward", "TargetGroupArn": GROUP}]
        secret = {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {"ClientSecret": "hunter2"}}
        fixed = {"Type": "fixed-response", "Order": 2, "FixedResponseConfig": {"StatusCode": "503"}}
        host = {"Field": "host-header", "HostHeaderConfig": {"Values": ["shop.example.com"]}}
        return answered(
            rule("default", Actions=forward),
            rule("100", Actions=[fixed, secret], Conditions=[host]),
            rule("9", Actions=[{"Type": "redirect", "RedirectConfig": {"Host": "x", "StatusCode": "HTTP_301"}}]),
        )

    (found,) = drive(listeners(SUBJECT), answer).outcome.items
    assert [item.priority for item in found.rules] == [9, 100, None]
    redirect, fixed, default = found.rules
    assert redirect.actions[0].location == "#{protocol}://x:#{port}/#{path}?#{query}"
    assert redirect.actions[0].status_code == 301
    assert [action.type for action in fixed.actions] == ["authenticate-oidc", "fixed-response"]
    assert fixed.conditions[0].values == ("shop.example.com",)
    assert fixed.actions[1].status_code == 503
    assert default.forwards_to[0].target_group_arn == GROUP
    assert "hunter2" not in found.model_dump_json()


def interface(name: str, vpc: str, ip: str, group: str = "sg-task", **more: Any) -> dict[str, Any]:
    return {
        "NetworkInterfaceId": name,
        "SubnetId": "subnet-1",
        "VpcId": vpc,
        "PrivateIpAddress": ip,
        "PrivateIpAddresses": [{"PrivateIpAddress": ip}],
        "Groups": [{"GroupId": group}],
        **more,
    }


def test_interfaces_are_asked_for_in_few_calls_by_what_the_targets_are() -> None:
    targets = [Target(id=f"10.0.{n // 250}.{n % 250}", port=80, state="healthy") for n in range(350)]
    targets += [Target(id="i-0abc", port=80, state="healthy"), Target(id="2001:db8::1", port=80, state="healthy")]
    health = TargetHealth(by_group={GROUP: tuple(targets)})
    driven = drive(network_interfaces(SUBJECT, health, NOTHING), lambda _: answered())
    filters = [(read.params["Filters"][0]["Name"], len(read.params["Filters"][0]["Values"])) for read in driven.asked]
    assert filters == [
        ("addresses.private-ip-address", 200),
        ("addresses.private-ip-address", 150),
        ("ipv6-addresses.ipv6-address", 1),
        ("attachment.instance-id", 1),
        ("description", 1),
    ]
    assert len(driven.rounds) == 1


BALANCERS = LoadBalancers(
    items=(
        LoadBalancer(
            arn=BALANCER,
            name="public",
            dns_name="public.example.com",
            scheme="internet-facing",
            type="application",
            state="active",
            vpc_id="vpc-1",
            security_groups=("sg-lb",),
            zones=(ZoneMapping(zone="us-east-1a", subnet_id="subnet-1"),),
        ),
    )
)


def group_answer(read: Read) -> Pages:
    """sg-task lets in a group that is gone and one of another account; sg-old is gone too."""
    wanted = read.params["Filters"][0]["Values"]
    pairs = [
        {"GroupId": "sg-gone", "UserId": SUBJECT.account},
        {"GroupId": "sg-theirs", "UserId": "999999999999"},
        {"GroupId": "sg-lb", "UserId": SUBJECT.account},
    ]
    permission = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": pairs}
    groups = {
        "sg-lb": {"GroupId": "sg-lb", "GroupName": "lb"},
        "sg-task": {"GroupId": "sg-task", "GroupName": "task", "IpPermissions": [permission]},
    }
    return answered(*(groups[name] for name in wanted if name in groups))


def test_groups_that_are_gone_are_missing_and_those_of_others_are_not_asked_for() -> None:
    driven = drive(
        security_groups(SUBJECT, BALANCERS, NetworkInterfaces(items=()), service("sg-task", "sg-old")), group_answer
    )
    assert [read.params["Filters"][0]["Values"] for read in driven.asked] == [
        ["sg-lb", "sg-task", "sg-old"],
        ["sg-gone"],
    ]
    assert isinstance(driven.outcome, SecurityGroups)
    assert set(driven.outcome.by_id) == {"sg-lb", "sg-task"}
    assert driven.outcome.missing == ("sg-old", "sg-gone")


def test_groups_that_could_not_be_read_are_not_called_missing() -> None:
    def answer(read: Read) -> Pages:
        second = "sg-gone" in read.params["Filters"][0]["Values"]
        return refused("ec2:DescribeSecurityGroups") if second else group_answer(read)

    driven = drive(security_groups(SUBJECT, BALANCERS, NetworkInterfaces(items=()), service("sg-task")), answer)
    assert driven.outcome.missing == ()
    assert len(driven.outcome.gaps) == 1


def test_tags_of_the_service_come_without_a_call_of_their_own() -> None:
    of_service = service().model_copy(update={"tags": {"team": "shop"}})
    driven = drive(
        tags(SUBJECT, settled(EcsService, of_service)), lambda _: refused("elasticloadbalancing:DescribeTags")
    )
    assert driven.outcome.by_arn == {of_service.arn: {"team": "shop"}}
    assert [gap.action for gap in driven.outcome.gaps] == ["elasticloadbalancing:DescribeTags"]
    gap = Gap(action="ecs:DescribeServices", resource="*", error="AccessDenied", kind="denied")
    neither = drive(tags(SUBJECT, settled(EcsService, gap)), lambda _: refused("elasticloadbalancing:DescribeTags"))
    assert isinstance(neither.outcome, Gap)
