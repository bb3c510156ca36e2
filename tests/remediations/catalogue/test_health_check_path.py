"""Health checks are sent to a path only where a record shows that the application answers it."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.facts import (
    ApplicationLogs,
    ContainerHealthCheck,
    EcsService,
    LogLine,
    Metrics,
    RunningTasks,
    ServiceLoadBalancer,
    Target,
    TargetGroups,
    TargetHealth,
)
from tests.incidents.building import OTHER_TG, PORT, TG, Incident, ago, change, definition, task
from tests.incidents.health_check import health_check_path_mismatch as incidents
from tests.incidents.health_check.health_check_redirect import slash_lost_in_an_edit
from tests.remediations.catalogue.proposing import holds, only, plans

FIX = "health-check-path"


def edited(former: str = "/healthz", **more: Any) -> Incident:
    """The console sends every field; two edits are on record."""
    before = change(
        "ModifyTargetGroup",
        minutes_ago=120,
        resources=(TG,),
        request={"targetGroupArn": TG, "healthCheckPath": former, **more},
    )
    return incidents.path_edited_in_the_console().changed(before)


def with_lines(incident: Incident, *lines: tuple[str, str, float], text: str = "curl/8") -> Incident:
    found = tuple(
        LogLine(
            at=ago(minutes),
            text=f'10.0.1.10 - "GET {path} HTTP/1.1" {status} 2 "-" "{text}"',
            log_group="/ecs/checkout",
            signature="request",
            details={"method": "GET", "path": path, "status": status},
        )
        for path, status, minutes in lines
    )
    logs = ApplicationLogs(
        source="filter",
        covered_from=ago(60),
        covered_to=ago(0),
        log_groups=("/ecs/checkout",),
        lines_read=len(found),
        lines=found,
    )
    return incident.replace(logs)


def checked(incident: Incident, *lines: tuple[str, str, float]) -> Incident:
    return with_lines(incident, *lines, text="ELB-HealthChecker/2.0")


def quiet(incident: Incident, until: float = 10) -> Incident:
    """No request of a client reached the targets until so many minutes ago."""
    return incident.of_group("RequestCount", 600, until)


def with_another_group(incident: Incident, state: str = "healthy") -> Incident:
    """The service registers into a second target group, on the same port."""
    group = incident.known(TargetGroups).items[0]
    check = group.health_check.model_copy(update={"path": "/ready"})
    other = group.model_copy(update={"arn": OTHER_TG, "name": "search", "health_check": check})
    own = ServiceLoadBalancer(target_group_arn=TG, container_name="web", container_port=PORT)
    incident.subject = incident.subject.model_copy(update={"target_groups": (TG, OTHER_TG)})
    return (
        incident.edit(TargetGroups, lambda fact: fact.model_copy(update={"items": (*fact.items, other)}))
        .service(load_balancers=(own, own.model_copy(update={"target_group_arn": OTHER_TG})))
        .targets([Target(id="10.0.1.21", port=PORT, state=state)], OTHER_TG)
    )


def as_a_pair(incident: Incident, other_state: str | None = None) -> Incident:
    """The service is one of two colours, whose other group has the same health check."""
    group = incident.known(TargetGroups).items[0]
    other = group.model_copy(update={"arn": OTHER_TG, "name": "search"})
    targets = [Target(id="10.0.1.99", port=PORT, state=other_state)] if other_state else []
    incident.edit(TargetGroups, lambda fact: fact.model_copy(update={"items": (*fact.items, other)}))
    incident.subject = incident.subject.model_copy(update={"target_groups": (TG, OTHER_TG)})
    incident.edit(
        EcsService,
        lambda fact: fact.model_copy(
            update={
                "deployment_strategy": "BLUE_GREEN",
                "load_balancers": (fact.load_balancers[0].model_copy(update={"alternate_target_group_arn": OTHER_TG}),),
            }
        ),
    )
    return incident.targets(targets, OTHER_TG)


def test_the_path_before_the_change_is_set_again() -> None:
    plan = only(FIX, edited())
    (write,) = plan.writes
    assert write.call.operation == "modify_target_group"
    assert write.call.parameters == {"TargetGroupArn": TG, "HealthCheckPath": "/healthz"}
    assert plan.risk == "medium"
    assert [(one.before, one.after) for one in plan.changes] == [("/health-v2", "/healthz")]
    assert plan.undo.kind == "exact"
    assert plan.undo.writes[0].call.parameters == {"TargetGroupArn": TG, "HealthCheckPath": "/health-v2"}
    assert "until 03:08 UTC" in plan.warnings[0]


@pytest.mark.parametrize(
    ("incident", "path"),
    [
        (incidents.the_container_asks_another_path, "/ping"),
        (incidents.the_path_before_is_older_than_the_window, "/healthz"),
        (lambda: checked(quiet(incidents.sick(404)), ("/up", "200", 25)), "/up"),
        (lambda: with_lines(slash_lost_in_an_edit(), ("/health/", "200", 15)), "/health/"),
        (lambda: with_another_group(incidents.sick(404)), "/ready"),
    ],
)
def test_a_path_is_taken_where_a_record_proves_it(incident: Any, path: str) -> None:
    assert only(FIX, incident()).writes[0].call.parameters["HealthCheckPath"] == path


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(incidents.path_edited_in_the_console, id="no record of the path before"),
        pytest.param(lambda: incidents.sick(404), id="nothing proves another path"),
        pytest.param(lambda: incidents.sick(404, targets=("10.0.1.21",)), id="others are healthy"),
        pytest.param(incidents.new_revision_lost_the_path, id="the old revision is healthy with it"),
        pytest.param(lambda: edited("/[redacted]/x"), id="the path was redacted"),
        pytest.param(incidents.put_right_again, id="it is over"),
        pytest.param(lambda: with_lines(incidents.sick(404), ("/up", "200", 25)), id="a user's request proves nothing"),
        pytest.param(
            lambda: checked(quiet(incidents.sick(404)), ("/up", "200", 25), ("/up", "404", 5)),
            id="the path is gone by now",
        ),
        pytest.param(
            lambda: checked(incidents.sick(404), ("/up", "200", 25)),
            id="a client may have called itself a health check",
        ),
        pytest.param(
            lambda: checked(quiet(incidents.sick(404), until=24), ("/up", "200", 25)),
            id="a client may have done so in the next minute",
        ),
        pytest.param(
            lambda: checked(quiet(incidents.sick(404)), ("/up", "200", 0.2)), id="its minute is not counted yet"
        ),
        pytest.param(
            lambda: checked(incidents.sick(404).denied(Metrics, "cloudwatch:GetMetricData"), ("/up", "200", 25)),
            id="requests were not counted",
        ),
        pytest.param(lambda: with_another_group(incidents.sick(404), "unhealthy"), id="the other group fails too"),
        pytest.param(lambda: as_a_pair(edited(), "healthy"), id="the other colour is healthy with it"),
        pytest.param(incidents.path_set_to_what_it_was, id="the path did not change"),
    ],
)
def test_a_path_is_never_guessed(incident: Any) -> None:
    assert plans(FIX, incident()) == ()


def test_both_target_groups_of_a_pair_are_set() -> None:
    plan = only(FIX, as_a_pair(edited()))
    assert [write.call.parameters["TargetGroupArn"] for write in plan.writes] == [TG, OTHER_TG]
    assert plan.judged_by_tags_of == (OTHER_TG,)
    assert [guard.look.call.parameters["TargetGroupArn"] for guard in plan.success.guards] == [TG]
    assert [one.label for one in plan.narrower] == ["only target group checkout"]
    assert len(plan.narrower[0].writes) == 1


def test_codedeploy_keeps_its_other_group_to_itself() -> None:
    plan = only(FIX, edited().service(deployment_controller="CODE_DEPLOY"))
    assert any("other target group" in warning for warning in plan.warnings)


def test_a_changed_setting_or_a_healthy_target_stops_it() -> None:
    settings, nobody = only(FIX, edited()).guards
    group = {
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckPath": "/health-v2",
        "Matcher": {"HttpCode": "200"},
        "HealthCheckIntervalSeconds": 30,
        "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 5,
        "UnhealthyThresholdCount": 2,
    }
    assert holds(settings, {"TargetGroups": [group]})
    assert not holds(settings, {"TargetGroups": [group | {"HealthCheckTimeoutSeconds": 6}]})
    assert holds(nobody, {"TargetHealthDescriptions": [{"TargetHealth": {"State": "unhealthy"}}]})
    assert not holds(nobody, {"TargetHealthDescriptions": [{"TargetHealth": {"State": "healthy"}}]})


def test_target_health_that_was_not_read_offers_nothing() -> None:
    incident = edited().denied(TargetHealth, "elasticloadbalancing:DescribeTargetHealth")
    assert plans(FIX, incident) == ()


def test_a_task_that_has_yet_to_start_says_nothing_about_the_path() -> None:
    incident = incidents.the_container_asks_another_path()
    pending = task(9, "10.0.1.60", last_status="PENDING")
    incident.running(*incident.known(RunningTasks).items, pending)
    assert only(FIX, incident).changes[0].after == "/ping"


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("curl http://localhost:8080/ping || exit 1", id="curl takes 500 for an answer"),
        pytest.param("curl -f http://localhost:8080/ping || true", id="it passes whatever comes"),
        pytest.param("curl -f http://localhost:8080/ping; exit 0", id="it always ends well"),
        pytest.param("curl -f http://localhost:8080/ping || curl -f http://localhost:9090/up", id="either of two"),
    ],
)
def test_a_health_check_of_the_container_that_cannot_fail_proves_no_path(command: str) -> None:
    incident = incidents.the_container_asks_another_path()
    (container,) = definition().containers
    check = ContainerHealthCheck(command=("CMD-SHELL", command))
    incident.definitions(definition(containers=(container.model_copy(update={"health_check": check}),)))
    assert plans(FIX, incident) == ()


@pytest.mark.parametrize(
    "command", ["wget -qO- http://localhost:8080/ping || exit 1", "curl -sSfo /dev/null http://localhost:8080/ping"]
)
def test_one_that_can_fail_does(command: str) -> None:
    incident = incidents.the_container_asks_another_path()
    (container,) = definition().containers
    check = ContainerHealthCheck(command=("CMD-SHELL", command))
    incident.definitions(definition(containers=(container.model_copy(update={"health_check": check}),)))
    assert only(FIX, incident).changes[0].after == "/ping"
