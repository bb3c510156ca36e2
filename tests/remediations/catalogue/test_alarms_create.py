"""Alarms are made where nobody watches, under names that nobody has, and tell the topic of the settings."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.facts import Alarm, Alarms, LoadBalancerAttributes
from remediations.execute import Execution
from remediations.fix import Preferences
from remediations.journal import Step
from remediations.plan import FROM, PLAN
from remediations.session_policy import session_policy
from remediations.undo import undo_of
from tests.incidents.building import ACCOUNT, LB, LB_DIMENSION, REGION, TG_DIMENSION, Incident
from tests.incidents.network.sg_ingress_missing import silent, task_group
from tests.remediations.catalogue.proposing import holds, only, plans

FIX = "alarms-create"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
WISHES = Preferences(alarm_topic=TOPIC)


def watched_by(*alarms: Alarm, **more: Any) -> Incident:
    """All targets are unhealthy, and the account has these alarms."""
    incident = silent(Incident().security_group(task_group())).replace(Alarms(items=alarms, **more))
    return incident.replace(LoadBalancerAttributes(by_arn={LB: {"idle_timeout.timeout_seconds": "60"}}))


def alarm(name: str, metric: str, statistic: str = "Sum") -> Alarm:
    dimensions = {"LoadBalancer": LB_DIMENSION}
    return Alarm(name=name, state="OK", metric=metric, dimensions=dimensions, statistic=statistic)


def test_all_that_are_missing_are_made_or_a_single_one() -> None:
    plan = only(FIX, watched_by(), WISHES)
    made = [write.call.parameters for write in plan.writes]
    assert [one["MetricName"] for one in made] == [
        "HTTPCode_ELB_502_Count",
        "UnHealthyHostCount",
        "TargetResponseTime",
        "TargetConnectionErrorCount",
    ]
    assert all(str(one["AlarmName"]).startswith("alb502-") and one["AlarmActions"] == [TOPIC] for one in made)
    assert all(one["Tags"] == [{"Key": "alb502:plan", "Value": {FROM: PLAN}}] for one in made)
    slow = made[2]
    assert (slow["ExtendedStatistic"], slow["Threshold"], slow.get("Statistic")) == ("p99", 48.0, None)
    assert slow["Dimensions"] == [
        {"Name": "LoadBalancer", "Value": LB_DIMENSION},
        {"Name": "TargetGroup", "Value": TG_DIMENSION},
    ]
    assert len(plan.narrower) == 4
    assert plan.narrower[0].label == "only HTTPCode_ELB_502_Count"
    assert plan.risk == "low"
    assert plan.undo.kind == "exact"
    assert [one.call.parameters for one in plan.undo.writes] == [{"AlarmNames": [one["AlarmName"]]} for one in made]
    assert session_policy(plan)


def test_a_name_that_is_taken_stops_it() -> None:
    free = only(FIX, watched_by(), WISHES).guards[0]
    assert holds(free, {"MetricAlarms": [], "CompositeAlarms": []})
    assert not holds(free, {"MetricAlarms": [{"AlarmName": "x"}], "CompositeAlarms": []})
    assert not holds(free, {"MetricAlarms": [], "CompositeAlarms": [{"AlarmName": "x"}]})


def test_an_alarm_that_somebody_changed_is_not_deleted() -> None:
    made = only(FIX, watched_by(), WISHES).undo.guards[0]
    alarm = {
        "MetricName": "HTTPCode_ELB_502_Count",
        "Statistic": "Sum",
        "Threshold": 10.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "EvaluationPeriods": 2,
    }
    assert holds(made, {"MetricAlarms": [alarm]})
    assert not holds(made, {"MetricAlarms": [alarm | {"Threshold": 100.0}]})
    assert not holds(made, {"MetricAlarms": []})


def test_of_alarms_that_were_made_in_part_only_those_are_deleted() -> None:
    """A limit was reached in the middle; what is missing may have been made by somebody else by then."""
    plan = only(FIX, watched_by(), WISHES)
    steps = (Step(index=0, state="done"), Step(index=1, state="rejected"))
    undo = undo_of(plan, "p-1", Execution(status="partial", steps=steps))
    assert undo is not None
    name = plan.writes[0].call.parameters["AlarmName"]
    assert [write.call.parameters for write in undo.writes] == [{"AlarmNames": [name]}]


def test_what_is_watched_already_is_left_out() -> None:
    incident = watched_by(alarm("theirs", "HTTPCode_ELB_502_Count"), alarm("mixed", "HTTPCode_ELB_5XX_Count"))
    assert "HTTPCode_ELB_502_Count" not in str(only(FIX, incident, WISHES).writes)


def test_our_name_on_something_else_is_left_alone() -> None:
    other = alarm("alb502-shop-HTTPCode_ELB_502_Count", "RequestCount")
    names = [write.call.parameters["AlarmName"] for write in only(FIX, watched_by(other), WISHES).writes]
    taken = [str(write.call.parameters["AlarmName"]) for write in only(FIX, watched_by(), WISHES).writes]
    assert other.name in taken
    assert names == [name for name in taken if name != other.name]


@pytest.mark.parametrize(
    ("incident", "topic"),
    [
        pytest.param(watched_by, None, id="no topic in the settings"),
        pytest.param(watched_by, f"arn:aws:sns:{REGION}:999999999999:alarms", id="a topic of another account"),
        pytest.param(watched_by, f"arn:aws:sns:eu-west-1:{ACCOUNT}:alarms", id="a topic of another region"),
        pytest.param(lambda: watched_by().denied(Alarms, "cloudwatch:DescribeAlarms"), TOPIC, id="alarms not read"),
    ],
)
def test_no_alarm_is_made(incident: Any, topic: str | None) -> None:
    assert plans(FIX, incident(), Preferences(alarm_topic=topic)) == ()
