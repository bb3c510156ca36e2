"""Whose lines are read: those of tasks that failed, then those behind targets that fail, then one that is well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from diagnostics.app_logs.destinations import Destination, Elsewhere, destination_of
from diagnostics.facts import (
    ContainerDefinition,
    EcsService,
    RunningTasks,
    StoppedTasks,
    TargetHealth,
    Task,
    TaskDefinition,
    TaskDefinitions,
)

MAX_FAILED, MAX_UNHEALTHY, MAX_WELL = 3, 3, 2
MAX_CONTAINERS = 3
MAX_STREAMS = 12
BEFORE, AFTER = timedelta(minutes=1), timedelta(minutes=1)
_ORDERED = frozenset(
    {"InfrastructureHealth", "ServiceSchedulerInitiated", "SpotInterruption", "TerminationNotice", "UserInitiated"}
)
_BY_HEALTH = ("failed ELB health checks", "failed container health checks")
_AGENTS = ("ecs-service-connect", "datadog", "xray", "aws-otel", "cloudwatch-agent", "log_router", "fluent", "newrelic")
"""Containers whose lines are about themselves."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One container of one task. `since`, `until`: while the task lived; `name` None: the group cannot be asked so."""

    destination: Destination
    container: str
    task: Task
    failed: bool

    @property
    def name(self) -> str | None:
        return self.destination.stream(self.container, self.task.id)

    @property
    def since(self) -> datetime | None:
        begun = self.task.created_at or self.task.started_at
        return begun - BEFORE if begun else None

    @property
    def until(self) -> datetime | None:
        return self.task.stopped_at + AFTER if self.task.stopped_at else None


@dataclass(frozen=True, slots=True)
class Choice:
    """Streams in the order in which they matter; `elsewhere` are containers whose lines go where nobody reads."""

    streams: tuple[Stream, ...]
    groups: tuple[Destination, ...]
    elsewhere: tuple[tuple[str, Elsewhere], ...]


def chosen(
    service: EcsService,
    definitions: TaskDefinitions,
    running: Sequence[Task],
    stopped: Sequence[Task],
    health: TargetHealth | None,
    since: datetime,
) -> Choice:
    """Every region that is not the subject's is left to the caller to drop."""
    streams: list[Stream] = []
    for task, failed in _tasks(running, stopped, health, since):
        definition = definitions.of(task.task_definition)
        for container in _containers(definition, task, service)[:MAX_CONTAINERS] if definition else ():
            where = destination_of(container)
            if isinstance(where, Destination):
                streams.append(Stream(where, container.name, task, failed))
    newest = definitions.of(service.task_definition)
    own = [(c.name, destination_of(c)) for c in _in_order(newest, service, ())] if newest else []
    groups = dict.fromkeys(
        [*(stream.destination for stream in streams), *(to for _, to in own if isinstance(to, Destination))]
    )
    elsewhere = tuple((name, to) for name, to in own if isinstance(to, Elsewhere))
    return Choice(tuple(streams[:MAX_STREAMS]), tuple(groups), elsewhere)


def failed_tasks(stopped: Sequence[Task], since: datetime) -> list[Task]:
    """Tasks that ended by themselves, could not start, or were given up as unhealthy."""
    return [task for task in stopped if (task.stopped_at is None or task.stopped_at >= since) and _failed(task)]


def _failed(task: Task) -> bool:
    if any(words in (task.stopped_reason or "") for words in _BY_HEALTH):
        return True
    return task.stop_code not in _ORDERED


def _tasks(
    running: Sequence[Task], stopped: Sequence[Task], health: TargetHealth | None, since: datetime
) -> Iterator[tuple[Task, bool]]:
    for task in failed_tasks(stopped, since)[:MAX_FAILED]:
        yield task, True
    sick = {target.id for _, target in health.in_state("unhealthy")} if health else set()
    ports = {target.port for _, target in health.in_state("unhealthy")} if health else set()
    unwell = [task for task in running if _is_behind(task, sick, ports)]
    for task in unwell[:MAX_UNHEALTHY]:
        yield task, False
    well = [task for task in running if task not in unwell and task.last_status == "RUNNING"]
    for task in sorted(well, key=_start, reverse=True)[:MAX_WELL]:
        yield task, False


def _is_behind(task: Task, sick: set[str], ports: set[int | None]) -> bool:
    return not sick.isdisjoint(task.private_ips) or not ports.isdisjoint(task.host_ports)


def _start(task: Task) -> float:
    return task.started_at.timestamp() if task.started_at else 0.0


def _containers(definition: TaskDefinition, task: Task, service: EcsService) -> list[ContainerDefinition]:
    ended = [container.name for container in task.containers if container.exit_code not in (None, 0)]
    return _in_order(definition, service, ended)


def _in_order(definition: TaskDefinition, service: EcsService, ended: Sequence[str]) -> list[ContainerDefinition]:
    """The one that ended the task, the one that the load balancer reaches, and the other essential ones."""
    registered = {item.container_name for item in service.load_balancers}
    wanted = [
        container
        for container in definition.containers
        if container.name in registered or container.name in ended or _is_of_the_application(container)
    ]
    return sorted(wanted, key=lambda one: (one.name not in ended, one.name not in registered, not one.essential))


def _is_of_the_application(container: ContainerDefinition) -> bool:
    return not any(word in container.name.lower() or word in container.image.lower() for word in _AGENTS)


def items(outcome: object) -> tuple[Task, ...]:
    return outcome.items if isinstance(outcome, RunningTasks | StoppedTasks) else ()
