"""Alarms that watch this path, and no others."""

from __future__ import annotations

from typing import Any

from diagnostics.aws_access import Pages
from diagnostics.collect.collector import Read
from diagnostics.collect.sources.alarms import alarms
from diagnostics.facts import Alarms, Gap
from tests.diagnostics.collect.driving import drive
from tests.diagnostics.collect.scripted import BALANCER, GROUP, NOW, SUBJECT, answered, refused

LB = BALANCER.split(":loadbalancer/")[1]
TG = GROUP.rsplit(":", 1)[1]


def alarm(name: str, state: str = "OK", **dimensions: str) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "StateValue": state,
        "StateTransitionedTimestamp": NOW,
        "MetricName": "HTTPCode_ELB_5XX_Count",
        "Namespace": "AWS/ApplicationELB",
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
    }


def test_only_alarms_on_this_path_each_once() -> None:
    ours = [
        alarm("balancer", "ALARM", LoadBalancer=LB),
        alarm("group", LoadBalancer=LB, TargetGroup=TG),
        alarm("service", ServiceName="checkout", ClusterName="prod"),
    ]
    others = [
        alarm("other-group", LoadBalancer=LB, TargetGroup="targetgroup/search/1"),
        alarm("other-balancer", LoadBalancer="app/other/1"),
        alarm("other-cluster", ServiceName="checkout", ClusterName="test"),
        alarm("nothing"),
    ]

    def answer(read: Read) -> Pages:
        return answered(
            *(raw for raw in (*ours, *others) if read.params.get("StateValue") in (None, raw["StateValue"]))
        )

    driven = drive(alarms(SUBJECT), answer)
    assert isinstance(driven.outcome, Alarms)
    assert sorted(item.name for item in driven.outcome.items) == ["balancer", "group", "service"]
    assert [len(step) for step in driven.rounds] == [2]
    assert driven.outcome.complete


def test_a_denied_call_is_a_gap_that_names_the_action() -> None:
    outcome = drive(alarms(SUBJECT), lambda read: refused(read.action)).outcome
    assert isinstance(outcome, Gap)
    assert outcome.action == "cloudwatch:DescribeAlarms"


def test_of_many_alarms_those_on_recommended_metrics_are_asked_for() -> None:
    known = alarm("group", LoadBalancer=LB, TargetGroup=TG)
    known |= {"MetricName": "UnHealthyHostCount", "Statistic": "Maximum", "Threshold": 1.0, "ActionsEnabled": True}

    def answer(read: Read) -> Pages:
        if read.operation == "describe_alarms":
            return Pages(items=(), truncated=True)
        return answered(*([known] if read.params["MetricName"] == "UnHealthyHostCount" else []))

    driven = drive(alarms(SUBJECT), answer)
    assert isinstance(driven.outcome, Alarms)
    assert [len(step) for step in driven.rounds] == [2, 4]
    assert not driven.outcome.complete
    (found,) = driven.outcome.items
    assert (found.dimensions, found.statistic) == ({"LoadBalancer": LB, "TargetGroup": TG}, "Maximum")
    assert (found.threshold, found.notifies) == (1.0, False)
