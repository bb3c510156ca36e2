from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Container, EcsService, Metrics, StoppedTasks, Task, TaskDefinitions
from diagnostics.rules import task_stops
from diagnostics.rules.app_lines import LINE_USES
from diagnostics.rules.asking import described_task
from diagnostics.rules.last_words import last_words
from diagnostics.rules.row_evidence import ROW_USES, of_these_stops


@cause(
    code="task-oom-killed",
    title="Tasks are killed because they run out of memory",
    needs=(StoppedTasks,),
    uses=(EcsService, TaskDefinitions, Metrics, *ROW_USES, *LINE_USES),
    clear_needs=(EcsService, Metrics),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html",),
    replaces=("task-crash-exit",),
    leads_to=task_stops.LEADS_TO,
    helped_by=("deployment-regression", "deployment-min-healthy-too-low"),
)
def task_oom_killed(facts: Facts) -> Iterator[Finding]:
    """Decided by a stopped task whose container reason names OutOfMemoryError, or by exit code 137 without a stop
    order while the service's memory stood at its limit. Exit code 137 alone is not enough: it is any SIGKILL.
    Refuted by a stop that the scheduler or a person ordered.
    """
    stopped = task_stops.crashes(facts[StoppedTasks], facts.window.start)
    peak = task_stops.memory_peak(facts.maybe(Metrics), facts.maybe(EcsService))
    full = peak is not None and peak[0] >= task_stops.MEMORY_FULL_PERCENT
    killed = [(task, c) for task, c in stopped if task_stops.out_of_memory(c)]
    if not killed and full:
        killed = [(task, c) for task, c in stopped if c.exit_code == task_stops.SIGKILL]
    if not killed:
        return
    tasks = [task for task, _ in killed]
    newest, container = killed[0]
    limit = task_stops.memory_limit(newest, container, facts.maybe(TaskDefinitions))
    yield Finding(
        resource=newest.task_definition,
        summary=_summary(killed, limit),
        supports=(
            *(
                task_stops.exit_record(task, ended, ended.reason or task.stopped_reason or "no reason given")
                for task, ended in killed[: task_stops.MAX_TASKS_NAMED]
            ),
            *last_words(facts, killed, decides_by=("out-of-memory",)),
            *of_these_stops(facts, tasks),
            *_memory(peak, full),
            *_definition(facts, tasks),
        ),
        effect_seen=True,
        affects=frozenset(task.id for task in tasks),
        explains=task_stops.explained_by_stops(tasks, facts.observed),
        since=min(task.stopped_at for task in tasks if task.stopped_at),
        overturned_by=f"a container reason other than memory: {described_task(newest, task_stops.EXIT_FIELDS)}",
        advice=(
            "Raise the task's or container's hard memory limit, or go back to the revision that fitted. "
            "A reservation is a soft limit and does not help."
        ),
    )


def _summary(killed: Sequence[tuple[Task, Container]], limit: str) -> str:
    names = sorted({container.name for _, container in killed})
    where = f" ({limit})" if limit else ""
    count = "1 task was" if len(killed) == 1 else f"{len(killed)} tasks were"
    return f"{count} killed for memory in container {', '.join(names)}{where}"


def _memory(peak: tuple[float, datetime] | None, full: bool) -> Iterator[Evidence]:
    if peak is not None and full:
        yield decisive(f"memory of the service reached {peak[0]:.0f} %", "cloudwatch:GetMetricData", value=peak[0])
    elif peak is not None:
        yield supporting(
            f"memory of the service peaked at {peak[0]:.0f} % of its limit in minute samples; a quick rise between two "
            "samples does not show",
            "cloudwatch:GetMetricData",
            value=peak[0],
        )


def _definition(facts: Facts, tasks: Sequence[Task]) -> Iterator[Evidence]:
    service = facts.maybe(EcsService)
    newest = service.primary if isinstance(service, EcsService) else None
    if newest is None or newest.created_at < facts.window.start:
        return
    if all(task.task_definition == newest.task_definition for task in tasks):
        text = f"only tasks of the newest revision {task_stops.revision(newest.task_definition)} were killed"
        yield supporting(text, "ecs:DescribeServices", at=newest.created_at)
