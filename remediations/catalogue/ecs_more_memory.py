"""Give the container, and where it has to be the task, more memory."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import (
    ContainerDefinition,
    EcsService,
    Metrics,
    StoppedTasks,
    TaskDefinition,
    TaskDefinitions,
)
from diagnostics.rules import task_stops
from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import deployments, fargate
from remediations.steps.deployments import DEPLOYMENT_USES
from remediations.steps.task_definitions import PREPARE, Edit

FACTOR = 2
SMALLER = 1.5
SHORT_PERCENT = 90.0
MOST_MIB = 65_536


@fix(
    id="ecs-more-memory",
    title="Give the tasks more memory",
    risk="medium",
    causes=("task-oom-killed", "memory-pressure"),
    calls=("ecs:RegisterTaskDefinition", "ecs:TagResource", "iam:PassRole", "ecs:UpdateService"),
    needs=(EcsService, StoppedTasks, TaskDefinitions),
    uses=(*DEPLOYMENT_USES, Metrics),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html",),
    prepare=PREPARE,
)
def ecs_more_memory(case: Case) -> Iterator[Plan]:
    """Registers a revision of the present task definition with twice the hard memory limit, and deploys it.

    The container that was killed gets the higher limit; the task's own size is raised where it would not hold it, on
    Fargate to a size that exists. The approver may choose half as much more. Everything else of the definition stays as
    it is, roles included. A leak fills the new memory too, and a process with a limit of its own (a heap size) does not
    use it. On EC2 the hosts need room, or the new tasks find no place. The undo deploys the present revision again.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
    """
    service = case.facts[EcsService]
    definition = deployments.present_definition(case, service)
    name = _short_of_memory(case, service, definition) if definition else None
    container = definition.container(name) if definition and name else None
    if case.cause.band == "possible" or definition is None or container is None:
        return
    sizes = [_edits(service, definition, container, factor) for factor in (FACTOR, SMALLER)]
    plans = [_plan(case, service, definition, edits) for edits in dict.fromkeys(sizes) if edits]
    if plans:
        whole, *narrower = plans
        yield whole.model_copy(update={"label": "", "narrower": tuple(narrower)})


def _short_of_memory(case: Case, service: EcsService, definition: TaskDefinition) -> str | None:
    """The container that was killed in tasks of the present revision; where memory is only short, the one there is."""
    crashes = task_stops.crashes(case.facts[StoppedTasks], case.facts.window.start)
    own = [container for task, container in crashes if task.task_definition == definition.arn]
    killed = [container.name for container in own if task_stops.out_of_memory(container)]
    peak = task_stops.memory_peak(case.facts.maybe(Metrics), service)
    if case.cause.code == "task-oom-killed":
        full = peak is not None and peak[0] >= task_stops.MEMORY_FULL_PERCENT
        killed += [container.name for container in own if full and container.exit_code == task_stops.SIGKILL]
        return next(iter(killed), None)
    only = definition.containers[0].name if len(definition.containers) == 1 else None
    return only if peak is not None and peak[0] >= SHORT_PERCENT else None


def _edits(
    service: EcsService, definition: TaskDefinition, container: ContainerDefinition, factor: float
) -> tuple[Edit, ...]:
    """Empty where there is no limit to raise, or no size of Fargate with so much more."""
    task_mib = int(definition.memory) if definition.memory and definition.memory.isdigit() else None
    present = container.memory_mib or task_mib
    if present is None or present * factor > MOST_MIB:
        return ()
    wanted = int(present * factor)
    others = sum(other.memory_mib or 0 for other in definition.containers if other.name != container.name)
    edits: list[Edit] = []
    if task_mib is not None and (container.memory_mib is None or wanted + others > task_mib):
        size = _task_size(service, definition, task_mib + wanted - present)
        if size is None:
            return ()
        cpu, memory = size
        edits.append(Edit(what="setting", name="memory", before=definition.memory, after=str(memory)))
        if (definition.cpu or "") != str(cpu):
            edits.append(Edit(what="setting", name="cpu", before=definition.cpu, after=str(cpu)))
    if container.memory_mib is not None:
        edits.append(Edit(what="setting", name="memory", before=present, after=wanted, container=container.name))
    return tuple(edits)


def _task_size(service: EcsService, definition: TaskDefinition, at_least: int) -> tuple[int | str, int] | None:
    """CPU units and MiB. On EC2 a task may have any size."""
    if not fargate.runs_on_fargate(service):
        return (definition.cpu or "", at_least)
    cpu = int(definition.cpu) if definition.cpu and definition.cpu.isdigit() else 0
    legal = definition.memory and fargate.is_legal(cpu, int(definition.memory))
    return fargate.with_memory(cpu, at_least) if legal else None


def _plan(case: Case, service: EcsService, definition: TaskDefinition, edits: tuple[Edit, ...]) -> Plan:
    last = edits[-1]
    size = f"{last.after} MiB instead of {last.before}"
    whose = f"container {last.container}" if last.container else f"the tasks of {service.service}"
    return deployments.revision_plan(
        case,
        service,
        definition,
        edits,
        fix="ecs-more-memory",
        title=f"Give {whose} {size}",
        label=f"{last.after} MiB",
        warnings=_warnings(service),
    )


def _warnings(service: EcsService) -> Iterator[str]:
    yield "a process with a memory limit of its own (a heap size) does not use more, and a leak fills it again"
    if not fargate.runs_on_fargate(service):
        yield "the hosts need room for larger tasks, or the new ones find no place"
    else:
        yield "a larger task costs more"
