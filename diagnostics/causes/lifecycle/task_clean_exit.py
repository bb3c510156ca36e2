"""The main process ends without an error, and with it the task."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause, supporting
from diagnostics.facts import Container, EcsService, StoppedTasks, Task, TaskDefinitions
from diagnostics.printable import counted
from diagnostics.rules import task_stops
from diagnostics.rules.asking import described_task
from diagnostics.rules.row_evidence import ROW_USES, of_these_stops
from diagnostics.rules.target_ends import kind_of

_HARMLESS = frozenset({None, 0, task_stops.SIGTERM})


@cause(
    code="task-clean-exit",
    title="The application ends by itself, without an error",
    needs=(StoppedTasks,),
    uses=(TaskDefinitions, EcsService, *ROW_USES),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html",),
    leads_to=task_stops.LEADS_TO,
    helped_by=("deployment-regression", "deployment-min-healthy-too-low"),
)
def task_clean_exit(facts: Facts) -> Iterator[Finding]:
    """Decided by an essential container that ended by itself with exit code 0: a command that does its work and ends, a
    server that goes to the background, a script without exec. ECS stops the task all the same. Refuted by a stop order
    before it, by another exit code, and by a container that is not essential, whose end stops nothing.
    """
    definitions = facts.maybe(TaskDefinitions)
    known = definitions if isinstance(definitions, TaskDefinitions) else None
    ended: dict[str, list[tuple[Task, Container]]] = {}
    unsure: set[str] = set()
    for task in facts[StoppedTasks].items:
        found = _ended_clean(facts, task, known)
        if found:
            container, sure = found
            ended.setdefault(container.name, []).append((task, container))
            unsure |= set() if sure else {container.name}
    for name, ends in ended.items():
        yield _finding(facts, ends, certain=name not in unsure)


def _ended_clean(facts: Facts, task: Task, definitions: TaskDefinitions | None) -> tuple[Container, bool] | None:
    """The container, and whether it is known to be essential."""
    if kind_of(task) != "itself" or task.stop_code != "EssentialContainerExited" or task.started_at is None:
        return None
    if task.stopped_at is None or task.stopped_at < facts.window.start:
        return None
    if any(container.exit_code not in _HARMLESS for container in task.containers):
        return None
    definition = definitions.of(task.task_definition) if definitions else None
    clean = [container for container in task.containers if container.exit_code == 0]
    if definition is None:
        return (clean[0], len(task.containers) == 1) if clean else None
    essential = [c for c in clean if (stated := definition.container(c.name)) and stated.essential]
    return (essential[0], len(essential) == 1) if essential else None


def _finding(facts: Facts, ends: list[tuple[Task, Container]], *, certain: bool) -> Finding:
    tasks, name = [task for task, _ in ends], ends[0][1].name
    newest = tasks[0]
    themselves = "itself" if len(tasks) == 1 else "themselves"
    return Finding(
        resource=newest.task_definition,
        summary=f"{counted(len(tasks), 'task')} ended by {themselves}: container {name} exit 0 (its main process was"
        " done)",
        supports=(
            *(
                task_stops.exit_record(task, container, "nobody asked it to", decides=certain)
                for task, container in ends[: task_stops.MAX_TASKS_NAMED]
            ),
            *of_these_stops(facts, tasks),
        ),
        against=()
        if certain
        else (supporting("which of its containers ended first was not recorded", "ecs:DescribeTasks"),),
        effect_seen=True,
        affects=frozenset(task.id for task in tasks),
        explains=task_stops.explained_by_stops(tasks, facts.observed),
        since=min(task.stopped_at for task in tasks if task.stopped_at),
        overturned_by=f"a stop order before the exit: {described_task(newest, task_stops.ORDER_FIELDS)}",
        advice=f"Let the command of container {name} run the server in the foreground, as its last and only process"
        " (exec); a job that ends belongs into a scheduled task, not into a service.",
    )
