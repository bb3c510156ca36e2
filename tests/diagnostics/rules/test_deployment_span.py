"""Errors are bound to deployments when they come while one goes on, and only then."""

from __future__ import annotations

from diagnostics.facts import EcsService, ServiceDeployment, ServiceHistory
from diagnostics.rules.deployment_room import DeploymentRoom
from diagnostics.rules.deployment_span import deployment_spans, share_within
from diagnostics.rules.observations import observe
from tests.incidents.building import NOW, Incident, ago, deployment, minutes_of


def past(began: float, ended: float) -> ServiceDeployment:
    return ServiceDeployment(arn=f"arn:d/{began}", status="SUCCESSFUL", started_at=ago(began), finished_at=ago(ended))


def test_errors_late_in_a_long_deployment_belong_to_it() -> None:
    incident = Incident().replace(ServiceHistory(deployments=(past(45, 20),))).elb_errors(502, 40, 33, 22)
    assert observe(incident.snapshot()).pattern == "deployment"


def test_errors_that_outlast_it_do_not() -> None:
    incident = Incident().replace(ServiceHistory(deployments=(past(45, 30),))).elb_errors(502, 40, 33, 12)
    assert observe(incident.snapshot()).pattern != "deployment"


def test_errors_that_go_on_are_constant_whatever_came_before() -> None:
    incident = Incident().service(deployments=(deployment(8, created=25),)).elb_errors(502, 40, 24)
    assert observe(incident.snapshot()).pattern == "constant"


def test_a_deployment_is_told_once_and_an_old_one_not_at_all() -> None:
    service = Incident().service(deployments=(deployment(8, created=40),)).known(EcsService)
    history = ServiceHistory(deployments=(past(40.5, 30), past(400, 380)))
    spans = deployment_spans(service, history, ago(60), NOW)
    assert [span.begin for span in spans] == [ago(40.5)]
    assert share_within(minutes_of(1, 40, 20), spans) > 0.5


def test_the_first_deployment_of_a_service_replaces_nothing() -> None:
    service = Incident().service(deployments=(deployment(7, created=40),), created_at=ago(40)).known(EcsService)
    assert not deployment_spans(service, ServiceHistory(), ago(60), NOW)


def test_room_rounds_the_minimum_up_and_the_maximum_down() -> None:
    def room(tasks: int, low: int, high: int) -> DeploymentRoom:
        settings = {"desired": tasks, "minimum_healthy_percent": low, "maximum_percent": high}
        return DeploymentRoom.of(Incident().service(**settings).known(EcsService))

    assert room(1, 100, 150).is_deadlocked
    assert room(1, 50, 100).is_deadlocked
    assert room(3, 70, 130).is_deadlocked
    assert not room(2, 50, 100).is_deadlocked
    assert not room(1, 100, 200).is_deadlocked
    assert not room(0, 100, 100).is_deadlocked
