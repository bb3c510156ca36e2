"""Services whose deployments call functions or wait: what is sent keeps that, or the true reason is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from diagnostics.facts import DeploymentHook, EcsService
from remediations.fix import CannotPrepareError
from tests.incidents.building import TG, Incident
from tests.incidents.lifecycle import deployment_circuit_breaker_tripped as tripped
from tests.incidents.lifecycle.deployment_min_healthy_too_low import half_taken_away
from tests.remediations.catalogue.on_ecs import prepared
from tests.remediations.catalogue.proposing import plans
from tests.remediations.catalogue.test_ecs_configuration import BREAKER, PERCENTAGES, live
from tests.remediations.catalogue.test_ecs_revisions import LISTENS, MEMORY, PORTS, listens_elsewhere, oom

FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:smoke-test"
STAGES = ("POST_SCALE_UP", "POST_PRODUCTION_TRAFFIC_SHIFT")
CALLS = DeploymentHook(function=FUNCTION, stages=STAGES[:1], has_role=True)
WAITS = DeploymentHook(stages=STAGES)
LIVE_CALLS = {
    "targetType": "AWS_LAMBDA",
    "hookTargetArn": FUNCTION,
    "roleArn": "arn:aws:iam::111122223333:role/ecs-hooks",
    "lifecycleStages": list(STAGES[:1]),
    "hookDetails": {"topic": "arn:aws:sns:us-east-1:111122223333:deployments"},
}
LIVE_WAITS = {"targetType": "PAUSE", "lifecycleStages": list(STAGES), "timeoutConfiguration": {"timeoutInMinutes": 60}}

on_both = pytest.mark.parametrize(("fix", "incident"), [(PERCENTAGES, half_taken_away), (BREAKER, tripped.failed)])


@on_both
def test_hooks_with_a_role_are_left_to_people(fix: str, incident: Callable[[], Incident]) -> None:
    """Sent without them, the structure would lose them."""
    plan = plans(fix, incident().service(hooks=(WAITS, CALLS)))[0]
    assert plan.not_now is not None
    assert plan.not_now.startswith("the lifecycle hooks of checkout would have to be sent again with their IAM role")


@on_both
def test_hooks_that_came_after_the_report_stop_it_for_what_they_are(fix: str, incident: Callable[[], Incident]) -> None:
    plan = plans(fix, incident())[0]
    assert plan.not_now is None
    for write in (*plan.writes, *plan.undo.writes):
        with pytest.raises(CannotPrepareError, match="hooks of checkout would have to be sent again with their"):
            prepared(plan, write, incident(), service=live(lifecycleHooks=[LIVE_WAITS, LIVE_CALLS]))


@on_both
def test_a_hook_that_only_waits_stays(fix: str, incident: Callable[[], Incident]) -> None:
    there = incident().service(hooks=(WAITS,))
    plan = plans(fix, there)[0]
    assert plan.not_now is None
    sent = prepared(plan, plan.writes[0], there, service=live(lifecycleHooks=[LIVE_WAITS]))
    assert sent["deploymentConfiguration"]["lifecycleHooks"] == [LIVE_WAITS]


def test_a_new_revision_leaves_the_hooks_alone_and_says_what_they_do() -> None:
    hooked = oom().service(hooks=(CALLS, WAITS))
    plan = plans(MEMORY, hooked)[0]
    assert plan.not_now is None
    assert "its lifecycle hook smoke-test is called at POST_SCALE_UP" in plan.touches
    assert "it waits at POST_SCALE_UP, POST_PRODUCTION_TRAFFIC_SHIFT until somebody continues it" in plan.touches
    assert {name for write in (*plan.writes, *plan.undo.writes) for name in write.call.parameters} == {
        "family",
        "cluster",
        "service",
        "taskDefinition",
    }
    assert "hook" not in plans(MEMORY, oom())[0].touches


def second_colour(incident: Incident) -> Incident:
    """As a service has it that was deployed blue/green before."""
    own = incident.known(EcsService).load_balancers
    paired = tuple(one.model_copy(update={"alternate_target_group_arn": TG}) for one in own)
    return incident.service(load_balancers=paired)


def test_registrations_with_a_role_are_left_to_people() -> None:
    plan = plans(PORTS, second_colour(listens_elsewhere(line=LISTENS)))[0]
    assert plan.not_now is not None
    assert "load balancers would have to be sent again with their IAM role" in plan.not_now


def test_registrations_that_got_a_role_after_the_report_stop_it_for_what_they_are() -> None:
    incident = listens_elsewhere(line=LISTENS)
    plan = plans(PORTS, incident)[0]
    role = {"alternateTargetGroupArn": TG, "roleArn": "arn:aws:iam::111122223333:role/ecs-balancers"}
    entry: dict[str, Any] = {"targetGroupArn": TG, "containerName": "web", "containerPort": 8080}
    prepared(plan, plan.writes[1], incident, service={"services": [{"loadBalancers": [entry]}]})
    with_role = {"services": [{"loadBalancers": [entry | {"advancedConfiguration": role}]}]}
    with pytest.raises(CannotPrepareError, match="with their IAM role"):
        prepared(plan, plan.writes[1], incident, service=with_role)
