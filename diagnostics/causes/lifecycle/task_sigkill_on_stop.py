"""The stop timeout ends before the process does, and SIGKILL cuts off what it was doing."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import StoppedTasks, Task, TaskDefinitions
from diagnostics.printable import counted
from diagnostics.rules import task_stops
from diagnostics.rules.asking import described_task
from diagnostics.rules.lost_at_stop import (
    LOST_USES,
    Lost,
    delay_of,
    errors_at,
    killed_on_stop,
    last_words,
    lost_at_stops,
    ordered_stops,
    rows_as_evidence,
    stop_timeout_s,
    stop_took_s,
    stops_as_evidence,
    took_the_timeout,
)
from diagnostics.rules.row_evidence import NOT_READ, rows_were_read
from diagnostics.rules.served_by import REACHED_BY, SERVED_USES, shutdown

FARGATE_MAX_S = 120


@cause(
    code="task-sigkill-on-stop",
    title="Tasks are killed because they do not end in time",
    needs=(StoppedTasks,),
    uses=(*LOST_USES, *SERVED_USES),
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html",
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html",
    ),
    replaces=("target-closed-mid-request",),
)
def task_sigkill_on_stop(facts: Facts) -> Iterator[Finding]:
    """Decided by exit code 137 after a stop order, without a reason that names memory, when the stop took as long as
    the stop timeout. It is the root where requests that were being worked on during the whole time were cut off: the
    application does drain, and needs longer. Where it just ignored SIGTERM, the missing shutdown is the root and this
    how it ended. Refuted by exit 0 or 143, by a container reason that names memory, and by an end without an order:
    that 137 stays undecided. Without a lost request it is a risk.
    """
    lost = [item for item in lost_at_stops(facts) if any(_in_time(facts, task) for task in item.tasks)]
    for item in lost:
        yield _seen(facts, item)
    if lost:
        return
    killed = [task for task in ordered_stops(facts) if _in_time(facts, task)]
    if killed:
        yield _not_lost(facts, killed)


def _in_time(facts: Facts, task: Task) -> bool:
    """Killed when the stop timeout was over, and not earlier by somebody else."""
    delays = [delay_of(facts, group) or 0 for group in facts.subject.target_groups]
    return killed_on_stop(task) is not None and took_the_timeout(task, _definitions(facts), max(delays, default=0))


def _seen(facts: Facts, lost: Lost) -> Finding:
    tasks = tuple(task for task in lost.tasks if _in_time(facts, task))
    cut = lost.mechanism == "kill"
    work = f", with {counted(lost.count, 'request')} still being worked on"
    return Finding(
        resource=tasks[0].task_definition,
        summary=f"{_count(tasks)} killed {_timeout(facts, tasks[0])} s after the order to stop"
        + (work if cut else "; the process did not end by itself"),
        supports=(
            *(rows_as_evidence(facts, lost) if cut else ()),
            *stops_as_evidence(tasks),
            *last_words(facts, tasks),
            *_setting(facts, tasks),
        ),
        against=tuple(_against(facts)),
        effect_seen=True,
        role="root" if cut else "contributing",
        affects=lost.affects,
        explains=lost.explains,
        since=lost.since,
        overturned_by=f"A container reason that names memory: {described_task(tasks[0], task_stops.EXIT_FIELDS)}",
        advice=_advice(facts, tasks[0]),
        at_most=None if _timeout_known(facts, tasks) else "likely",
    )


def _not_lost(facts: Facts, tasks: list[Task]) -> Finding:
    hurt = (
        not rows_were_read(facts)
        and facts.observed.saw("elb_502")
        and facts.observed.errors_are_ours
        and errors_at(tasks, facts)
    )
    return Finding(
        resource=tasks[0].task_definition,
        summary=f"{_count(tasks)} killed {_timeout(facts, tasks[0])} s after the order to stop"
        + ("; errors came with it" if hurt else "; no request was lost to it"),
        supports=(*stops_as_evidence(tasks), *_setting(facts, tasks)),
        against=(supporting(NOT_READ, "cloudwatch:GetMetricData"),) if hurt else (),
        effect_seen=hurt,
        role="contributing" if hurt else "root",
        affects=frozenset(task.id for task in tasks),
        explains=frozenset({"elb_502"}) if hurt else frozenset(),
        since=facts.observed.onset if hurt else None,
        overturned_by=f"A container reason that names memory: {described_task(tasks[0], task_stops.EXIT_FIELDS)}",
        advice=_advice(facts, tasks[0]),
        at_most="likely",
    )


def _setting(facts: Facts, tasks: tuple[Task, ...] | list[Task]) -> Iterator[Evidence]:
    took, timeout = stop_took_s(tasks[0]), _timeout(facts, tasks[0])
    if took is not None:
        how = "stopTimeout is" if _timeout_known(facts, tasks) else "stopTimeout, not set or not read, is taken as"
        text = f"{how} {timeout} s; the stop of task {tasks[0].id[:8]} took {took:.0f} s"
        record_of = decisive if _timeout_known(facts, tasks) else supporting
        yield record_of(text, "ecs:DescribeTaskDefinition", value=timeout)


def _against(facts: Facts) -> Iterator[Evidence]:
    if not isinstance(_definitions(facts), TaskDefinitions):
        yield supporting("the task definition was not read; 30 s is the default", "ecs:DescribeTaskDefinition")


def _timeout_known(facts: Facts, tasks: tuple[Task, ...] | list[Task]) -> bool:
    definitions = _definitions(facts)
    return definitions is not None and definitions.of(tasks[0].task_definition) is not None


def _timeout(facts: Facts, task: Task) -> int:
    return stop_timeout_s(task, _definitions(facts))


def _definitions(facts: Facts) -> TaskDefinitions | None:
    found = facts.maybe(TaskDefinitions)
    return found if isinstance(found, TaskDefinitions) else None


def _count(tasks: tuple[Task, ...] | list[Task]) -> str:
    return f"task {task_stops.named(tasks)} was" if len(tasks) == 1 else f"{len(tasks)} tasks were"


def _advice(facts: Facts, task: Task) -> str:
    timeout = _timeout(facts, task)
    more = min(timeout * 2, FARGATE_MAX_S) if task.launch_type == "FARGATE" else timeout * 2
    longer = f'"stopTimeout": {more}' if more > timeout else "open requests must end sooner"
    known = shutdown(facts)
    how = f" For {known.runtime}: {known.lines}." if known.lines else ""
    return (
        f"Let SIGTERM reach the process: {known.unheard or REACHED_BY}. Let it end when its open requests are done;"
        f" where they need more than {timeout} s, {longer} in the container definition (Fargate allows 120).{how}"
    )
