"""What AWS writes about hosts, which route wins, and instance targets under the name that they are registered by."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from diagnostics.engine import diagnose
from diagnostics.facts import (
    AccessLogs,
    ContainerInstance,
    ContainerInstances,
    NetworkInterfaces,
    RouteTable,
    ScalingActivity,
    SecurityGroup,
    TableRoute,
    Target,
    TargetHealth,
)
from diagnostics.rules.host_ends import host_named_in, is_scale_in, is_spot, replaces_the_ill, was_gone_already
from diagnostics.rules.host_map import HostMap
from diagnostics.rules.registered_names import with_registered_names
from diagnostics.rules.routes import way_to
from tests.incidents.building import NOW, Incident, ago, allow_all, stopped_task, task
from tests.incidents.on_hosts import SHRINKS, host, on_hosts, plain_instances, scaled_in, terminated, with_host
from tests.incidents.rows import connect_timeouts, logged


@pytest.mark.parametrize(
    ("reason", "host"),
    [
        ("Host EC2 (instance i-0abc123) terminated.", "i-0abc123"),
        ("Host EC2 (instance i-0abc123) stopped.", "i-0abc123"),
        ("Essential container in task exited", None),
        ("Host EC2 (instance i-0abc; rm -rf /) terminated.", None),
        ("", None),
        (None, None),
    ],
)
def test_a_stop_reason_names_its_host(reason: str | None, host: str | None) -> None:
    assert host_named_in(reason) == host


@pytest.mark.parametrize(
    ("cause", "kinds"),
    [
        (SHRINKS, {is_scale_in}),
        ("taken out of service in response to an instance refresh", {is_scale_in}),
        ("taken out of service in response to a user request", {is_scale_in}),
        ("taken out of service in response to an ELB system health check failure.", {replaces_the_ill}),
        ("in response to an EC2 health check indicating it has been terminated or stopped.", {was_gone_already}),
        ("taken out of service in response to an EC2 instance rebalance recommendation", {is_spot}),
    ],
)
def test_auto_scaling_says_why(cause: str, kinds: set[object]) -> None:
    activity = ScalingActivity(
        id="1",
        group="shop",
        description="Terminating EC2 instance: i-0abc",
        cause=cause,
        status="Successful",
        instance_id="i-0abc",
        started_at=NOW,
    )
    assert {kind for kind in (is_scale_in, is_spot, replaces_the_ill, was_gone_already) if kind(activity)} == kinds
    assert not is_scale_in(activity.model_copy(update={"description": "Launching a new EC2 instance: i-0abc"}))


@pytest.mark.parametrize(
    "said",
    [
        "Your Spot Task was interrupted.",
        "Scheduled task retirement, ECS was unable to assume the role",
        "Capacity is unavailable at this time",
        "InsufficientFreeAddressesInSubnet",
        "as Host EC2 (instance i-0abc) terminated.",
    ],
)
def test_what_a_person_typed_as_a_reason_is_no_record_of_aws(said: str) -> None:
    stop = stopped_task(1, minutes_ago=10, stop_code="UserInitiated", stopped_reason=said, ran_minutes=300)
    report = diagnose(Incident().stopped(stop).elb_errors(502, 30, 10, 8).snapshot())
    named = {cause.code for cause in (*report.causes, *report.risks)}
    assert not named & {
        "container-instance-lost",
        "ecs-iam-misconfigured",
        "eni-or-ip-exhaustion",
        "fargate-capacity-unavailable",
        "infrastructure-retirement",
        "spot-interruption",
    }


def test_the_timeline_tells_of_hosts_and_auto_scaling() -> None:
    ill = host("i-0a", system_status="impaired", impaired_since=ago(12))
    incident = with_host(scaled_in(on_hosts(), minutes_ago=20), terminated("i-0b", minutes_ago=19), ill)
    told = [entry.event for entry in diagnose(incident.snapshot()).timeline]
    assert told == [
        "Auto Scaling shop-hosts: Terminating EC2 instance: i-0b",
        "instance i-0b terminated: Client.UserInitiatedShutdown",
        "instance i-0a fails its status checks",
    ]


LOCAL = TableRoute(destination="10.0.0.0/16", via="local")
INTERNET = TableRoute(destination="0.0.0.0/0", via="igw-1")
GATEWAY = TableRoute(destination="0.0.0.0/0", via="tgw-1")
LIST = TableRoute(destination="pl-1", via="tgw-1")
ENDPOINT = TableRoute(destination="pl-2", via="vpce-1")
WIDE = TableRoute(destination="10.0.0.0/8", via="tgw-1")
DEAD = TableRoute(destination="10.9.0.0/16", via="pcx-1", state="blackhole")


@pytest.mark.parametrize(
    ("routes", "address", "course"),
    [
        ((), "10.0.7.7", "open"),
        ((), "10.9.0.4", "missing"),
        ((INTERNET,), "10.9.0.4", "missing"),
        ((INTERNET,), "8.8.8.8", "open"),
        ((GATEWAY,), "10.9.0.4", "open"),
        ((WIDE, DEAD), "10.9.0.4", "blackhole"),
        ((WIDE, DEAD), "10.8.0.4", "open"),
        ((INTERNET, LIST), "10.9.0.4", "unknown"),
        ((INTERNET, ENDPOINT), "10.9.0.4", "missing"),
        ((GATEWAY,), "fd00::1", "missing"),
    ],
)
def test_the_most_specific_route_wins(routes: tuple[TableRoute, ...], address: str, course: str) -> None:
    table = RouteTable(id="rtb-1", vpc_id="vpc-1", routes=(LOCAL, *routes))
    assert way_to(table, ip_address(address)).course == course


def test_rows_call_an_instance_by_its_id() -> None:
    incident = logged(on_hosts(), connect_timeouts(4, targets=("10.0.1.5:32801", "10.0.7.7:80")))
    logs = with_registered_names(incident.snapshot()).get(AccessLogs)
    assert isinstance(logs, AccessLogs)
    assert {row.target for row in logs.sample} == {"i-0a:32801", "10.0.7.7:80"}
    assert {"i-0a:32801", "10.0.7.7:80"} <= {item.key for item in logs.by_target}
    addresses = logged(Incident(), connect_timeouts(4)).snapshot()
    assert with_registered_names(addresses) is addresses


def second_interface(incident: Incident, **primary: int) -> Incident:
    """The instance has one more interface, whose group lets nobody in."""
    incident.security_group(SecurityGroup(id="sg-second", name="second", ingress=(), egress=(allow_all(),)))

    def edit(fact: NetworkInterfaces) -> NetworkInterfaces:
        first = fact.items[0].model_copy(update={"device_index": primary.get("first")})
        more = first.model_copy(
            update={
                "id": "eni-second",
                "private_ips": ("10.0.1.99",),
                "security_groups": ("sg-second",),
                "device_index": primary.get("second"),
            }
        )
        return fact.model_copy(update={"items": (first, more, *fact.items[1:])})

    incident.edit(NetworkInterfaces, edit)
    incident.unhealthy("Target.Timeout", "Request timed out", targets=["i-0a"])
    return incident.elb_errors(504, 30, 10).connection_errors(30, 10)


def test_the_primary_interface_of_an_instance_decides() -> None:
    blocked = diagnose(second_interface(plain_instances(), first=1, second=0).snapshot()).causes
    open_way = diagnose(second_interface(plain_instances(), first=0, second=1).snapshot()).causes
    unknown = diagnose(second_interface(plain_instances()).snapshot()).causes
    assert blocked[0].code == "sg-ingress-missing"
    assert "sg-ingress-missing" not in {cause.code for cause in (*open_way, *unknown)}


def test_targets_of_a_host_are_also_those_of_its_tasks() -> None:
    here = "arn:aws:ecs:us-east-1:111122223333:container-instance/prod/1"
    of_task = task(1, "10.0.1.21").model_copy(update={"container_instance_arn": here})
    instance = ContainerInstance(arn=here, ec2_instance_id="i-0a", status="ACTIVE", agent_connected=True)
    hosts = HostMap(
        instances=ContainerInstances(items=(instance,)),
        running=(of_task,),
        health=TargetHealth(by_group={"g": tuple(Target(id=i, port=1, state="healthy") for i in ("10.0.1.21", "x"))}),
    )
    assert [target.id for target in hosts.targets_on("i-0a")] == ["10.0.1.21"]
    assert hosts.targets_on("i-0b") == ()
