"""Hosts, what Auto Scaling did with them, and routes to other networks: few calls, none where nothing needs them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from diagnostics.aws_access import Pages
from diagnostics.aws_access.failures import TOO_MANY_PAGES
from diagnostics.collect.collector import Read
from diagnostics.collect.sources.container_instances import container_instances
from diagnostics.collect.sources.hosts import hosts
from diagnostics.collect.sources.route_tables import route_tables
from diagnostics.collect.sources.scaling_activities import scaling_activities
from diagnostics.facts import (
    ContainerInstance,
    ContainerInstances,
    EcsService,
    Gap,
    Host,
    Hosts,
    NetworkInterface,
    NetworkInterfaces,
    NotApplicable,
    RouteTables,
    RunningTasks,
    ScalingActivities,
    StoppedTasks,
    Target,
    TargetHealth,
    Task,
)
from tests.diagnostics.collect.driving import drive
from tests.diagnostics.collect.scripted import GROUP, NOW, SUBJECT, WINDOW, answered, refused
from tests.diagnostics.collect.test_path import BALANCERS

NONE = NotApplicable(reason="not asked")
DENIED = Gap(action="ecs:ListTasks", resource="*", error="AccessDenied", kind="denied")


def health(*ids: str, zone: str | None = None) -> TargetHealth:
    return TargetHealth(by_group={GROUP: tuple(Target(id=one, port=80, state="healthy", zone=zone) for one in ids)})


def interface(instance_id: str | None, ip: str, vpc: str = "vpc-1", subnet: str = "subnet-1") -> NetworkInterface:
    return NetworkInterface(id=f"eni-{ip}", subnet_id=subnet, vpc_id=vpc, private_ips=(ip,), instance_id=instance_id)


def stopped(reason: str) -> StoppedTasks:
    task = Task(
        arn="arn:aws:ecs:us-east-1:1:task/prod/1",
        task_definition="checkout:1",
        last_status="STOPPED",
        desired_status="STOPPED",
        stopped_reason=reason,
        container_instance_arn="arn:instance/old",
    )
    return StoppedTasks(items=(task,))


def instance(instance_id: str, **more: Any) -> dict[str, Any]:
    return {
        "InstanceId": instance_id,
        "State": {"Name": "running"},
        "StateTransitionReason": "",
        "LaunchTime": NOW,
        "PrivateIpAddress": "10.0.1.5",
        "Placement": {"AvailabilityZone": "us-east-1a"},
        "Tags": [{"Key": "aws:autoscaling:groupName", "Value": "shop"}, {"Key": "secret", "Value": "hunter2"}],
        **more,
    }


def test_each_host_is_asked_for_once_wherever_it_was_named() -> None:
    known = ContainerInstances(
        items=(ContainerInstance(arn="arn:instance/1", ec2_instance_id="i-0b", status="ACTIVE", agent_connected=True),)
    )
    attached = NetworkInterfaces(items=(interface("i-0c", "10.0.1.9"), interface("i-0d", "10.0.1.10")))
    spot = instance(
        "i-0e",
        State={"Name": "terminated"},
        StateReason={"Code": "Server.SpotInstanceTermination", "Message": "Spot instance termination"},
        StateTransitionReason="Server initiated (2026-11-21 08:10:12 GMT)",
        InstanceLifecycle="spot",
    )
    event = {"Code": "instance-retirement", "Description": "degraded hardware", "NotBefore": NOW}
    since = NOW - timedelta(minutes=20)

    def answer(read: Read) -> Pages:
        if read.operation == "describe_instances":
            return answered({"Instances": [instance("i-0a"), instance("i-0b")]}, {"Instances": [spot]})
        if "i-0c" in read.params["InstanceIds"]:
            return answered()  # one id that AWS does not know spoils the whole answer
        ill = {"Status": "impaired", "Details": [{"Name": "reachability", "ImpairedSince": since}]}
        return answered(
            {"InstanceId": "i-0a", "SystemStatus": ill, "InstanceStatus": {"Status": "ok"}, "Events": [event]}
        )

    driven = drive(
        hosts(health("i-0a", "i-0b", "10.0.1.9"), attached, known, stopped("Host EC2 (instance i-0e) terminated.")),
        answer,
    )
    first, second = driven.rounds
    assert first[0].params["Filters"][0]["Values"] == ["i-0a", "i-0b", "i-0e", "i-0c"]
    assert "InvalidInstanceID.NotFound" in first[1].missing
    assert [read.params["InstanceIds"] for read in second] == [["i-0a", "i-0b", "i-0e"]]
    assert second[0].params["IncludeAllInstances"] is True
    found = driven.outcome
    assert found.missing == ("i-0c",)
    ill, _, gone = found.items
    assert (ill.is_impaired, ill.impaired_since, ill.scaling_group) == (True, since, "shop")
    assert ill.events[0].code == "instance-retirement"
    assert (gone.lifecycle, gone.is_gone, gone.reason_code) == ("spot", True, "Server.SpotInstanceTermination")
    assert gone.ended_at is not None
    assert f"{gone.ended_at:%H:%M:%S}" == "08:10:12"
    assert "hunter2" not in found.model_dump_json()
    assert Hosts.model_validate_json(found.model_dump_json()) == found


def test_targets_without_hosts_cost_no_call() -> None:
    attached = NetworkInterfaces(items=(interface(None, "10.0.1.9"), interface("i-0d", "10.0.1.10")))
    for targets in (health("10.0.1.9"), health("arn:aws:lambda:us-east-1:1:function:checkout")):
        driven = drive(
            hosts(targets, attached, NONE, stopped("Essential container in task exited")), lambda _: answered()
        )
        assert isinstance(driven.outcome, NotApplicable)
        assert driven.asked == []
    driven = drive(hosts(health("10.0.1.9"), attached, NONE, DENIED), lambda _: answered())
    assert driven.outcome == DENIED


def test_a_refusal_is_a_gap_that_names_the_action() -> None:
    driven = drive(hosts(health("i-0a"), NONE, NONE, NONE), lambda _: refused("ec2:DescribeInstances"))
    assert driven.outcome.action == "ec2:DescribeInstances"

    def without_status(read: Read) -> Pages:
        if read.operation == "describe_instance_status":
            return refused("ec2:DescribeInstanceStatus")
        return answered({"Instances": [instance("i-0a")]})

    found = drive(hosts(health("i-0a"), NONE, NONE, NONE), without_status).outcome
    assert [gap.action for gap in found.gaps] == ["ec2:DescribeInstanceStatus"]
    assert (found.items[0].state, found.items[0].system_status) == ("running", None)


def test_known_hosts_and_their_checks_come_in_one_round() -> None:
    def answer(read: Read) -> Pages:
        if read.operation == "describe_instances":
            return answered({"Instances": [instance("i-0a")]})
        return answered({"InstanceId": "i-0a", "SystemStatus": {"Status": "ok"}, "InstanceStatus": {"Status": "ok"}})

    driven = drive(hosts(health("i-0a"), NONE, NONE, NONE), answer)
    assert len(driven.rounds) == 1
    assert driven.outcome.items[0].system_status == "ok"


def many_hosts(*groups: str | None) -> Hosts:
    return Hosts(items=tuple(Host(id=f"i-{n}", state="running", scaling_group=g) for n, g in enumerate(groups)))


def test_activities_and_hooks_of_each_group_come_in_one_round() -> None:
    def answer(read: Read) -> Pages:
        if read.operation == "describe_lifecycle_hooks":
            if read.resource == "other":
                return refused("autoscaling:DescribeLifecycleHooks")
            return answered(
                {
                    "LifecycleHookName": "drain",
                    "AutoScalingGroupName": "shop",
                    "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
                    "HeartbeatTimeout": 300,
                }
            )
        ages = (timedelta(minutes=5), timedelta(days=2)) if read.resource == "shop" else ()
        items = tuple(
            {
                "ActivityId": f"{age}",
                "AutoScalingGroupName": read.resource,
                "Description": "Terminating EC2 instance: i-0abc - Waiting for ELB connection draining",
                "Cause": "shrinking the capacity from 4 to 3",
                "StatusCode": "Successful",
                "StartTime": NOW - age,
            }
            for age in ages
        )
        gap = Gap(action="autoscaling:DescribeScalingActivities", resource="shop", error=TOO_MANY_PAGES)
        return Pages(items=items, gaps=(gap,), calls=1, truncated=True)

    driven = drive(scaling_activities(many_hosts("shop", "shop", "other", None), WINDOW), answer)
    assert len(driven.rounds) == 1
    assert [read.resource for read in driven.asked] == ["shop", "other", "shop", "other"]
    found = driven.outcome
    assert [(one.instance_id, one.terminates) for one in found.items] == [("i-0abc", True)]
    assert (found.drains("shop"), found.drains("other")) == (True, None)
    assert [gap.action for gap in found.gaps] == ["autoscaling:DescribeLifecycleHooks"]
    assert ScalingActivities.model_validate_json(found.model_dump_json()) == found


def test_hosts_outside_auto_scaling_cost_no_call() -> None:
    driven = drive(scaling_activities(many_hosts(None), WINDOW), lambda _: answered())
    assert isinstance(driven.outcome, NotApplicable)
    assert driven.asked == []
    driven = drive(
        scaling_activities(many_hosts("shop"), WINDOW), lambda _: refused("autoscaling:DescribeScalingActivities")
    )
    assert driven.outcome.action == "autoscaling:DescribeScalingActivities"


def test_routes_are_read_for_targets_outside_the_network_only() -> None:
    inside = drive(
        route_tables(health("10.0.1.9", zone="us-east-1a"), BALANCERS, NONE, NONE, NONE), lambda _: answered()
    )
    assert isinstance(inside.outcome, NotApplicable)
    assert inside.asked == []

    def answer(read: Read) -> Pages:
        main = read.params["Filters"][0]["Name"] == "association.main"
        routes = [
            {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"},
            {"DestinationCidrBlock": "10.9.0.0/16", "VpcPeeringConnectionId": "pcx-1", "State": "blackhole"},
            {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1", "State": "active"},
        ]
        association = {"Main": True} if main else {"Main": False, "SubnetId": "subnet-1"}
        return answered(
            {"RouteTableId": f"rtb-{main}", "VpcId": "vpc-1", "Associations": [association], "Routes": routes}
        )

    there = NetworkInterfaces(
        items=(interface(None, "10.9.0.4", "vpc-9", "subnet-9"), interface(None, "10.0.1.9", "vpc-1", "subnet-7"))
    )
    driven = drive(route_tables(health("10.9.0.4", zone="all"), BALANCERS, there, NONE, NONE), answer)
    assert [read.params["Filters"][-1]["Values"] for read in driven.asked] == [
        ["subnet-1", "subnet-9"],
        ["vpc-1", "vpc-9"],
    ]
    found = driven.outcome
    assert found.of_subnet("subnet-1", "vpc-1").id == "rtb-False"
    assert found.of_subnet("subnet-5", "vpc-1").id == "rtb-True"
    assert [(route.via, route.is_blackhole) for route in found.items[0].routes] == [
        ("local", False),
        ("pcx-1", True),
        ("vpce-1", False),
    ]
    assert RouteTables.model_validate_json(found.model_dump_json()) == found
    denied = drive(
        route_tables(health("10.9.0.4", zone="all"), BALANCERS, NONE, NONE, NONE),
        lambda _: refused("ec2:DescribeRouteTables"),
    )
    assert denied.outcome.action == "ec2:DescribeRouteTables"


def test_routes_are_read_for_tasks_that_nothing_answers_when_they_start() -> None:
    service = EcsService(
        arn="arn:service",
        service="checkout",
        cluster="prod",
        status="ACTIVE",
        desired=1,
        running=0,
        pending=1,
        task_definition="checkout:1",
        subnets=("subnet-7",),
    )
    here = health("10.0.1.9", zone="us-east-1a")
    silent = stopped("ResourceInitializationError: unable to pull secrets: dial tcp 52.94.1.1:443: i/o timeout")
    driven = drive(route_tables(here, BALANCERS, NONE, service, silent), lambda _: answered())
    assert [read.params["Filters"][-1]["Values"] for read in driven.asked] == [["subnet-7"], ["vpc-1"]]
    for reason in ("ResourceInitializationError: AccessDeniedException", "Essential container exited: i/o timeout"):
        others = drive(route_tables(here, BALANCERS, NONE, service, stopped(reason)), lambda _: answered())
        assert others.asked == []


def test_hosts_of_tasks_that_stopped_are_looked_up_too() -> None:
    driven = drive(container_instances(SUBJECT, RunningTasks(items=()), stopped("x")), lambda _: answered())
    assert [read.params["containerInstances"] for read in driven.asked] == [["arn:instance/old"]]
