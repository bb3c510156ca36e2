"""Deployments, their history, and the task definition before the newest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from diagnostics.aws_access import Missing, Pages
from diagnostics.collect.collector import Read
from diagnostics.collect.sources.ecs_service import ecs_service
from diagnostics.collect.sources.service_history import service_history
from diagnostics.collect.sources.task_definitions import task_definitions
from diagnostics.collect.sources.tasks import running_tasks, stopped_tasks
from diagnostics.facts import (
    Deployment,
    EcsService,
    Gap,
    NotApplicable,
    ServiceDeployment,
    ServiceHistory,
    ServiceRevision,
    TaskDefinitions,
)
from tests.diagnostics.collect.driving import Driven, drive, settled
from tests.diagnostics.collect.scripted import NOW, SUBJECT, answered, refused
from tests.diagnostics.collect.test_changes import service


def test_a_service_that_may_hide_behind_a_denied_search_is_unread_and_not_absent() -> None:
    gap = Gap(action="ecs:ListClusters", resource="*", error="AccessDeniedException", kind="denied")
    found = SUBJECT.model_copy(update={"cluster": None, "service": None, "kind": "target-group", "gaps": (gap,)})
    for collector in (ecs_service, running_tasks, stopped_tasks, service_history):
        assert drive(collector(found), lambda _: answered()).outcome == gap
        searched = drive(collector(found.model_copy(update={"gaps": ()})), lambda _: answered()).outcome
        assert isinstance(searched, NotApplicable)


def definition(revision: int) -> str:
    return f"arn:aws:ecs:us-east-1:111122223333:task-definition/checkout:{revision}"


def deployed(*revisions: int) -> EcsService:
    deployments = tuple(
        Deployment(
            id=f"ecs-svc/{revision}",
            status="PRIMARY" if place == 0 else "ACTIVE",
            task_definition=definition(revision),
            desired=1,
            running=1,
            pending=0,
            created_at=NOW - timedelta(hours=place),
            updated_at=NOW,
        )
        for place, revision in enumerate(revisions)
    )
    return service().model_copy(update={"deployments": deployments, "task_definition": definition(revisions[0])})


def described(read: Read) -> Pages:
    arn = read.params["taskDefinition"]
    revision = int(arn.rsplit(":", 1)[1])
    if revision == 3:
        return Pages(missing=Missing("ClientException"), calls=1)
    return answered({"taskDefinitionArn": arn, "family": "checkout", "revision": revision, "containerDefinitions": []})


def history(*revisions: int) -> ServiceHistory:
    newest, *_ = revisions
    return ServiceHistory(
        deployments=(
            ServiceDeployment(
                arn="d",
                status="SUCCESSFUL",
                target_revision_arn=f"r{newest}",
                source_revision_arns=(f"r{revisions[-1]}",),
            ),
        ),
        revisions=tuple(ServiceRevision(arn=f"r{number}", task_definition=definition(number)) for number in revisions),
    )


def definitions_of(of_service: EcsService, past: Any) -> Driven:
    return drive(task_definitions(of_service, settled(ServiceHistory, past)), described)


def test_during_a_deployment_the_older_one_is_the_previous_and_nobody_waits_for_the_history() -> None:
    driven = definitions_of(deployed(9, 8), NotApplicable(reason="not asked"))
    assert driven.outcome.previous_arn == definition(8)
    assert len(driven.rounds) == 1


def test_after_a_deployment_the_history_says_what_was_before() -> None:
    assert definitions_of(deployed(9), history(9, 5)).outcome.previous_arn == definition(5)


def test_without_a_history_it_is_the_revision_before_if_that_still_exists() -> None:
    denied = Gap(action="ecs:ListServiceDeployments", resource="*", error="AccessDenied", kind="denied")
    assert definitions_of(deployed(9), denied).outcome.previous_arn == definition(8)
    deleted = definitions_of(deployed(4), denied).outcome
    assert isinstance(deleted, TaskDefinitions)
    assert (deleted.previous_arn, deleted.gaps) == (None, ())
    assert len(definitions_of(deployed(1), denied).asked) == 1


def described_history(read: Read) -> Pages:
    if read.operation == "list_service_deployments":
        return answered(
            *(
                {
                    "serviceDeploymentArn": f"d{number}",
                    "targetServiceRevisionArn": f"r{number}",
                    "createdAt": NOW - timedelta(hours=9 - number),
                }
                for number in (1, 2)
            )
        )
    if read.operation == "describe_service_deployments":
        return answered(
            *(
                {
                    "serviceDeploymentArn": f"d{number}",
                    "status": "SUCCESSFUL",
                    "createdAt": NOW - timedelta(hours=9 - number),
                    "targetServiceRevision": {"arn": f"r{number}"},
                    "sourceServiceRevisions": [{"arn": f"r{number - 1}"}],
                }
                for number in (1, 2)
            )
        )
    return answered(
        *(
            {"serviceRevisionArn": arn, "taskDefinition": definition(int(arn[1:])), "createdAt": NOW}
            for arn in read.params["serviceRevisionArns"]
        )
    )


def test_the_history_takes_two_rounds_when_sources_are_earlier_targets() -> None:
    driven = drive(service_history(SUBJECT), described_history)
    assert len(driven.rounds) == 2
    assert [deployment.arn for deployment in driven.outcome.deployments] == ["d2", "d1"]
    assert driven.outcome.revision("r1").task_definition == definition(1)


def test_a_service_without_deployments_has_an_empty_history_and_a_denied_one_a_gap() -> None:
    assert drive(service_history(SUBJECT), lambda _: answered()).outcome == ServiceHistory()
    assert isinstance(drive(service_history(SUBJECT), lambda _: refused()).outcome, Gap)


def test_the_colours_of_an_external_controller_stand_in_its_task_sets() -> None:
    def setting(group: str) -> dict[str, Any]:
        return {"targetGroupArn": group, "containerName": "web", "containerPort": 8080}

    raw = {
        "serviceArn": "arn:aws:ecs:us-east-1:111122223333:service/prod/checkout",
        "serviceName": "checkout",
        "clusterArn": "arn:aws:ecs:us-east-1:111122223333:cluster/prod",
        "status": "ACTIVE",
        "desiredCount": 2,
        "runningCount": 2,
        "pendingCount": 0,
        "taskDefinition": definition(7),
        "deploymentController": {"type": "CODE_DEPLOY"},
        "loadBalancers": [setting("blue")],
        "taskSets": [{"loadBalancers": [setting("blue")]}, {"loadBalancers": [setting("green")]}],
    }
    found = drive(ecs_service(SUBJECT), lambda _: answered(raw)).outcome
    assert [item.target_group_arn for item in found.load_balancers] == ["blue", "green"]


def test_lifecycle_hooks_are_told_with_what_they_do() -> None:
    hooks = [
        {
            "hookTargetArn": "arn:aws:lambda:x:1:function:f",
            "roleArn": "arn:aws:iam::1:role/r",
            "lifecycleStages": ["A"],
        },
        {"targetType": "PAUSE", "lifecycleStages": ["B"]},
    ]
    raw = {
        "serviceArn": "arn:aws:ecs:us-east-1:111122223333:service/prod/checkout",
        "serviceName": "checkout",
        "clusterArn": "arn:aws:ecs:us-east-1:111122223333:cluster/prod",
        "status": "ACTIVE",
        **dict.fromkeys(("desiredCount", "runningCount", "pendingCount"), 1),
        "deploymentConfiguration": {"lifecycleHooks": hooks},
    }
    found = drive(ecs_service(SUBJECT), lambda _: answered(raw)).outcome
    assert isinstance(found, EcsService)
    assert [(hook.function, hook.stages, hook.has_role) for hook in found.hooks] == [
        ("arn:aws:lambda:x:1:function:f", ("A",), True),
        (None, ("B",), False),
    ]
