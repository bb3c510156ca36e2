from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause
from diagnostics.facts import Container, EcsService, StoppedTasks, Task
from diagnostics.rules import task_stops
from diagnostics.rules.app_lines import LINE_USES
from diagnostics.rules.asking import described_task
from diagnostics.rules.last_words import last_words
from diagnostics.rules.row_evidence import ROW_USES, of_these_stops

_OTHER_CODES = frozenset({task_stops.SIGSEGV, task_stops.SIGABRT})


@cause(
    code="task-crash-exit",
    title="The application ends with an error",
    needs=(StoppedTasks,),
    uses=(EcsService, *ROW_USES, *LINE_USES),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html",),
    leads_to=task_stops.LEADS_TO,
    helped_by=("deployment-regression", "deployment-min-healthy-too-low"),
)
def task_crash_exit(facts: Facts) -> Iterator[Finding]:
    """Decided by an essential container that ended by itself with an exit code other than 0. Codes 134 and 139 have a
    cause of their own, and so has a kill for memory. Exit code 137 without a reason stays undecided: memory of a
    neighbouring container, the host, or a kill from outside. The last lines of its log say why, where they were read.
    Refuted by a stop order before the exit.
    """
    by_code: dict[int, list[tuple[Task, Container]]] = {}
    for task, container in task_stops.crashes(facts[StoppedTasks], facts.window.start):
        if container.exit_code in (None, *_OTHER_CODES) or task_stops.out_of_memory(container):
            continue
        by_code.setdefault(container.exit_code or 0, []).append((task, container))
    for exit_code, crashed in by_code.items():
        yield _finding(facts, exit_code, crashed)


def _finding(facts: Facts, exit_code: int, crashed: list[tuple[Task, Container]]) -> Finding:
    tasks = [task for task, _ in crashed]
    newest, container = crashed[0]
    undecided = exit_code == task_stops.SIGKILL
    words = task_stops.in_words(exit_code)
    stops = tuple(
        task_stops.exit_record(task, ended, ended.reason or "", decides=not undecided)
        for task, ended in crashed[: task_stops.MAX_TASKS_NAMED]
    )
    follow = () if undecided else of_these_stops(facts, tasks)
    said = last_words(facts, crashed, decides_by=() if undecided else ("crash", "out-of-memory"))
    count = "1 task ended by itself" if len(tasks) == 1 else f"{len(tasks)} tasks ended by themselves"
    summary = f"{count}: container {container.name} exit {exit_code} ({words})"
    if undecided:
        summary += "; who killed it is not recorded: memory of a neighbour, the host or somebody from outside"
    return Finding(
        resource=newest.task_definition,
        summary=summary,
        supports=(*stops, *follow, *said),
        effect_seen=True,
        affects=frozenset(task.id for task in tasks),
        explains=task_stops.explained_by_stops(tasks, facts.observed),
        since=min(task.stopped_at for task in tasks if task.stopped_at),
        overturned_by=f"a stop order before the exit: {described_task(newest, task_stops.ORDER_FIELDS)}",
        advice="Read the last lines of the container's log before the stop; if a deployment brought it, roll back.",
        at_most="possible" if undecided else None,
    )
