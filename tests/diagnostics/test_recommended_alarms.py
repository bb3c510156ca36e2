"""Which alarms are recommended, and which of those that an account has count for them."""

from __future__ import annotations

import pytest

from diagnostics.facts import Alarm, Alarms, LoadBalancerAttributes, LoadBalancers, TargetGroups
from diagnostics.rules.recommended_alarms import RecommendedAlarm, Standing, recommended, standings
from tests.incidents.building import LB, LB_DIMENSION, TG_DIMENSION, Incident
from tests.incidents.functions import function

WHOLE = {"LoadBalancer": LB_DIMENSION}
GROUP = {**WHOLE, "TargetGroup": TG_DIMENSION}


def wanted(incident: Incident, idle_s: int | None = 60) -> tuple[RecommendedAlarm, ...]:
    snapshot = incident.snapshot()
    known = {LB: {"idle_timeout.timeout_seconds": str(idle_s)}}
    attributes = LoadBalancerAttributes(by_arn=known) if idle_s else None
    return recommended(snapshot.subject, incident.known(LoadBalancers), incident.known(TargetGroups), attributes)


def alarm(metric: str, dimensions: dict[str, str], statistic: str, **more: object) -> Alarm:
    given = {"name": "theirs", "state": "OK", "namespace": "AWS/ApplicationELB", "notifies": True}
    given |= {"comparison": "GreaterThanThreshold", "threshold": 5.0, **more}
    return Alarm(**{**given, "metric": metric, "dimensions": dimensions, "statistic": statistic})


def standing(metric: str, *alarms: Alarm) -> Standing:
    found = standings(wanted(Incident()), Alarms(items=alarms))
    return next(one for one in found if one.recommended.metric == metric)


def test_four_alarms_for_a_service() -> None:
    assert [(one.metric, one.condition, one.dimensions) for one in wanted(Incident())] == [
        ("HTTPCode_ELB_502_Count", "Sum >= 10 for 2 minutes", WHOLE),
        ("UnHealthyHostCount", "Maximum >= 1 for 3 minutes", GROUP),
        ("TargetResponseTime", "p99 >= 48 for 3 minutes", GROUP),
        ("TargetConnectionErrorCount", "Sum >= 10 for 2 minutes", GROUP),
    ]
    assert all(one.name.startswith("alb502-") for one in wanted(Incident()))


def test_nothing_is_said_about_slow_answers_without_the_idle_timeout() -> None:
    assert "TargetResponseTime" not in {one.metric for one in wanted(Incident(), idle_s=None)}


def test_a_function_has_no_connections_to_fail() -> None:
    assert [one.metric for one in wanted(function())] == ["HTTPCode_ELB_502_Count"]


@pytest.mark.parametrize(
    ("metric", "theirs", "status"),
    [
        ("HTTPCode_ELB_502_Count", alarm("HTTPCode_ELB_502_Count", WHOLE, "Sum"), "exists"),
        ("HTTPCode_ELB_502_Count", alarm("HTTPCode_ELB_502_Count", WHOLE, "Average"), "wrong-metric"),
        ("HTTPCode_ELB_502_Count", alarm("HTTPCode_Target_5XX_Count", WHOLE, "Sum"), "wrong-metric"),
        ("HTTPCode_ELB_502_Count", alarm("HTTPCode_ELB_5XX_Count", WHOLE, "Sum"), "wrong-metric"),
        ("HTTPCode_ELB_502_Count", alarm("HTTPCode_ELB_5XX_Count", {"LoadBalancer": "app/x/1"}, "Sum"), "missing"),
        ("HTTPCode_ELB_502_Count", alarm("HTTPCode_ELB_502_Count", WHOLE, "Sum", namespace="Shop"), "missing"),
        (
            "HTTPCode_ELB_502_Count",
            alarm("HTTPCode_ELB_502_Count", WHOLE, "Sum", comparison="LessThanThreshold"),
            "wrong-metric",
        ),
        ("UnHealthyHostCount", alarm("UnHealthyHostCount", GROUP, "Minimum"), "exists"),
        ("UnHealthyHostCount", alarm("UnHealthyHostCount", WHOLE, "Maximum"), "wrong-metric"),
        ("TargetResponseTime", alarm("TargetResponseTime", WHOLE, "p95"), "exists"),
        ("TargetResponseTime", alarm("TargetResponseTime", GROUP, "tm99"), "exists"),
        ("TargetResponseTime", alarm("TargetResponseTime", GROUP, "Average"), "wrong-metric"),
        ("TargetResponseTime", alarm("TargetResponseTime", GROUP, "p50"), "wrong-metric"),
        ("TargetConnectionErrorCount", alarm("RequestCount", GROUP, "Sum"), "missing"),
    ],
)
def test_what_counts_as_watching(metric: str, theirs: Alarm, status: str) -> None:
    found = standing(metric, theirs)
    assert found.status == status
    assert bool(found.why) == (status == "wrong-metric")


def test_an_alarm_that_tells_nobody_is_said_so() -> None:
    found = standing("HTTPCode_ELB_502_Count", alarm("HTTPCode_ELB_502_Count", WHOLE, "Sum", notifies=False))
    assert (found.status, found.why) == ("exists", "it does nothing when it goes off")
