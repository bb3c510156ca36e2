from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause
from diagnostics.facts import StoppedTasks
from diagnostics.printable import counted
from diagnostics.rules import task_stops
from diagnostics.rules.asking import described_task
from diagnostics.rules.row_evidence import ROW_USES, of_these_stops

_MEANING = {
    task_stops.SIGSEGV: "a memory access fault (SIGSEGV), often in a native library",
    task_stops.SIGABRT: "an abort (SIGABRT): a failed assertion, a full V8 heap, or memory found damaged",
}


@cause(
    code="task-segfault-abort",
    title="The process crashes on a signal of its own",
    needs=(StoppedTasks,),
    uses=ROW_USES,
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html",),
    replaces=("task-crash-exit",),
    leads_to=task_stops.LEADS_TO,
    helped_by=("deployment-regression", "deployment-min-healthy-too-low"),
)
def task_segfault_abort(facts: Facts) -> Iterator[Finding]:
    """Decided by exit code 139 (SIGSEGV) or 134 (SIGABRT) of a container that nobody asked to stop.
    Refuted by a reason that names memory, or by a stop order.
    """
    for exit_code, meaning in _MEANING.items():
        crashed = [
            (task, container)
            for task, container in task_stops.crashes(facts[StoppedTasks], facts.window.start)
            if container.exit_code == exit_code and not task_stops.out_of_memory(container)
        ]
        if not crashed:
            continue
        tasks = [task for task, _ in crashed]
        newest, container = crashed[0]
        yield Finding(
            resource=newest.task_definition,
            summary=f"{counted(len(tasks), 'task')} crashed in container {container.name}: exit {exit_code}, {meaning}",
            supports=(
                *(task_stops.exit_record(task, ended) for task, ended in crashed[: task_stops.MAX_TASKS_NAMED]),
                *of_these_stops(facts, tasks),
            ),
            effect_seen=True,
            affects=frozenset(task.id for task in tasks),
            explains=task_stops.explained_by_stops(tasks, facts.observed),
            since=min(task.stopped_at for task in tasks if task.stopped_at),
            overturned_by=f"another exit code: {described_task(newest, task_stops.EXIT_FIELDS)}",
            advice="Look for a native library or runtime that changed; a heap limit that is too small aborts as well.",
        )
