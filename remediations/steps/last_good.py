"""The task definition that ran before the trouble and was steady, and whether the trouble came with the present one.

The revision number before is only a guess: it may never have run in this service.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from diagnostics.causes.cause import Facts
from diagnostics.facts import (
    Deployment,
    EcsService,
    Fact,
    RunningTasks,
    ServiceDeployment,
    ServiceHistory,
    StoppedTasks,
    Task,
    TaskDefinitions,
)
from diagnostics.facts.fact import Frozen
from diagnostics.rules.observations import is_abnormal_stop

LAST_GOOD_USES: tuple[type[Fact], ...] = (ServiceHistory, RunningTasks, StoppedTasks, TaskDefinitions)
"""What a fix declares that asks here, beside the service."""
CAUSES = (
    "deployment-regression",
    "deployment-circuit-breaker-tripped",
    "deployment-failing-loop",
    "task-crash-exit",
    "task-oom-killed",
    "task-segfault-abort",
    "task-clean-exit",
    "task-entrypoint-failed",
    "image-pull-failed",
    "resource-initialization-failed",
    "container-health-check-failing",
    "container-port-mismatch",
    "app-bound-to-loopback",
)
"""What may have come with a deployment."""
UNDER_WAY = ("PENDING", "IN_PROGRESS")
TOLERANCE = timedelta(minutes=1)
MAX_AGE = timedelta(hours=3)
STEADY_FOR = timedelta(minutes=10)
_ROLLED_BACK = "rolling back"


class LastGood(Frozen):
    """`why`: what shows that it ran well."""

    arn: str
    why: str


def came_with_deployment(facts: Facts, service: EcsService, since: datetime | None) -> Deployment | None:
    """The newest deployment, when the trouble began no earlier and no other revision shares it.

    The first one of a service has nothing to go back to, and one that ECS rolled back to is not the trouble.
    """
    newest, began = service.primary, since or facts.observed.onset
    if newest is None or newest.created_at == service.created_at or facts.now - newest.created_at > MAX_AGE:
        return None
    if _ROLLED_BACK in newest.rollout_state_reason or (began is not None and began < newest.created_at - TOLERANCE):
        return None
    stopped = facts.maybe(StoppedTasks)
    failed = [
        task
        for task in (stopped.items if isinstance(stopped, StoppedTasks) else ())
        if is_abnormal_stop(task) and task.stopped_at and task.stopped_at >= facts.window.start
    ]
    return None if any(task.task_definition != newest.task_definition for task in failed) else newest


def under_way(history: ServiceHistory, newest: Deployment) -> ServiceDeployment | None:
    """The history's entry for the newest deployment while it is in progress; its revision tells that both speak of the
    same one."""
    for past in history.deployments:
        revision = history.revision(past.target_revision_arn)
        if past.status in UNDER_WAY and revision and revision.task_definition == newest.task_definition:
            return past
    return None


def last_good(facts: Facts, service: EcsService) -> LastGood | None:
    """What ran well just before the newest deployment. None where nothing shows it, or where the service cannot run it
    as it is set up now. It may be the same task definition: then the deployment brought another image under its tag.
    """
    newest = service.primary
    found = next(_candidates(facts, service, newest), None) if newest is not None else None
    if found is None or _family(found.arn) != _family(service.task_definition):
        return None
    return found if _fits(facts, service, found.arn) else None


def _candidates(facts: Facts, service: EcsService, newest: Deployment) -> Iterator[LastGood]:
    for deployment in service.deployments:
        if deployment.id != newest.id and deployment.rollout_state == "COMPLETED" and deployment.running > 0:
            yield LastGood(arn=deployment.task_definition, why=f"{deployment.running} of its tasks still run")
    history = facts.maybe(ServiceHistory)
    for past in history.deployments if isinstance(history, ServiceHistory) else ():
        revision = history.revision(past.target_revision_arn) if isinstance(history, ServiceHistory) else None
        over = past.finished_at
        if revision is not None and over is not None and past.status == "SUCCESSFUL" and over <= newest.created_at:
            text = f"its deployment was complete at {over:%Y-%m-%d %H:%M} UTC, the last one before"
            yield LastGood(arn=revision.task_definition, why=text)
    old = sorted(_long_runners(facts, newest), key=lambda task: task.started_at or facts.now, reverse=True)
    for task in old:
        text = f"task {task.id[:8]} of it ran from {task.started_at:%H:%M} UTC until it was replaced"
        yield LastGood(arn=task.task_definition, why=text)


def _long_runners(facts: Facts, newest: Deployment) -> Iterator[Task]:
    """Tasks of an earlier deployment that ran until the newest one replaced them, and did not fail."""
    running, stopped = facts.maybe(RunningTasks), facts.maybe(StoppedTasks)
    tasks = (
        *(running.items if isinstance(running, RunningTasks) else ()),
        *(stopped.items if isinstance(stopped, StoppedTasks) else ()),
    )
    for task in tasks:
        long = task.started_at is not None and newest.created_at - task.started_at >= STEADY_FOR
        if long and task.started_by != newest.id and not is_abnormal_stop(task):
            end = task.stopping_at or task.stopped_at
            if end is None or end >= newest.created_at - TOLERANCE:
                yield task


def _fits(facts: Facts, service: EcsService, arn: str) -> bool:
    """ECS refuses a task definition that lacks a container port that the service registers, and a deployment that
    changed the target groups is not undone by its task definition alone."""
    definitions, history = facts.maybe(TaskDefinitions), facts.maybe(ServiceHistory)
    definition = definitions.of(arn) if isinstance(definitions, TaskDefinitions) else None
    for entry in service.load_balancers if definition is not None else ():
        container = definition.container(entry.container_name) if definition else None
        if container is None or entry.container_port not in {m.container_port for m in container.port_mappings}:
            return False
    now = {entry.target_group_arn for entry in service.load_balancers}
    revisions = history.revisions if isinstance(history, ServiceHistory) else ()
    then = next((set(r.target_group_arns) for r in revisions if r.task_definition == arn and r.target_group_arns), now)
    return then == now


def _family(task_definition: str) -> str:
    return task_definition.rsplit(":", 1)[0]
