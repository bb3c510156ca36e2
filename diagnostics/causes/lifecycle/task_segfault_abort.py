from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause, decisive
from diagnostics.facts import StoppedTasks
from diagnostics.rules import task_stops
from diagnostics.rules.row_evidence import ROW_USES, of_these_stops

_MEANING = {
    task_stops.SIGSEGV: "a memory access fault (SIGSEGV), often in a native library",
    task_stops.SIGABRT: "an abort (SIGABRT): a failed assertion, a full V8 heap, or memory found damaged",
}


@cause(
    code="task-segfault-abort",
    family="lifecycle",
    title="The process crashes on a signal of its own",
    needs=(StoppedTasks,),
    uses=ROW_USES,
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html",),
    replaces=("task-crash-exit",),
    leads_to=(
        "deployment-failing-loop",
        "no-registered-targets",
        "all-targets-unhealthy-fail-open",
        "port-not-listening",
        "health-check-grace-period-too-short",
    ),
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
        count = "1 task" if len(tasks) == 1 else f"{len(tasks)} tasks"
        follow = of_these_stops(facts, tasks)
        yield Finding(
            resource=newest.task_definition,
            summary=f"{count} crashed in container {container.name}: exit {exit_code}, {meaning}",
            supports=tuple(
                decisive(
                    f"task {task.id[:8]} ({task_stops.revision(task.task_definition)}) stopped: {c.name} "
                    f"exit {exit_code}",
                    "ecs:DescribeTasks",
                    at=task.stopped_at,
                )
                for task, c in crashed[: task_stops.MAX_TASKS_NAMED]
            )
            + follow,
            effect_seen=True,
            affects=frozenset(task.id for task in tasks),
            explains=task_stops.explained_by_stops(tasks, facts.observed),
            since=min(task.stopped_at for task in tasks if task.stopped_at),
            overturned_by=(
                f"another exit code: aws ecs describe-tasks --cluster {newest.arn.split('/')[-2]} --tasks {newest.id} "
                "--query 'tasks[].containers[].[name,exitCode,reason]'"
            ),
            advice="Look for a native library or runtime that changed; a heap limit that is too small aborts as well.",
        )
