"""What tests of fixes for ECS share: the service's history, and what is made of live answers."""

from __future__ import annotations

from typing import Any

from diagnostics.facts import ServiceDeployment, ServiceHistory, ServiceRevision
from remediations.catalogue import catalogue
from remediations.filling import filled_write
from remediations.plan import PLAN, Plan, Write
from remediations.reach import reach_of
from remediations.refusals import refusal_of_prepared
from remediations.steps.task_definitions import REVISION
from tests.incidents.building import SERVICE, TG, Incident, ago, task_definition_arn
from tests.remediations.holding import is_valid

NEW_REVISION = task_definition_arn(9)
EXECUTION_ROLE = "arn:aws:iam::111122223333:role/checkout-execution"
TASK_ROLE = "arn:aws:iam::111122223333:role/checkout-task"
_DEPLOYMENT = SERVICE.replace(":service/", ":service-deployment/")
_REVISION = SERVICE.replace(":service/", ":service-revision/")


def with_history(incident: Incident, *entries: tuple[int, str, float]) -> Incident:
    """The service's deployments, newest first: revision of the task definition, status, minutes since they began."""
    deployments = tuple(
        ServiceDeployment(
            arn=f"{_DEPLOYMENT}/d{revision}",
            status=status,
            created_at=ago(minutes),
            started_at=ago(minutes),
            finished_at=None if status in {"IN_PROGRESS", "PENDING"} else ago(max(minutes - 5, 0)),
            target_revision_arn=f"{_REVISION}/r{revision}",
        )
        for revision, status, minutes in entries
    )
    revisions = tuple(
        ServiceRevision(
            arn=f"{_REVISION}/r{revision}", task_definition=task_definition_arn(revision), target_group_arns=(TG,)
        )
        for revision, _, _ in entries
    )
    return incident.replace(ServiceHistory(deployments=deployments, revisions=revisions))


def prepared(plan: Plan, write: Write, incident: Incident, **answers: dict[str, Any]) -> dict[str, Any]:
    """The parameters that are made of these answers, which AWS would take and nothing refuses."""
    filled = filled_write(write, {PLAN: "p-1", REVISION: NEW_REVISION})
    prepare = catalogue()[plan.fix].prepare[filled.prepared_by or ""]
    parameters = dict(prepare(answers, filled.arguments))
    is_valid(filled.call.model_copy(update={"parameters": parameters}))
    assert refusal_of_prepared(filled, parameters, reach_of(incident.snapshot())) is None
    return parameters


def live_definition(**changes: Any) -> dict[str, Any]:
    """What DescribeTaskDefinition answers for revision 7."""
    definition = {
        "taskDefinitionArn": task_definition_arn(7),
        "family": "checkout",
        "revision": 7,
        "status": "ACTIVE",
        "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.task-iam-role"}],
        "compatibilities": ["EC2", "FARGATE"],
        "requiresCompatibilities": ["FARGATE"],
        "registeredAt": ago(2000),
        "registeredBy": "arn:aws:sts::111122223333:assumed-role/deploy/ci",
        "networkMode": "awsvpc",
        "cpu": "512",
        "memory": "1024",
        "volumes": [],
        "containerDefinitions": [
            {
                "name": "web",
                "image": "checkout:7",
                "cpu": 0,
                "memory": 1024,
                "essential": True,
                "portMappings": [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp", "name": "web"}],
                "environment": [{"name": "PORT", "value": "8080"}],
                "secrets": [{"name": "DATABASE_URL", "valueFrom": "arn:aws:ssm:us-east-1:111122223333:parameter/db"}],
                "command": ["uvicorn", "main:app", "--timeout-keep-alive", "5"],
            }
        ],
        **changes,
    }
    tags = [{"key": "team", "value": "shop"}, {"key": "aws:cloudformation:stack-name", "value": "checkout"}]
    return {"taskDefinition": definition, "tags": tags}
