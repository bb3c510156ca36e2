"""Zones, registrations and logs: what is added, taken out or switched on, and when it is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.facts import (
    Changes,
    EcsService,
    LoadBalancerAttributes,
    LoadBalancers,
    NetworkInterfaces,
    Subnets,
    Tags,
    TargetGroups,
    TargetHealth,
)
from remediations.fix import Preferences
from tests.incidents.building import LB, PORT, TG, Incident, change
from tests.incidents.network import target_stale_registration as stale
from tests.incidents.registration import az_not_enabled as zones
from tests.incidents.registration.no_registered_targets import emptied, plain
from tests.remediations.catalogue.proposing import holds, only, plans

ZONE, OUT, IN = "zone-enable", "target-deregister", "targets-register"


def internal(incident: Incident) -> Incident:
    return incident.edit(
        LoadBalancers,
        lambda fact: fact.model_copy(
            update={"items": tuple(item.model_copy(update={"scheme": "internal"}) for item in fact.items)}
        ),
    )


def recorded(incident: Incident, *subnets: str) -> Incident:
    request = {"loadBalancerArn": LB, "subnets": list(subnets)}
    return incident.changed(change("SetSubnets", minutes_ago=160, resources=(LB,), request=request))


@pytest.mark.parametrize(
    ("incident", "why"),
    [
        (zones.second_zone_was_taken_away, "shares its subnets"),
        (lambda: internal(zones.second_zone_was_taken_away().service(subnets=())), "themselves are in it"),
        (
            lambda: recorded(zones.second_zone_was_taken_away().service(subnets=()), "subnet-0a", "subnet-0b"),
            "was in it before",
        ),
    ],
)
def test_all_subnets_are_named_again_with_the_new_one(incident: Any, why: str) -> None:
    plan = only(ZONE, incident())
    assert plan.writes[0].call.parameters == {"LoadBalancerArn": LB, "Subnets": ["subnet-0a", "subnet-0b"]}
    assert plan.undo.kind == "compensating"
    assert plan.undo.writes[0].call.parameters["Subnets"] == ["subnet-0a"]
    assert why in plan.warnings[0]
    zone = {"ZoneName": "us-east-1a", "SubnetId": "subnet-0a"}
    assert holds(plan.guards[0], {"LoadBalancers": [{"AvailabilityZones": [zone]}]})
    assert not holds(plan.guards[0], {"LoadBalancers": [{"AvailabilityZones": [zone, {"SubnetId": "subnet-9"}]}]})
    assert holds(plan.guards[1], {"Subnets": [{"AvailableIpAddressCount": 8}]})
    assert not holds(plan.guards[1], {"Subnets": [{"AvailableIpAddressCount": 7}]})


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(
            lambda: zones.second_zone_was_taken_away().service(subnets=("subnet-0b",)), id="is the subnet public?"
        ),
        pytest.param(zones.all_tasks_in_the_wrong_zone, id="no subnet of the zone is known"),
        pytest.param(zones.zone_of_the_target_unknown, id="the zone is not known"),
        pytest.param(
            lambda: zones.second_zone_was_taken_away().denied(Subnets, "ec2:DescribeSubnets"), id="subnets not read"
        ),
        pytest.param(zones.no_rule_uses_the_group, id="no rule uses the group"),
    ],
)
def test_a_zone_is_left_alone(incident: Any) -> None:
    assert plans(ZONE, incident()) == ()


def test_an_address_that_nobody_has_is_taken_out() -> None:
    plan = only(OUT, stale.address_is_gone())
    assert plan.writes[0].call.parameters == {"TargetGroupArn": TG, "Targets": [{"Id": stale.GONE, "Port": PORT}]}
    assert plan.undo.kind == "none"
    assert plan.undo.writes == ()
    fails, nobody, others = plan.guards
    well = {"Target": {"Id": "10.0.1.21"}, "TargetHealth": {"State": "healthy"}}
    gone = {"Target": {"Id": stale.GONE}, "TargetHealth": {"State": "unhealthy"}}
    assert holds(fails, {"TargetHealthDescriptions": [gone]})
    assert holds(nobody, {"NetworkInterfaces": []})
    assert not holds(nobody, {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1"}]})
    assert holds(others, {"TargetHealthDescriptions": [gone, well]})
    assert not holds(others, {"TargetHealthDescriptions": [gone]})
    out = plan.writes[0].done_when
    assert not holds(out, {"TargetHealthDescriptions": [gone]})
    assert holds(out, {"TargetHealthDescriptions": [{"TargetHealth": {"State": "unused"}}]})


def test_an_address_of_something_else_has_to_stay_its() -> None:
    nobody = only(OUT, stale.address_went_to_somebody_else()).guards[1]
    assert holds(nobody, {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-db"}]})
    assert not holds(nobody, {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-task"}]})


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(stale.old_host_port, id="an instance"),
        pytest.param(stale.stopped_a_moment_ago, id="ECS takes it out by itself"),
        pytest.param(stale.leaves_properly, id="it leaves already"),
        pytest.param(
            lambda: stale.address_is_gone().denied(NetworkInterfaces, "ec2:DescribeNetworkInterfaces"),
            id="interfaces were not read",
        ),
        pytest.param(
            lambda: stale.address_is_gone().unhealthy("Target.Timeout", "Request timed out"), id="nobody else is well"
        ),
    ],
)
def test_a_target_stays(incident: Any) -> None:
    assert plans(OUT, incident()) == ()


def taken_out(*targets: dict[str, Any], kind: str = "instance") -> Incident:
    """Somebody deregistered the targets of a group that no service fills."""
    request = {"targetGroupArn": TG, "targets": list(targets)}
    incident = plain(emptied(Incident())).replace(Tags(by_arn={TG: {"team": "shop"}}))
    incident.changed(change("DeregisterTargets", minutes_ago=12.5, resources=(TG,), request=request))
    return incident.target_group(target_type=kind)


def test_the_targets_that_were_taken_out_are_registered_again() -> None:
    plan = only(IN, taken_out({"id": "i-0a", "port": 8080}, {"id": "i-0b", "port": 8080}))
    there = plan.success.guards[0]
    healths = [{"Target": {"Id": one}, "TargetHealth": {"State": "initial"}} for one in ("i-0b", "i-0a")]
    leaving = {"Target": {"Id": "i-0c"}, "TargetHealth": {"State": "draining"}}
    assert holds(there, {"TargetHealthDescriptions": [*healths, leaving]})
    assert not holds(there, {"TargetHealthDescriptions": [healths[0], leaving]})
    both = [{"Id": "i-0a", "Port": 8080}, {"Id": "i-0b", "Port": 8080}]
    assert plan.writes[0].call.parameters == {"TargetGroupArn": TG, "Targets": both}
    assert plan.undo.kind == "exact"
    assert plan.undo.writes[0].call.parameters == {"TargetGroupArn": TG, "Targets": both}
    assert [one.label for one in plan.narrower] == ["only i-0a:8080", "only i-0b:8080"]
    assert "by role/ops-admin" in plan.warnings[0]
    empty, first, _ = plan.guards
    assert holds(empty, {"TargetHealthDescriptions": [{"TargetHealth": {"State": "draining"}}]})
    alive: dict[str, Any] = {"State": {"Name": "running"}, "Tags": [{"Key": "team", "Value": "shop"}]}
    assert holds(first, {"Reservations": [{"Instances": [alive]}]})
    assert holds(first, {"Reservations": [{"Instances": [{"State": {"Name": "running"}}]}]})
    assert not holds(first, {"Reservations": [{"Instances": [{"State": {"Name": "stopped"}}]}]})
    scaled = alive | {"Tags": [{"Key": "aws:autoscaling:groupName", "Value": "shop"}]}
    assert not holds(first, {"Reservations": [{"Instances": [scaled]}]})


def test_an_address_must_be_somebodys_and_no_tasks() -> None:
    plan = only(IN, taken_out({"id": "10.0.1.50", "port": 8080}, kind="ip"))
    used = {"Status": "in-use", "Description": "Primary network interface"}
    assert holds(plan.guards[1], {"NetworkInterfaces": [used]})
    assert holds(plan.guards[1], {"NetworkInterfaces": [{"Status": "in-use"}]})
    task = used | {"Description": "arn:aws:ecs:us-east-1:111122223333:attachment/1"}
    assert not holds(plan.guards[1], {"NetworkInterfaces": [task]})
    assert not holds(plan.guards[1], {"NetworkInterfaces": []})


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(taken_out, id="the record names nobody"),
        pytest.param(lambda: taken_out({"id": "arn:x"}, kind="lambda"), id="a function"),
        pytest.param(
            lambda: taken_out({"id": "i-0a", "port": 80}).replace(
                Tags(by_arn={TG: {"elbv2.k8s.aws/cluster": "prod", "ingress.k8s.aws/stack": "shop/web"}})
            ),
            id="the controller keeps it",
        ),
        pytest.param(
            lambda: taken_out({"id": "i-0a", "port": 80}).denied(Tags, "elasticloadbalancing:DescribeTags"),
            id="tags were not read",
        ),
        pytest.param(
            lambda: taken_out({"id": "i-0a", "port": 80}).denied(EcsService, "ecs:DescribeServices"),
            id="whether a service fills it was not read",
        ),
        pytest.param(
            lambda: taken_out({"id": "i-0a", "port": 80}).denied(Changes, "cloudtrail:LookupEvents"), id="no record"
        ),
        pytest.param(lambda: plain(emptied(Incident())).replace(Tags(by_arn={})), id="nobody took them out"),
    ],
)
def test_nothing_is_registered(incident: Any) -> None:
    assert plans(IN, incident()) == ()


BUCKET = Preferences(access_log_bucket="shop-logs")


def in_the_dark(**more: str) -> Incident:
    """502 that nothing explains, and no access logs."""
    logs = {"access_logs.s3.enabled": "false", "health_check_logs.s3.enabled": "false"}
    known = {"idle_timeout.timeout_seconds": "60", **logs, **more}
    return Incident().elb_errors(502, 60, 20).replace(LoadBalancerAttributes(by_arn={LB: known}))


def test_logs_go_to_the_bucket_of_the_settings() -> None:
    plan = only("access-logs-enable", in_the_dark(), BUCKET)
    assert plan.writes[0].call.parameters["Attributes"] == [
        {"Key": "access_logs.s3.enabled", "Value": "true"},
        {"Key": "access_logs.s3.bucket", "Value": "shop-logs"},
    ]
    assert plan.undo.writes[0].call.parameters["Attributes"] == [{"Key": "access_logs.s3.enabled", "Value": "false"}]
    assert plan.undo.kind == "compensating"
    same = only("access-logs-enable", in_the_dark(**{"access_logs.s3.bucket": "shop-logs"}), BUCKET)
    assert same.undo.kind == "exact"
    assert plans("access-logs-enable", in_the_dark()) == ()
    on = {"access_logs.s3.enabled": "true"}
    assert plans("access-logs-enable", in_the_dark(**on), BUCKET) == ()


def test_health_check_logs_are_for_unhealthy_targets() -> None:
    assert plans("health-check-logs-enable", in_the_dark(), BUCKET) == ()
    sick = in_the_dark().unhealthy("Elb.InternalError", "Health checks failed due to an internal error", since=20)
    found = plans("health-check-logs-enable", sick, BUCKET)
    assert [plan.changes[1].after for plan in found] in ([], ["shop-logs"])


def test_what_was_not_read_is_not_changed() -> None:
    incident = zones.second_zone_was_taken_away()
    assert plans(ZONE, incident.denied(TargetHealth, "elasticloadbalancing:DescribeTargetHealth")) == ()
    assert plans(OUT, stale.address_is_gone().denied(TargetGroups, "elasticloadbalancing:DescribeTargetGroups")) == ()
