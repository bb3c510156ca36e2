"""Idle timeouts and deregistration delays: raised and lowered only to what was seen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from diagnostics.facts import AccessLogs, ApplicationLogs, LoadBalancerAttributes, Metrics, TargetGroupAttributes
from remediations.watch import shows_recovery
from tests.incidents.building import LB, NOW, TG, Incident, change
from tests.incidents.connection.keepalive_race import idle_timeout, only_counters, running, trickle
from tests.incidents.lifecycle import deregistration_delay_too_short as delays
from tests.incidents.rows import logged, slow
from tests.incidents.time.target_slow_response import SEARCH
from tests.remediations.catalogue.proposing import holds, only, plans
from tests.remediations.catalogue.test_health_check_path import with_lines

RAISE, LOWER, DELAY = "idle-timeout-raise", "idle-timeout-lower", "deregistration-delay-raise"
KEY = "idle_timeout.timeout_seconds"


def lowered(incident: Incident, *values: tuple[str, float]) -> Incident:
    """Somebody set the idle timeout to these values so many minutes ago."""
    return incident.changed(
        *(
            change(
                "ModifyLoadBalancerAttributes",
                minutes_ago=minutes,
                resources=(LB,),
                request={"loadBalancerArn": LB, "attributes": [{"key": KEY, "value": value}]},
            )
            for value, minutes in values
        )
    )


def slow_search(*command: str) -> Incident:
    incident = running("api:7", *command) if command else Incident()
    return logged(incident, slow(90, routes=SEARCH), route_share={SEARCH[0]: 0.05})


def answered_late(incident: Incident, seconds: str) -> Incident:
    def edit(fact: ApplicationLogs) -> ApplicationLogs:
        lines = (line.model_copy(update={"details": {**line.details, "seconds": seconds}}) for line in fact.lines)
        return fact.model_copy(update={"lines": tuple(lines)})

    return with_lines(incident, ("/search", "200", 15)).edit(ApplicationLogs, edit)


def test_the_idle_timeout_before_the_change_is_set_again() -> None:
    plan = only(RAISE, lowered(slow_search(), ("60", 61), ("300", 170)))
    (write,) = plan.writes
    assert write.call.parameters == {"LoadBalancerArn": LB, "Attributes": [{"Key": KEY, "Value": "300"}]}
    assert plan.undo.writes[0].call.parameters["Attributes"] == [{"Key": KEY, "Value": "60"}]
    assert "until 02:29 UTC" in plan.warnings[0]
    assert any("how long they keep them is not known" in one for one in plan.warnings)
    assert plan.risk == "medium"
    assert [one.metric for one in plan.success.quiet] == ["HTTPCode_ELB_504_Count", "HTTPCode_ELB_502_Count"]
    assert holds(plan.guards[0], {"Attributes": [{"Key": KEY, "Value": "60"}]})
    assert not holds(plan.guards[0], {"Attributes": [{"Key": KEY, "Value": "61"}]})


def test_the_log_tells_how_long_answers_take() -> None:
    long_kept = ("uvicorn", "main:app", "--timeout-keep-alive", "300")
    plan = only(RAISE, answered_late(slow_search(*long_kept), "90.4"))
    assert plan.changes[0].after == "110"
    assert not any("cause 502" in one for one in plan.warnings)


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(slow_search, id="nobody knows how long they would take"),
        pytest.param(lambda: lowered(slow_search(), ("60", 61)), id="the value before is not on record"),
        pytest.param(lambda: lowered(slow_search(), ("60", 61), ("30", 170)), id="it was raised"),
        pytest.param(
            lambda: answered_late(slow_search("uvicorn", "main:app", "--timeout-keep-alive", "75"), "90"),
            id="the new value would begin a race",
        ),
        pytest.param(
            lambda: lowered(slow_search("uvicorn", "main:app", "--timeout-keep-alive", "75"), ("60", 61), ("300", 170)),
            id="the value before made a race",
        ),
        pytest.param(lambda: answered_late(slow_search(), "9000"), id="beyond what the load balancer can wait"),
    ],
)
def test_the_idle_timeout_is_not_raised(incident: Any) -> None:
    assert plans(RAISE, incident()) == ()


def test_what_came_before_the_fix_is_not_asked_to_end() -> None:
    incident = lowered(slow_search().elb_errors(502, 0.2, 90), ("60", 61), ("300", 170))
    assert [one.metric for one in only(RAISE, incident).success.quiet] == ["HTTPCode_ELB_504_Count"]


def test_errors_that_may_be_another_services_do_not_tell_whether_it_worked() -> None:
    raised = lowered(slow_search().shared_with_search(), ("60", 61), ("300", 170))
    for plan in (only(RAISE, raised), only(LOWER, race().shared_with_search())):
        assert plan.success.quiet == ()
        assert "other services stand behind it" in plan.success.text
        assert not shows_recovery(plan)


def race(keep_alive_s: int = 40) -> Incident:
    return trickle(running("api:7", "uvicorn", "main:app", "--timeout-keep-alive", str(keep_alive_s)))


def test_the_idle_timeout_is_lowered_below_the_keep_alive_time() -> None:
    plan = only(LOWER, race())
    assert plan.changes[0].after == "35"
    assert "becomes a 504" in plan.warnings[0]
    assert [one.metric for one in plan.success.quiet] == ["HTTPCode_ELB_502_Count", "HTTPCode_ELB_504_Count"]
    slowest = plan.guards[1]
    start = slowest.look.call.parameters["StartTime"]
    assert start == (NOW - timedelta(days=14)).isoformat()
    assert holds(slowest, {"MetricDataResults": [{"Values": [0.2, 31.5]}]})
    assert not holds(slowest, {"MetricDataResults": [{"Values": [0.2, 48.0]}]})
    assert not holds(slowest, {"MetricDataResults": [{"Values": []}]})
    assert not holds(slowest, {"MetricDataResults": []})


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ({}, ()),
        ({"web_sockets": 1}, ("1 WebSocket of this load balancer ended between",)),
        ({"web_sockets": 1_200, "share_read": 0.4}, ("at least 1,200 WebSockets of this load balancer ended between",)),
    ],
)
def test_web_sockets_that_the_log_shows_are_said(found: dict[str, Any], says: tuple[str, ...]) -> None:
    plan = only(LOWER, race().edit(AccessLogs, lambda logs: logs.model_copy(update=found)))
    assert tuple(one.split(" between")[0] + " between" for one in plan.warnings if " ended between" in one) == says


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(lambda: race(5), id="5 s are too short"),
        pytest.param(lambda: race().of_group("TargetResponseTime", 36, 180, statistic="Maximum"), id="slow answers"),
        pytest.param(lambda: trickle(Incident()), id="the keep-alive time is not known"),
        pytest.param(lambda: only_counters(running("node:20", "node", "server.js")), id="counters only"),
        pytest.param(lambda: idle_timeout(race(), 30), id="no race at 30 s"),
        pytest.param(
            lambda: race().denied(LoadBalancerAttributes, "elasticloadbalancing:DescribeLoadBalancerAttributes"),
            id="attributes were not read",
        ),
        pytest.param(lambda: race().denied(Metrics, "cloudwatch:GetMetricData"), id="metrics were not read"),
    ],
)
def test_the_idle_timeout_is_not_lowered(incident: Any) -> None:
    assert plans(LOWER, incident()) == ()


@pytest.mark.parametrize(
    ("incident", "seconds"),
    [
        (delays.long_requests, "55"),
        (delays.deregistered_by_hand, "67"),
        (delays.counters_only, "31"),
        (lambda: delays.long_requests(2, 3.0), "20"),
        (lambda: delays.long_requests(10, 3500.0), "3600"),
    ],
)
def test_the_delay_outlasts_the_longest_request(incident: Any, seconds: str) -> None:
    plan = only(DELAY, incident())
    assert plan.writes[0].call.parameters["TargetGroupArn"] == TG
    assert plan.changes[0].after == seconds
    assert plan.risk == "low"
    assert plan.undo.kind == "exact"


def test_the_delay_that_was_not_read_stays() -> None:
    action = "elasticloadbalancing:DescribeTargetGroupAttributes"
    assert plans(DELAY, delays.long_requests().denied(TargetGroupAttributes, action)) == ()
