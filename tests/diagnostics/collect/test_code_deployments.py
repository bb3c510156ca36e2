"""Services that ECS does not deploy itself: their task sets, and what CodeDeploy says of what made them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from diagnostics.collect.sources.code_deployments import NOT_BY_CODE_DEPLOY, code_deployments
from diagnostics.collect.sources.ecs_service import ecs_service
from diagnostics.facts import CodeDeployments, EcsService, Gap
from tests.diagnostics.collect.driving import drive
from tests.diagnostics.collect.scripted import NOW, SUBJECT, answered, refused

DENIED = "codedeploy:GetDeployment"
FAMILY = "arn:aws:ecs:us-east-1:111122223333:task-definition/checkout"


def task_set(number: int, status: str, minutes_ago: float, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"ecs-svc/{number}",
        "status": status,
        "taskDefinition": f"{FAMILY}:{number}",
        "computedDesiredCount": 2,
        "runningCount": 2,
        "pendingCount": 0,
        "createdAt": NOW - timedelta(minutes=minutes_ago),
        "startedBy": "CODE_DEPLOY",
        "externalId": f"d-{number}",
        "loadBalancers": [{"targetGroupArn": f"colour-{number}", "containerName": "web", "containerPort": 8080}],
        **changes,
    }


def service(*task_sets: dict[str, Any], **changes: Any) -> EcsService:
    raw = {
        "serviceArn": "arn:aws:ecs:us-east-1:111122223333:service/prod/checkout",
        "serviceName": "checkout",
        "clusterArn": "arn:aws:ecs:us-east-1:111122223333:cluster/prod",
        "status": "ACTIVE",
        "desiredCount": 2,
        "runningCount": 4,
        "pendingCount": 0,
        "taskDefinition": f"{FAMILY}:7",
        "deploymentController": {"type": "CODE_DEPLOY"},
        "deployments": [],
        "taskSets": list(task_sets),
        **changes,
    }
    found = drive(ecs_service(SUBJECT), lambda _: answered(raw)).outcome
    assert isinstance(found, EcsService)
    return found


def test_task_sets_stand_for_deployments() -> None:
    found = service(task_set(7, "PRIMARY", 900), task_set(8, "ACTIVE", 5), task_set(6, "DRAINING", 1)).deployments
    shown = [(one.id, one.status, one.code_deploy_id, one.target_group_arns, one.rollout_state) for one in found]
    assert shown == [
        ("ecs-svc/8", "PRIMARY", "d-8", ("colour-8",), None),
        ("ecs-svc/7", "ACTIVE", "d-7", ("colour-7",), None),
        ("ecs-svc/6", "INACTIVE", "d-6", ("colour-6",), None),
    ]


def test_an_external_controller_needs_no_task_definition_of_the_service() -> None:
    own = task_set(8, "PRIMARY", 5, startedBy="", externalId="mine")
    found = service(own, taskDefinition=None, deploymentController={"type": "EXTERNAL"})
    assert (found.task_definition, found.deployments[0].code_deploy_id) == (f"{FAMILY}:8", None)
    assert drive(code_deployments(found), lambda _: answered()).outcome == NOT_BY_CODE_DEPLOY


ANSWER = {
    "deploymentId": "d-8",
    "applicationName": "shop",
    "deploymentGroupName": "checkout",
    "status": "InProgress",
    "createTime": NOW - timedelta(minutes=6),
    "rollbackInfo": {"rollbackTriggeringDeploymentId": "d-5"},
    "errorInformation": {"code": "ALARM_ACTIVE", "message": "an alarm"},
}


def test_its_deployments_are_asked_for_by_id() -> None:
    driven = drive(code_deployments(service(task_set(7, "PRIMARY", 900), task_set(8, "ACTIVE", 5))), _known)
    assert [read.params for read in driven.asked] == [{"deploymentId": "d-8"}, {"deploymentId": "d-7"}]
    assert {read.action for read in driven.asked} == {"codedeploy:GetDeployment"}
    found = driven.outcome
    assert isinstance(found, CodeDeployments)
    made = found.of("d-8")
    assert made is not None
    assert (made.group, made.goes_on, made.rolls_back, made.error) == (
        "checkout",
        True,
        "d-5",
        "ALARM_ACTIVE: an alarm",
    )
    assert found.of("d-7") is None
    assert found.of(None) is None


def _known(read: Any) -> Any:
    return answered(ANSWER) if read.params["deploymentId"] == "d-8" else answered()


@pytest.mark.parametrize("controller", ["ECS", "EXTERNAL"])
def test_nothing_is_asked_of_other_services(controller: str) -> None:
    driven = drive(code_deployments(service(deploymentController={"type": controller})), lambda _: answered())
    assert driven.asked == []
    assert driven.outcome == NOT_BY_CODE_DEPLOY


def test_a_denial_is_a_gap() -> None:
    found = drive(code_deployments(service(task_set(8, "PRIMARY", 5))), lambda _: refused(DENIED)).outcome
    assert isinstance(found, Gap)
    assert found.action == DENIED
