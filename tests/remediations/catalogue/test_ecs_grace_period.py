"""The grace period is lengthened by what was measured, without a deployment."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from diagnostics.facts import EcsService, StoppedTasks, TargetGroups
from tests.incidents.building import OTHER_TG, TG, Incident, deployment
from tests.incidents.health_check import health_check_grace_period_too_short as incidents
from tests.remediations.catalogue.proposing import holds, only, plans

FIX = "ecs-grace-period"


def test_one_and_a_half_times_the_longest_start() -> None:
    incident = incidents.scaled_out_and_never_gets_there()
    plan = only(FIX, incident)
    assert plan.writes[0].call.parameters == {
        "cluster": "prod",
        "service": "checkout",
        "healthCheckGracePeriodSeconds": plan.changes[0].after,
    }
    assert plan.changes[0].after == 450
    assert "300 s" in plan.warnings[0]
    assert plan.undo.kind == "exact"
    assert plan.undo.writes[0].call.parameters["healthCheckGracePeriodSeconds"] == plan.changes[0].before


def test_twice_the_time_that_was_allowed_where_none_was_measured() -> None:
    plan = only(FIX, incidents.first_deployment_of_a_slow_starter())
    assert plan.changes[0].after == 240
    assert "was not measured" in plan.warnings[0]


def test_it_starts_no_deployment_and_so_works_for_every_controller() -> None:
    incident = incidents.grace_was_shortened().service(deployment_controller="CODE_DEPLOY")
    plan = only(FIX, incident)
    assert plan.not_now is None
    assert [guard.text.split(" of ")[0] for guard in plan.guards] == ["checkout is active", "the grace period"]


def test_the_colour_that_is_idle_need_not_be_healthy() -> None:
    """CodeDeploy keeps both groups in the service, and only the task set says which one has tasks."""
    own = deployment(7, rollout_state=None, target_group_arns=(TG,))
    incident = incidents.grace_was_shortened()
    entry = incident.known(EcsService).load_balancers[0]
    both = (entry, entry.model_copy(update={"target_group_arn": OTHER_TG}))
    groups = incident.known(TargetGroups)
    idle = groups.items[0].model_copy(update={"arn": OTHER_TG})
    incident = incident.replace(groups.model_copy(update={"items": (*groups.items, idle)}))
    plan = only(FIX, incident.service(deployment_controller="CODE_DEPLOY", load_balancers=both, deployments=(own,)))
    asked = [guard.look.call.parameters.get("TargetGroupArn") for guard in plan.success.guards]
    assert asked == [None, None, TG]


def test_a_grace_period_that_was_never_set_is_zero() -> None:
    plan = only(FIX, incidents.grace_was_shortened().service(grace_period_s=None))
    was = plan.guards[1]
    assert holds(was, {"services": [{}]})
    assert holds(was, {"services": [{"healthCheckGracePeriodSeconds": 0}]})
    assert not holds(was, {"services": [{"healthCheckGracePeriodSeconds": 90}]})


@pytest.mark.parametrize(
    "incident",
    [
        incidents.long_up_before_they_fail,
        lambda: incidents.grace_was_shortened().denied(StoppedTasks, "ecs:DescribeTasks"),
        lambda: incidents.scaled_out_and_never_gets_there().service(grace_period_s=700),
        incidents.lengthened_a_minute_ago,
        Incident,
    ],
)
def test_it_is_not_offered(incident: Callable[[], Incident]) -> None:
    assert not plans(FIX, incident())
