from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
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
from diagnostics.printable import counted, line
from diagnostics.rules import health_case, task_stops
from diagnostics.rules.container_settings import probed_url

_KILLED = "container health checks"
_CLIENTS = ("curl", "wget")
MAX_COMMAND = 160


@cause(
    code="container-health-check-failing",
    title="The container's own health check fails",
    needs=(EcsService,),
    uses=(StoppedTasks, RunningTasks, TaskDefinitions, TargetHealth),
    clear_needs=(StoppedTasks, RunningTasks),
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/healthcheck.html",
        "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html",
    ),
    leads_to=health_case.LEADS_TO,
    helped_by=health_case.HELPED_BY,
)
def container_health_check_failing(facts: Facts) -> Iterator[Finding]:
    """Decided by tasks that ECS stops because the health check of the task definition fails, or by running containers
    that it calls UNHEALTHY. It replaces tasks by itself, whatever the target group thinks; a target group that finds
    the same tasks healthy shows that the command is at fault: a tool that is not in the image, a wrong port or path,
    an address on which the server does not listen, a start period too short. Refuted by containers without a check.
    """
    killed, sick = _killed(facts), _unhealthy(facts)
    event = _event(facts)
    if not killed and not sick and event is None:
        return
    service = facts[EcsService]
    definition = _definition(facts, (*sick, *killed))
    container = _checked(definition, (*sick, *killed)) if definition else None
    if definition is not None and container is None:
        return
    hint = f"; {found}" if container and (found := _hint(container, killed)) else ""
    yield Finding(
        resource=service.arn,
        summary=f"the container's own health check fails: {_what_happened(killed, sick)}{hint}",
        supports=(
            *_records(killed, sick, event),
            *_passes_elsewhere(facts, sick),
            *(_setting(container) if container else ()),
        ),
        effect_seen=True,
        affects=frozenset(task.id for task in (*killed, *sick)),
        explains=task_stops.explained_by_stops(killed, facts.observed)
        | (frozenset({"deployment"}) & facts.observed.symptoms),
        since=min((t.stopped_at for t in killed if t.stopped_at), default=event.at if event else None),
        overturned_by=(
            f"the command succeeds inside the container: aws ecs execute-command --cluster {service.cluster} "
            f"--task {(*sick, *killed)[0].id if sick or killed else 'TASK'} --interactive --command /bin/sh"
        ),
        advice=(
            "Run the check's command inside the container. Its tool has to be in the image, its port and path have to "
            "be the server's, and the start period has to cover the boot."
        ),
    )


def _killed(facts: Facts) -> tuple[Task, ...]:
    stopped = facts.maybe(StoppedTasks)
    if not isinstance(stopped, StoppedTasks):
        return ()
    return tuple(
        task
        for task in stopped.items
        if _KILLED in (task.stopped_reason or "") and task.stopped_at and task.stopped_at >= facts.window.start
    )


def _unhealthy(facts: Facts) -> tuple[Task, ...]:
    running = facts.maybe(RunningTasks)
    if not isinstance(running, RunningTasks):
        return ()
    return tuple(task for task in running.items if any(c.health_status == "UNHEALTHY" for c in task.containers))


def _event(facts: Facts) -> Evidence | None:
    return next(
        (
            decisive(f"service event: {line(event.message, 300)}", "ecs:DescribeServices", at=event.at)
            for event in facts[EcsService].events
            if event.at >= facts.window.start and f"failed {_KILLED}" in event.message
        ),
        None,
    )


def _definition(facts: Facts, tasks: tuple[Task, ...]) -> TaskDefinition | None:
    definitions = facts.maybe(TaskDefinitions)
    if not isinstance(definitions, TaskDefinitions):
        return None
    wanted = tasks[0].task_definition if tasks else facts[EcsService].task_definition
    return definitions.of(wanted)


def _checked(definition: TaskDefinition, tasks: tuple[Task, ...]) -> ContainerDefinition | None:
    """The container whose check fails; where ECS names none, the first that has one."""
    ill = {c.name for task in tasks for c in task.containers if c.health_status == "UNHEALTHY"}
    checked = [container for container in definition.containers if container.health_check]
    return next((container for container in checked if container.name in ill), next(iter(checked), None))


def _what_happened(killed: tuple[Task, ...], sick: tuple[Task, ...]) -> str:
    parts = [f"ECS replaced {counted(len(killed), 'task')} for it"] if killed else []
    if sick:
        parts.append(f"{counted(len(sick), 'running task')} {'is' if len(sick) == 1 else 'are'} UNHEALTHY")
    return " and ".join(parts) or "ECS reports it in the service's events"


def _records(killed: tuple[Task, ...], sick: tuple[Task, ...], event: Evidence | None) -> Iterator[Evidence]:
    if killed:
        text = f"stopped with '{line(killed[0].stopped_reason or '', 120)}': {task_stops.named(killed)}"
        yield decisive(text, "ecs:DescribeTasks", at=killed[0].stopped_at, value=len(killed))
    if sick:
        has = "has" if len(sick) == 1 else "have"
        text = f"{counted(len(sick), 'running task')} {has} an UNHEALTHY container: {task_stops.named(sick)}"
        yield decisive(text, "ecs:DescribeTasks", value=len(sick))
    if event is not None:
        yield event


def _passes_elsewhere(facts: Facts, sick: tuple[Task, ...]) -> Iterator[Evidence]:
    health = facts.maybe(TargetHealth)
    if not isinstance(health, TargetHealth):
        return
    well = {target.id for _, target in health.in_state("healthy")}
    both = [task for task in sick if well & set(task.private_ips)]
    if both:
        same = counted(len(both), "task")
        text = f"the load balancer's check of the same {same} passes: the container's command is at fault"
        yield decisive(text, "elbv2:DescribeTargetHealth", value=len(both))


def _setting(container: ContainerDefinition) -> Iterator[Evidence]:
    check = container.health_check
    if check is not None:
        command = line(" ".join(check.command), MAX_COMMAND)
        text = (
            f"container {container.name} is checked with '{command}' every {check.interval_s} s, {check.retries} "
            f"failures in a row count, start period {check.start_period_s or 0} s"
        )
        wrong_port = _wrong_port(container) is not None
        yield (decisive if wrong_port else supporting)(text, "ecs:DescribeTaskDefinition")


def _hint(container: ContainerDefinition, killed: tuple[Task, ...]) -> str | None:
    check = container.health_check
    if check is None:
        return None
    port = _wrong_port(container)
    if port is not None:
        opened = ", ".join(str(mapping.container_port) for mapping in container.port_mappings[:3])
        return f"it asks port {port}, the container opens {opened}"
    first_kill = timedelta(seconds=check.interval_s * check.retries + (check.start_period_s or 0))
    ages = [t.stopping_at - t.started_at for t in killed if t.stopping_at and t.started_at]
    if ages and all(age <= first_kill + timedelta(minutes=1) for age in ages):
        return (
            f"none lived longer than {round(max(ages).total_seconds())} s: still booting, or the command cannot succeed"
        )
    client = next((name for name in _CLIENTS if name in " ".join(check.command)), None)
    return f"it needs {client} in the image" if client else None


def _wrong_port(container: ContainerDefinition) -> int | None:
    probe = probed_url(container)
    opened = {mapping.container_port for mapping in container.port_mappings}
    return probe[0] if probe and probe[0] and opened and probe[0] not in opened else None
