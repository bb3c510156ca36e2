"""Task sets: what a service that CodeDeploy deploys has instead of deployments, each with tasks of one colour.

Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskSet.html
"""

from __future__ import annotations

from demo.world.ecs import rollout
from demo.world.ecs.model import Deployment, Document, Service, Task, TaskDefinition
from demo.world.ecs.store import EcsStore
from demo.world.timing import stamp

CODE_DEPLOY = "CODE_DEPLOY"
SERVES, WAITS, LEAVES = "PRIMARY", "ACTIVE", "DRAINING"


def begin(
    store: EcsStore, service: Service, definition: TaskDefinition, group: str | None, made_by: str, now: float
) -> Deployment:
    """A new set of tasks, which fill this target group; the first one of a service gets the requests at once."""
    is_first = not service.deployments
    made = rollout.begin(store, service, definition, now)
    made.task_set, made.external_id = SERVES if is_first else WAITS, made_by
    if group is not None:
        made.load_balancers = [{**attached, "targetGroupArn": group} for attached in made.load_balancers]
    return made


def serve(service: Service, chosen: Deployment) -> None:
    """From now on this set gets the requests."""
    for one in service.deployments:
        if one.task_set == SERVES:
            one.task_set = WAITS
    chosen.task_set = SERVES


def is_ready(service: Service, one: Deployment, tasks: list[Task], steady: int) -> bool:
    """`steady`: how many of its tasks the scheduler thinks well of."""
    return steady >= service.desired and _running(one, tasks) >= service.desired


def document(service: Service, one: Deployment, tasks: list[Task]) -> Document:
    running, pending = _running(one, tasks), sum(task.is_starting for task in _own(one, tasks))
    wanted = 0 if one.task_set == LEAVES else service.desired
    number = one.id.rsplit("/", 1)[-1]
    place = service.arn.replace(":service/", ":task-set/")
    return {
        "id": one.id,
        "taskSetArn": f"{place}/ecs-svc/{number}",
        "serviceArn": service.arn,
        "clusterArn": service.cluster.arn,
        "startedBy": CODE_DEPLOY if one.external_id else None,
        "externalId": one.external_id or None,
        "status": one.task_set,
        "taskDefinition": one.definition.arn,
        "computedDesiredCount": wanted,
        "pendingCount": pending,
        "runningCount": running,
        "createdAt": stamp(one.created),
        "updatedAt": stamp(one.updated),
        "launchType": one.launch_type,
        "networkConfiguration": one.network,
        "loadBalancers": one.load_balancers,
        "serviceRegistries": [],
        "scale": {"value": 0.0 if one.task_set == LEAVES else 100.0, "unit": "PERCENT"},
        "stabilityStatus": "STEADY_STATE" if running == wanted and not pending else "STABILIZING",
    }


def _own(one: Deployment, tasks: list[Task]) -> list[Task]:
    return [task for task in tasks if task.deployment_id == one.id]


def _running(one: Deployment, tasks: list[Task]) -> int:
    return sum(task.last_status == "RUNNING" for task in _own(one, tasks))
