"""What a stopped task says about why it stopped.

Exit codes above 128 are signals (code minus 128). 137 is SIGKILL, which says nothing of who sent it: ECS names memory
in the container's reason when memory was why.
Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from diagnostics.causes.cause import Evidence, decisive, supporting
from diagnostics.facts import Container, Metrics, Read, StoppedTasks, Task, TaskDefinitions
from diagnostics.rules import health_reasons
from diagnostics.rules.counters import series_of_service
from diagnostics.rules.observations import Observations
from diagnostics.rules.row_clusters import RowCluster

SIGKILL, SIGABRT, SIGSEGV, SIGTERM = 137, 134, 139, 143
_EXIT_WORDS = {
    1: "the application ended with an error",
    2: "the shell or the application was called wrongly",
    126: "the command cannot be executed",
    127: "the command was not found",
    130: "interrupted",
    SIGABRT: "the process aborted itself",
    SIGKILL: "killed from outside",
    SIGSEGV: "memory access fault",
    SIGTERM: "asked to stop",
    255: "the application ended with an error, or the image is for another processor",
}
ERRORS_BEFORE_STOP = timedelta(minutes=2)
ERRORS_AFTER_STOP = timedelta(minutes=3)
MOST = 0.5
_OF_A_LOST_TASK = ("elb_502", "elb_504")
_ORDERED = frozenset(
    {
        "InfrastructureHealth",
        "ServiceSchedulerInitiated",
        "SpotInterruption",
        "TerminationNotice",
        "UserInitiated",
    }
)
MEMORY_FULL_PERCENT = 95.0
MAX_TASKS_NAMED = 3
LEADS_TO = (
    "deployment-failing-loop",
    "no-registered-targets",
    "all-targets-unhealthy-fail-open",
    "port-not-listening",
    "health-check-grace-period-too-short",
)
"""What tasks that end by themselves do to a service."""
ORDER_FIELDS = "[stopCode,stoppedReason]"
EXIT_FIELDS = "containers[].[name,exitCode,reason]"
"""Fields of DescribeTasks that tell who ordered a stop, and how each container ended."""


def in_words(exit_code: int) -> str:
    return _EXIT_WORDS.get(exit_code, f"signal {exit_code - 128}" if exit_code > 128 else "the application's own code")


def was_ordered(task: Task) -> bool:
    """True when the scheduler, a person, AWS or a host's end asked the task to stop, whatever its exit code."""
    return task.stop_code in _ORDERED


def out_of_memory(container: Container) -> bool:
    return "outofmemoryerror" in (container.reason or "").lower()


def failed_container(task: Task) -> Container | None:
    """The container that ended the task: the one killed for memory, else the first with an exit code other than 0."""
    killed = next((c for c in task.containers if out_of_memory(c)), None)
    return killed or next((c for c in task.containers if c.exit_code not in (None, 0, SIGTERM)), None)


def crashes(stopped: StoppedTasks, since: datetime) -> tuple[tuple[Task, Container], ...]:
    """Tasks that ended by themselves with a failing container since this time, newest first."""
    found = []
    for task in stopped.items:
        if was_ordered(task) or task.stop_code == "TaskFailedToStart" or not task.stopped_at or task.stopped_at < since:
            continue
        container = failed_container(task)
        if container is not None:
            found.append((task, container))
    return tuple(found)


def failed_starts(stopped: StoppedTasks, since: datetime, words: Sequence[str]) -> tuple[Task, ...]:
    """Tasks that never started and whose reason (the task's or a container's) holds one of these words."""
    wanted = [word.lower() for word in words]
    return tuple(
        task
        for task in stopped.items
        if task.stopped_at
        and task.stopped_at >= since
        and any(word in reason.lower() for word in wanted for reason in reasons(task))
    )


def reasons(task: Task) -> tuple[str, ...]:
    """Everything that AWS wrote about why it stopped."""
    return tuple(text for text in (task.stopped_reason, *(c.reason for c in task.containers)) if text)


def rows_at_end(tasks: Iterable[Task], observed: Observations) -> tuple[RowCluster, ...]:
    """Access log rows on the targets of these tasks, around their end."""
    ids = {task.id for task in tasks}
    return tuple(cluster for cluster in observed.clusters or () if cluster.ended & ids)


def errors_follow(tasks: Sequence[Task], observed: Observations) -> bool:
    """True when most errors are of these stops: by the rows' targets where rows tell, else by the minute.

    What the counters say of a minute may be about other targets.
    """
    told = [code for code in _OF_A_LOST_TASK if observed.rows_tell(code)]
    if told:
        ended = sum(cluster.count for cluster in rows_at_end(tasks, observed) if cluster.symptom in told)
        return ended >= MOST * sum(getattr(observed.counts, code) or 0 for code in told)
    stops = [task.stopped_at for task in tasks if task.stopped_at]
    near = sum(
        point.value
        for point in observed.error_minutes
        if any(-ERRORS_BEFORE_STOP <= point.at - stop <= ERRORS_AFTER_STOP for stop in stops)
    )
    total = sum(point.value for point in observed.error_minutes)
    return total > 0 and near / total >= MOST


def explained_by_stops(tasks: Sequence[Task], observed: Observations) -> frozenset[str]:
    """The symptoms that tasks which vanish can cause: a closed connection is a 502, an address without a task a 504,
    no task at all a 503."""
    explained = {"task-stops", "deployment", "no-targets"}
    if errors_follow(tasks, observed):
        explained |= {"elb_502", "elb_503", "elb_504"}
    rows = rows_at_end(tasks, observed)
    explained |= {cluster.symptom for cluster in rows}
    return frozenset(explained) & observed.symptoms | {cluster.key for cluster in rows}


def exit_record(task: Task, container: Container, said: str = "", *, decides: bool = True) -> Evidence:
    """``task 1a2b3c4d (checkout:7) stopped: web exit 1``, with what else is said of it."""
    code = f"exit {container.exit_code}" if container.exit_code is not None else "no exit code"
    text = f"task {task.id[:8]} ({revision(task.task_definition)}) stopped: {container.name} {code}"
    record_of = decisive if decides else supporting
    return record_of(f"{text}, {said}" if said else text, "ecs:DescribeTasks", at=task.stopped_at)


def memory_peak(metrics: Read[Metrics], service: object) -> tuple[float, datetime] | None:
    """Highest MemoryUtilization of the service in percent, and when; a service-wide maximum over its tasks."""
    series = series_of_service(metrics, service, "MemoryUtilization", "Maximum")
    if series is None or not series.points:
        return None
    peak = max(series.points, key=lambda point: point.value)
    return peak.value, peak.at


def memory_limit(task: Task, container: Container, definitions: object) -> str:
    """The limit that the container ran into, in words; empty when the task definition was not read."""
    if not isinstance(definitions, TaskDefinitions):
        return ""
    definition = definitions.of(task.task_definition)
    found = definition.container(container.name) if definition else None
    if found and found.memory_mib:
        return f"container limit {found.memory_mib} MiB"
    return f"task limit {definition.memory} MiB" if definition and definition.memory else ""


def named(tasks: Sequence[Task]) -> str:
    """A few task ids, short: ``1a2b3c4d, 5e6f7a8b and 3 more``."""
    return health_reasons.named([task.id[:8] for task in tasks])


def revision(task_definition_arn: str) -> str:
    """``checkout:7`` of a task definition's ARN."""
    return task_definition_arn.rsplit("/", 1)[-1]
