"""Deployments of a service: a new one, its completion, its failure and the roll-back.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
"""

from __future__ import annotations

import math
from typing import Any

from demo.world.ecs import events
from demo.world.ecs.model import Deployment, Service, Task, TaskDefinition
from demo.world.ecs.store import EcsStore

LEAST_FAILURES = 3
MOST_FAILURES = 200
MAX_DEPLOYMENTS_KEPT = 50
BREAKER = "ECS deployment circuit breaker"
BREAKER_REASON = f"{BREAKER}: tasks failed to start."


def begin(store: EcsStore, service: Service, definition: TaskDefinition, now: float, reason: str = "") -> Deployment:
    """Makes a deployment of the service's present settings the primary one."""
    number = store.new_number()
    path = f"{service.cluster.name}/{service.name}/{number}"
    previous = service.deployments[0] if service.deployments else None
    deployment = Deployment(
        id=f"ecs-svc/{number}",
        revision_arn=store.arn(f"service-revision/{path}"),
        rollout_arn=store.arn(f"service-deployment/{service.cluster.name}/{service.name}/{store.new_id(17)}"),
        source_revision_arn=previous.revision_arn if previous else None,
        definition=definition,
        network=service.network,
        load_balancers=[dict(attached) for attached in service.load_balancers],
        launch_type=service.launch_type,
        created=now,
        updated=now,
        rollout_reason=reason or f"ECS deployment ecs-svc/{number} in progress.",
    )
    for older in service.deployments:
        _supersede(older, now)
    service.deployments.insert(0, deployment)
    service.history.insert(0, deployment)
    del service.history[MAX_DEPLOYMENTS_KEPT:]
    service.launch_failures, service.launch_after, service.steady = 0, 0.0, False
    return deployment


def settle(store: EcsStore, service: Service, now: float, healthy: list[Task], old: list[Task]) -> None:
    """Completes, fails or rolls back the primary deployment when it is time."""
    primary = service.primary
    if not old:
        del service.deployments[1:]
    if primary.rollout_state != "IN_PROGRESS":
        return
    if service.rules.breaker and primary.consecutive_failures >= threshold(service):
        _fail(store, service, now)
    elif len(healthy) >= service.desired and not old:
        _complete(service, primary, now)


def stop(store: EcsStore, service: Service, now: float, *, back: bool) -> None:
    """Stops the primary deployment for somebody who asked for it; with `back` as the circuit breaker's roll-back does.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html
    """
    stopped, good = service.primary, _last_complete(service)
    stopped.rollout_state, stopped.updated, stopped.finished = "FAILED", now, now
    stopped.rollout_reason = f"ECS deployment {stopped.id} stopped."
    stopped.rollout_status = "STOPPED"
    if back and good is not None:
        _return_to(store, service, good, now, f"ECS deployment: rolling back to deploymentId {good.id}.")
        stopped.rollout_status, stopped.rolls_back_to = "ROLLBACK_IN_PROGRESS", good.revision_arn


def threshold(service: Service) -> int:
    """Failures that trip the circuit breaker."""
    return max(LEAST_FAILURES, min(MOST_FAILURES, math.ceil(service.desired / 2)))


def has_failed(deployment: Deployment) -> bool:
    """A failed deployment starts no more tasks."""
    return deployment.rollout_state == "FAILED"


def _supersede(older: Deployment, now: float) -> None:
    older.status = "ACTIVE"
    older.updated = now
    if older.rollout_status == "IN_PROGRESS":
        older.rollout_status, older.finished = "STOPPED", now


def _complete(service: Service, deployment: Deployment, now: float) -> None:
    deployment.rollout_state, deployment.updated, deployment.finished = "COMPLETED", now, now
    deployment.rollout_reason = f"ECS deployment {deployment.id} completed."
    deployment.rollout_status = "SUCCESSFUL"
    deployment.completed_once = True
    for stopped in service.history:
        if stopped.rollout_status == "ROLLBACK_IN_PROGRESS":
            stopped.rollout_status = "ROLLBACK_SUCCESSFUL"
    events.say(service, now, events.deployment_completed(deployment.id))


def _fail(store: EcsStore, service: Service, now: float) -> None:
    failed = service.primary
    failed.rollout_state, failed.updated, failed.finished = "FAILED", now, now
    failed.rollout_reason = BREAKER_REASON
    failed.rollout_status = "STOPPED"
    events.say(service, now, events.deployment_failed(failed.id))
    good = _last_complete(service)
    if not service.rules.rollback or good is None:
        return
    _return_to(store, service, good, now, f"{BREAKER}: rolling back to deploymentId {good.id}.")
    failed.rollout_status, failed.rolls_back_to = "ROLLBACK_SUCCESSFUL", good.revision_arn


def _last_complete(service: Service) -> Deployment | None:
    return next((d for d in service.history if d.completed_once), None)


def _return_to(store: EcsStore, service: Service, good: Deployment, now: float, reason: str) -> None:
    service.load_balancers, service.network = good.load_balancers, good.network
    if good in service.deployments:
        _promote_again(service, good, now, reason)
    else:
        begin(store, service, good.definition, now, reason)
    events.say(service, now, events.rolling_back(good.id))


def _promote_again(service: Service, good: Deployment, now: float, reason: str) -> None:
    """Its tasks still run, so they are kept."""
    for other in service.deployments:
        other.status = "ACTIVE"
    service.deployments.remove(good)
    service.deployments.insert(0, good)
    good.status, good.rollout_state, good.rollout_reason, good.updated = "PRIMARY", "IN_PROGRESS", reason, now


def counts(service: Service, deployment: Deployment, tasks: list[Task]) -> dict[str, Any]:
    """Numbers that DescribeServices shows for one deployment."""
    mine = [task for task in tasks if task.deployment_id == deployment.id]
    return {
        "desiredCount": service.desired if deployment is service.primary else 0,
        "pendingCount": sum(task.is_starting for task in mine),
        "runningCount": sum(task.last_status == "RUNNING" for task in mine),
        "failedTasks": deployment.failed_tasks,
    }
