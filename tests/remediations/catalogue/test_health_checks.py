"""Matcher, port, protocol, time-out and thresholds of a health check: set only to what is known to work."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.facts import ApplicationLogs, ContainerHealthCheck, TargetGroups, TargetHealth
from tests.incidents.building import TG, Incident, change, definition, task
from tests.incidents.health_check import health_check_protocol_mismatch as protocols
from tests.incidents.health_check import health_check_thresholds_too_aggressive as thresholds
from tests.incidents.health_check import health_check_timeout_too_short as timeouts
from tests.incidents.health_check.health_check_path_mismatch import sick
from tests.incidents.health_check.health_check_redirect import matcher_narrowed
from tests.remediations.catalogue.proposing import only, plans
from tests.remediations.catalogue.test_health_check_path import as_a_pair, with_lines


def edited(incident: Incident, minutes_ago: float = 120, **request: Any) -> Incident:
    record = change(
        "ModifyTargetGroup", minutes_ago=minutes_ago, resources=(TG,), request={"targetGroupArn": TG, **request}
    )
    return incident.changed(record)


def sent(fix: str, incident: Incident) -> dict[str, Any]:
    return {key: value for key, value in only(fix, incident).writes[0].call.parameters.items() if key[:6] != "Target"}


# -- matcher


def test_a_code_of_success_is_added() -> None:
    assert sent("health-check-matcher", sick(204)) == {"Matcher": {"HttpCode": "200,204"}}


def test_the_matcher_before_the_change_is_set_again() -> None:
    incident = edited(matcher_narrowed(), matcher={"httpCode": "200,302"})
    plan = only("health-check-matcher", incident)
    assert plan.writes[0].call.parameters["Matcher"] == {"HttpCode": "200,302"}
    assert plan.undo.writes[0].call.parameters["Matcher"] == {"HttpCode": "200"}
    assert any("counts as healthy" in warning for warning in plan.warnings)
    assert "no target of checkout is healthy" not in [guard.text for guard in plan.guards], "it only accepts more"


def test_a_matcher_that_accepts_less_is_set_only_while_nobody_is_healthy() -> None:
    request = {"targetGroupArn": TG, "matcher": {"httpCode": "200,204"}}
    other = sick(302).health_check(matcher="200,204")
    other.changed(change("ModifyTargetGroup", minutes_ago=22, resources=(TG,), request=request))
    incident = edited(other, matcher={"httpCode": "200,302"})
    plan = only("health-check-matcher", incident)
    assert "no target of checkout is healthy" in [guard.text for guard in plan.guards]


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(lambda: sick(404), id="404 is no success"),
        pytest.param(lambda: sick(503), id="503 is no success"),
        pytest.param(lambda: sick(301), id="a redirect without a record"),
        pytest.param(matcher_narrowed, id="the value before is not on record"),
        pytest.param(lambda: edited(matcher_narrowed(), matcher={"httpCode": "200-499"}), id="it held failures"),
        pytest.param(lambda: edited(matcher_narrowed(), matcher={"httpCode": "200,204"}), id="it held no 302"),
    ],
)
def test_a_matcher_is_never_widened_to_hide_a_failure(incident: Any) -> None:
    assert plans("health-check-matcher", incident()) == ()


# -- port


def asked_by_the_container(incident: Incident, url: str = "http://localhost:8080/healthz") -> Incident:
    check = ContainerHealthCheck(command=("CMD-SHELL", f"curl -f {url} || exit 1"))
    container = definition().containers[0].model_copy(update={"health_check": check})
    well = [task(n, ip) for n, ip in enumerate(("10.0.1.21", "10.0.1.22", "10.0.2.21", "10.0.2.22"), 1)]
    healthy = (
        one.model_copy(update={"containers": (one.containers[0].model_copy(update={"health_status": "HEALTHY"}),)})
        for one in well
    )
    return incident.definitions(definition(containers=(container,))).running(*healthy)


def on_port_9999(incident: Incident | None = None) -> Incident:
    found = (incident or Incident()).health_check(port="9999")
    return found.unhealthy("Target.FailedHealthChecks", "Health checks failed", since=20)


def test_the_port_before_the_change_is_set_again() -> None:
    incident = edited(edited(on_port_9999(), 22, healthCheckPort="9999"), healthCheckPort="traffic-port")
    plan = only("health-check-port", incident)
    assert plan.changes[0].after == "traffic-port"
    assert plan.undo.writes[0].call.parameters["HealthCheckPort"] == "9999"
    assert plan.risk == "low"


def test_the_only_port_that_the_tasks_open_was_it() -> None:
    plan = only("health-check-port", edited(on_port_9999(), 22, healthCheckPort=9999))
    assert plan.changes[0].after == "traffic-port"
    assert "they open 8080 alone" in plan.warnings[0]


def test_the_container_asks_the_port_of_the_requests() -> None:
    assert sent("health-check-port", asked_by_the_container(on_port_9999())) == {"HealthCheckPort": "traffic-port"}
    other = asked_by_the_container(on_port_9999(), "http://localhost:8080/another")
    assert plans("health-check-port", other) == ()


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(on_port_9999, id="no record, no witness"),
        pytest.param(
            lambda: edited(on_port_9999(), 22, healthCheckPort="9999").health(
                "healthy", None, None, targets=("10.0.1.21",)
            ),
            id="a target is healthy with it",
        ),
    ],
)
def test_a_port_is_not_guessed(incident: Any) -> None:
    assert plans("health-check-port", incident()) == ()


# -- protocol


def test_the_protocol_of_the_requests_is_taken_where_users_are_answered() -> None:
    incident = Incident().health_check(protocol="HTTPS")
    incident.unhealthy("Target.FailedHealthChecks", "Health checks failed", since=20)
    assert sent("health-check-protocol", incident) == {"HealthCheckProtocol": "HTTP"}
    paired = only("health-check-protocol", as_a_pair(incident))
    assert len(paired.writes) == 2


def test_every_protocol_that_is_offered_is_the_other_one() -> None:
    for case in protocols.CASES:
        for plan in plans("health-check-protocol", case.build()):
            assert case.kind == "finds"
            assert {plan.changes[0].before, plan.changes[0].after} == {"HTTP", "HTTPS"}


def test_a_protocol_without_proof_stays() -> None:
    incident = (
        Incident().health_check(protocol="HTTPS").target_errors(600, 20).of_group("HTTPCode_Target_2XX_Count", 0, 180)
    )
    incident.unhealthy("Target.FailedHealthChecks", "Health checks failed", since=20)
    assert plans("health-check-protocol", incident) == ()


# -- time-out


def too_slow(timeout_s: int = 5, interval_s: int = 30) -> Incident:
    return (
        Incident()
        .health_check(timeout_s=timeout_s, interval_s=interval_s)
        .unhealthy("Target.Timeout", "Request timed out", since=20)
    )


def logged_after(incident: Incident, seconds: str, status: str = "200") -> Incident:
    return timeouts_logged(with_lines(incident, ("/healthz", status, 5)), seconds)


def timeouts_logged(incident: Incident, seconds: str) -> Incident:
    def edit(fact: ApplicationLogs) -> ApplicationLogs:
        lines = (line.model_copy(update={"details": {**line.details, "seconds": seconds}}) for line in fact.lines)
        return fact.model_copy(update={"lines": tuple(lines)})

    return incident.edit(ApplicationLogs, edit)


def test_the_timeout_is_what_the_log_shows_and_half_as_much() -> None:
    assert sent("health-check-timeout", logged_after(too_slow(), "7.2")) == {"HealthCheckTimeoutSeconds": 15}


def test_the_other_colour_is_left_alone_where_its_interval_would_be_too_short() -> None:
    pair = as_a_pair(logged_after(too_slow(), "7.2"))
    assert len(only("health-check-timeout", pair).writes) == 2

    def hasty(fact: TargetGroups) -> TargetGroups:
        first, other = fact.items
        check = other.health_check.model_copy(update={"interval_s": 10})
        return fact.model_copy(update={"items": (first, other.model_copy(update={"health_check": check}))})

    assert len(only("health-check-timeout", pair.edit(TargetGroups, hasty)).writes) == 1


def test_the_interval_is_raised_with_it() -> None:
    assert sent("health-check-timeout", logged_after(too_slow(5, 10), "12.0")) == {
        "HealthCheckTimeoutSeconds": 20,
        "HealthCheckIntervalSeconds": 25,
    }


def test_the_timeout_before_the_change_is_set_again() -> None:
    incident = edited(edited(too_slow(2), 22, healthCheckTimeoutSeconds=2), healthCheckTimeoutSeconds=10)
    plan = only("health-check-timeout", incident)
    assert plan.changes[0].after == 10
    assert plan.undo.writes[0].call.parameters["HealthCheckTimeoutSeconds"] == 2


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(too_slow, id="nobody knows how long it takes"),
        pytest.param(lambda: logged_after(too_slow(), "100"), id="longer than may be set"),
        pytest.param(lambda: logged_after(too_slow(), "7", "503"), id="it does not answer well"),
        pytest.param(
            lambda: too_slow().denied(TargetHealth, "elasticloadbalancing:DescribeTargetHealth"), id="health not read"
        ),
    ],
)
def test_a_timeout_stays(incident: Any) -> None:
    assert plans("health-check-timeout", incident()) == ()


def test_what_blocks_packets_is_not_cured_by_waiting() -> None:
    for case in timeouts.CASES:
        assert case.kind == "finds" or plans("health-check-timeout", case.build()) == ()


# -- thresholds


def test_a_target_is_given_more_time() -> None:
    found = [plan for case in thresholds.CASES for plan in plans("health-check-thresholds", case.build())]
    assert found
    for plan in found:
        after = {change.setting: change.after for change in plan.changes}
        assert after.items() <= {"UnhealthyThresholdCount": 3, "HealthCheckIntervalSeconds": 15}.items()
        assert all(set(one.writes[0].call.parameters) < set(plan.writes[0].call.parameters) for one in plan.narrower)
        for one in (plan, *plan.narrower):  # all of them are well now and then
            assert {(quiet.metric, quiet.for_s) for quiet in one.success.quiet} == {("UnHealthyHostCount", 300)}
