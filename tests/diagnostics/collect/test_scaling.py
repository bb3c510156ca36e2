"""What scales the service, what load is usual and how its hosts are: a call or three each, in one round."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from diagnostics.aws_access import Pages
from diagnostics.collect.collector import Now, Read
from diagnostics.collect.sources.load_metrics import host_metrics, usual_load
from diagnostics.collect.sources.metrics import metrics
from diagnostics.collect.sources.service_scaling import service_scaling
from diagnostics.facts import (
    ContainerInstance,
    ContainerInstances,
    Gap,
    HostMetrics,
    Metrics,
    NotApplicable,
    ServiceScaling,
    Target,
    TargetHealth,
    UsualLoad,
)
from tests.diagnostics.collect.driving import drive, settled
from tests.diagnostics.collect.scripted import BALANCER, GROUP, NOW, SUBJECT, WINDOW, answered, refused

NOTHING = NotApplicable(reason="not asked")
ACTIVITY = {
    "StartTime": NOW - timedelta(minutes=4),
    "StatusCode": "Failed",
    "Description": "Setting desired count to 9.",
    "Cause": "alarm",
    "NotScaledReasons": [{"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 4}],
}
ANSWERS: dict[str, Any] = {
    "describe_scalable_targets": {
        "MinCapacity": 2,
        "MaxCapacity": 4,
        "ScalableTargetARN": "arn:aws:application-autoscaling:us-east-1:111122223333:scalable-target/0ec5",
        "SuspendedState": {"DynamicScalingOutSuspended": True},
    },
    "describe_scaling_policies": {
        "PolicyName": "cpu",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 60.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        },
    },
    "describe_scaling_activities": ACTIVITY,
}


def test_limits_policies_and_activities_come_in_one_round() -> None:
    driven = drive(service_scaling(SUBJECT), lambda read: answered(ANSWERS[read.operation]))
    assert len(driven.rounds) == 1
    assert {read.action for read in driven.asked} == {
        "application-autoscaling:DescribeScalableTargets",
        "application-autoscaling:DescribeScalingPolicies",
        "application-autoscaling:DescribeScalingActivities",
    }
    found = driven.outcome
    assert isinstance(found, ServiceScaling)
    assert found.limits is not None
    assert (found.limits.maximum, found.limits.out_suspended) == (4, True)
    assert found.limits.arn == "arn:aws:application-autoscaling:us-east-1:111122223333:scalable-target/0ec5"
    assert found.policies[0].metric == "ECSServiceAverageCPUUtilization"
    assert found.activities[0].not_scaled == ("AlreadyAtMaxCapacity",)


def test_a_service_that_nothing_scales_is_known_to_be_so() -> None:
    assert drive(service_scaling(SUBJECT), lambda _: answered()).outcome == ServiceScaling()


@pytest.mark.parametrize("denied", ["describe_scalable_targets", "describe_scaling_activities"])
def test_a_denied_call_is_a_gap_that_names_it(denied: str) -> None:
    action = f"application-autoscaling:{''.join(part.title() for part in denied.split('_'))}"
    outcome = drive(
        service_scaling(SUBJECT),
        lambda read: refused(action) if read.operation == denied else answered(ANSWERS[read.operation]),
    ).outcome
    gaps = (outcome,) if isinstance(outcome, Gap) else outcome.gaps
    assert [gap.action for gap in gaps] == [action]


def test_the_load_of_the_day_before_and_of_a_week_ago_is_read_in_one_round() -> None:
    driven = drive(usual_load(SUBJECT, WINDOW, Now(NOW), NOTHING), _zero)
    assert (len(driven.rounds), len(driven.asked)) == (1, 2)
    asked = driven.asked[0].params
    assert asked["StartTime"] == WINDOW.start - timedelta(days=1)
    assert driven.asked[1].params["EndTime"] == NOW - timedelta(days=7, minutes=-30)
    assert {query["MetricStat"]["Period"] for query in asked["MetricDataQueries"]} == {300}
    assert isinstance(driven.outcome, UsualLoad)
    (requests,) = driven.outcome.with_metric("RequestCount")
    assert dict(requests.dimensions) == {
        "LoadBalancer": BALANCER.split(":loadbalancer/")[1],
        "TargetGroup": GROUP.rsplit(":", 1)[1],
    }


def test_what_is_usual_is_read_of_the_groups_whose_requests_are_counted_now() -> None:
    """Of fewer groups the usual load would be lower than that of now, although nothing changed."""
    many = SUBJECT.model_copy(update={"target_groups": tuple(f"{GROUP}{number}" for number in range(12))})
    usual = drive(usual_load(many, WINDOW, Now(NOW), NOTHING), _zero).outcome
    now = drive(metrics(many, WINDOW, Now(NOW), NOTHING, NOTHING, settled(TargetHealth, NOTHING)), _zero).outcome
    assert isinstance(usual, UsualLoad)
    assert isinstance(now, Metrics)
    counted = {one.dimensions for one in now.with_metric("RequestCount") if "TargetGroup" in dict(one.dimensions)}
    assert counted == {one.dimensions for one in usual.with_metric("RequestCount")}
    assert len(counted) == 10


def test_hosts_are_those_of_the_tasks_and_those_that_are_targets() -> None:
    instances = ContainerInstances(
        items=(ContainerInstance(arn="a", ec2_instance_id="i-0a", status="ACTIVE", agent_connected=True),)
    )
    health = TargetHealth(by_group={GROUP: (Target(id="i-0b", port=80, state="healthy"),)})
    driven = drive(host_metrics(WINDOW, Now(NOW), health, settled(ContainerInstances, instances)), _zero)
    assert len(driven.asked) == 1
    assert isinstance(driven.outcome, HostMetrics)
    assert [name for name, _ in driven.outcome.of("CPUCreditBalance", "Minimum")] == ["i-0a", "i-0b"]


def test_a_service_on_fargate_has_no_hosts() -> None:
    health = TargetHealth(by_group={GROUP: (Target(id="10.0.0.1", port=80, state="healthy"),)})
    outcome = drive(host_metrics(WINDOW, Now(NOW), health, settled(ContainerInstances, NOTHING)), _zero).outcome
    assert isinstance(outcome, NotApplicable)


def test_metrics_that_may_not_be_read_are_gaps() -> None:
    def deny(_: Read) -> Pages:
        return refused("cloudwatch:GetMetricData")

    health = TargetHealth(by_group={GROUP: (Target(id="i-0b", port=80, state="healthy"),)})
    for collected in (
        usual_load(SUBJECT, WINDOW, Now(NOW), NOTHING),
        host_metrics(WINDOW, Now(NOW), health, settled(ContainerInstances, NOTHING)),
    ):
        outcome = drive(collected, deny).outcome
        assert isinstance(outcome, Gap)
        assert outcome.action == "cloudwatch:GetMetricData"


def _zero(read: Read) -> Pages:
    queries = read.params["MetricDataQueries"]
    return Pages(items=tuple({"Id": q["Id"], "Timestamps": [], "Values": []} for q in queries), calls=1)
