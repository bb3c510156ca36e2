"""Settings of deployments: one thing changes, everything else of the structure stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from diagnostics.facts import PortMapping
from tests.incidents.building import Incident, definition
from tests.incidents.lifecycle import deployment_circuit_breaker_tripped as tripped
from tests.incidents.lifecycle.deployment_min_healthy_too_low import half_taken_away
from tests.incidents.lifecycle.deployment_percent_deadlock import waiting
from tests.remediations.catalogue.on_ecs import prepared
from tests.remediations.catalogue.proposing import holds, only, plans

PERCENTAGES, BREAKER = "ecs-deployment-percentages", "ecs-circuit-breaker"
LIVE = {
    "maximumPercent": 150,
    "minimumHealthyPercent": 0,
    "deploymentCircuitBreaker": {"enable": True, "rollback": False},
    "alarms": {"alarmNames": ["checkout-5xx"], "enable": True, "rollback": True},
    "strategy": "ROLLING",
    "bakeTimeInMinutes": 5,
}


def live(**changes: Any) -> dict[str, Any]:
    return {"services": [{"deploymentConfiguration": LIVE | changes}]}


def on_hosts(**changes: Any) -> Incident:
    return half_taken_away().service(launch_type="EC2").definitions(definition(7, **changes))


def with_host_port(port: int | None) -> Incident:
    mapping = PortMapping(container_port=8080, host_port=port)
    web = definition().containers[0].model_copy(update={"port_mappings": (mapping,)})
    return on_hosts(network_mode="bridge", containers=(web,))


def test_percentages_change_and_alarms_and_strategy_stay() -> None:
    incident = half_taken_away()
    plan = plans(PERCENTAGES, incident)[0]
    sent = prepared(plan, plan.writes[0], incident, service=live())
    assert sent == {
        "cluster": "prod",
        "service": "checkout",
        "deploymentConfiguration": LIVE | {"minimumHealthyPercent": 100, "maximumPercent": 200},
    }
    assert plan.undo.kind == "exact"
    back = prepared(plan, plan.undo.writes[0], incident, service={"services": [sent]})
    assert back["deploymentConfiguration"] == LIVE | {"minimumHealthyPercent": 0, "maximumPercent": 200}
    was, now = plan.guards[-1], plan.success.guards[0]
    assert not holds(was, live())
    assert holds(was, live(maximumPercent=200))
    assert holds(now, live(maximumPercent=200, minimumHealthyPercent=100))


def test_a_deadlock_is_ended_while_the_deployment_waits() -> None:
    plan = only(PERCENTAGES, waiting())
    assert plan.not_now is None
    assert [(one.setting, one.before, one.after) for one in plan.changes] == [
        ("deploymentConfiguration.maximumPercent", 100, 200)
    ]
    assert "the deployment of checkout is complete" in [guard.text for guard in plan.success.guards]


def test_a_larger_maximum_is_kept() -> None:
    assert [
        change.setting for change in plans(PERCENTAGES, half_taken_away().service(maximum_percent=400))[0].changes
    ] == ["deploymentConfiguration.minimumHealthyPercent"]


def test_dynamic_host_ports_fit_twice_on_a_host() -> None:
    assert "hosts need room" in plans(PERCENTAGES, with_host_port(None))[0].warnings[0]


@pytest.mark.parametrize(
    "incident",
    [
        lambda: with_host_port(8080),
        lambda: on_hosts(network_mode="host"),
        lambda: half_taken_away().service(deployment_controller="CODE_DEPLOY"),
        lambda: half_taken_away().service(deployment_strategy="BLUE_GREEN"),
        Incident,
    ],
    ids=["a host port of its own", "the host's network", "CodeDeploy", "blue/green", "nothing is wrong"],
)
def test_percentages_are_not_offered(incident: Callable[[], Incident]) -> None:
    assert not plans(PERCENTAGES, incident())


def test_the_circuit_breaker_keeps_its_thresholds() -> None:
    incident = tripped.failed()
    plan = plans(BREAKER, incident)[0]
    before = {"enable": True, "rollback": False, "resetOnHealthyTask": True}
    sent = prepared(plan, plan.writes[0], incident, service=live(deploymentCircuitBreaker=before))
    assert sent["deploymentConfiguration"] == LIVE | {"deploymentCircuitBreaker": before | {"rollback": True}}
    assert [change.setting for change in plan.changes] == ["deploymentConfiguration.deploymentCircuitBreaker.rollback"]
    back = prepared(plan, plan.undo.writes[0], incident, service={"services": [sent]})
    assert back["deploymentConfiguration"]["deploymentCircuitBreaker"] == before


def test_a_circuit_breaker_that_was_never_set_is_off() -> None:
    plan = plans(BREAKER, tripped.failed().service(circuit_breaker_enabled=False))[0]
    was = plan.guards[-1]
    assert holds(was, {"services": [{"deploymentConfiguration": {"maximumPercent": 200}}]})
    assert not holds(was, live())


@pytest.mark.parametrize(
    "incident",
    [
        lambda: tripped.failed().service(circuit_breaker_rollback=True),
        lambda: tripped.failed().service(deployment_controller="EXTERNAL"),
        Incident,
    ],
)
def test_the_circuit_breaker_is_not_offered(incident: Callable[[], Incident]) -> None:
    assert not plans(BREAKER, incident())
