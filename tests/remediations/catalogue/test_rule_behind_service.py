"""A rule of another service that hides the service's own goes behind it."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.facts import Changes, EcsService
from remediations.watch import shows_recovery
from tests.incidents.building import LISTENER, Incident, change
from tests.incidents.registration import target_group_not_in_rule as incidents
from tests.remediations.catalogue.proposing import only, plans

FIX = "rule-behind-service"
HIDING = f"{LISTENER}/5"


def put_there(minutes_ago: float = 20.5, priority: int = 5) -> Incident:
    record = change("CreateRule", minutes_ago=minutes_ago, resources=(LISTENER,), request={"priority": priority})
    return incidents.hidden_by_a_wider_rule().changed(record)


def test_the_wider_rule_goes_behind_the_services_own() -> None:
    plan = only(FIX, put_there())
    assert plan.writes[0].call.parameters == {"RulePriorities": [{"RuleArn": HIDING, "Priority": 11}]}
    assert plan.undo.kind == "exact"
    assert plan.undo.writes[0].call.parameters == {"RulePriorities": [{"RuleArn": HIDING, "Priority": 5}]}
    assert "by role/ops-admin" in plan.warnings[0]
    assert not shows_recovery(plan), "its targets were healthy before"


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(incidents.hidden_by_a_wider_rule, id="nobody is known to have put it there"),
        pytest.param(lambda: put_there(priority=7), id="another rule was made"),
        pytest.param(lambda: put_there(minutes_ago=170), id="it stood there before"),
        pytest.param(lambda: put_there().service(deployment_controller="CODE_DEPLOY"), id="CodeDeploy"),
        pytest.param(lambda: put_there().denied(EcsService, "ecs:DescribeServices"), id="the service was not read"),
        pytest.param(lambda: put_there().denied(Changes, "cloudtrail:LookupEvents"), id="no records"),
        pytest.param(incidents.deleted_by_somebody, id="the rule is gone, and its conditions with it"),
        pytest.param(lambda: put_there().unhealthy("Target.Timeout", "Request timed out"), id="nobody could answer"),
    ],
)
def test_it_is_not_offered(incident: Any) -> None:
    assert plans(FIX, incident()) == ()


def test_it_waits_for_a_deployment_that_moves_requests() -> None:
    assert only(FIX, put_there().service(deployment_strategy="BLUE_GREEN")).not_now is None
    busy = put_there().service(deployment_strategy="BLUE_GREEN")
    busy = busy.edit(
        EcsService,
        lambda fact: fact.model_copy(
            update={"deployments": (fact.deployments[0].model_copy(update={"rollout_state": "IN_PROGRESS"}),)}
        ),
    )
    assert "moves requests" in (only(FIX, busy).not_now or "")
