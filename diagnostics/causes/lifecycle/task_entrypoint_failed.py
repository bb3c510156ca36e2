"""The container's command cannot be run at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import ApplicationLogs, LogLine, StoppedTasks, Task, TaskDefinitions
from diagnostics.printable import counted
from diagnostics.rules import task_stops
from diagnostics.rules.app_lines import LINE_USES
from diagnostics.rules.asking import described_task
from diagnostics.rules.row_evidence import ROW_USES
from diagnostics.rules.written import record

STARTED_AND_FAILED = timedelta(minutes=2)
"""Who lives longer than this has been started well."""
_COMMAND_CODES = frozenset({126, 127})
_LOG_CODES = frozenset({1, 2, 126, 127, 255})
_WORDS = {
    "exec format error": "the program is built for another processor",
    "executable file not found": "the program is not in the image",
    "no such file or directory": "the program, or its interpreter, is not in the image",
    "permission denied": "the program may not be executed",
}
_KINDS = {
    "architecture": "the program is built for another processor",
    "missing": "the program, or its interpreter, is not in the image",
    "not-executable": "the program may not be executed",
    "library": "a library that the program needs is not in the image",
}
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (entryPoint, command),
# https://docs.docker.com/reference/dockerfile/#exec-form-entrypoint-example
ANY_COMMAND = (
    "Run the same thing: `docker run --rm IMAGE COMMAND`. entryPoint and command of the task definition replace those"
    " of the image and are lists of words, without a shell; the program must be in the image, be executable (RUN chmod"
    " +x), and be built for the processor of runtimePlatform."
)
_MISSING = (
    "Look whether it is there: `docker run --rm --entrypoint ls IMAGE -l PATH`. entryPoint and command are lists of"
    " words, without a shell. A script says the same when its first line names an interpreter that the image lacks"
    " (alpine has no bash) or ends with CRLF (sed -i 's/\\r$//'); so does a glibc program on alpine."
)
_ADVICE = {
    _WORDS["executable file not found"]: _MISSING,
    _KINDS["missing"]: _MISSING,
    _KINDS["not-executable"]: "RUN chmod +x /entrypoint.sh in the Dockerfile (and git update-index --chmod=+x), or"
    ' "entryPoint": ["sh", "/entrypoint.sh"]; where "user" is set, that user must be allowed to run it too.',
    _KINDS[
        "library"
    ]: "See what is missing: `docker run --rm --entrypoint ldd IMAGE PATH`, and install it in the last stage of"
    " the Dockerfile, or build in the same distribution as the one that it runs in.",
}
_STARTING = ("cannotstartcontainererror", "cannotcreatecontainererror", "failed to create task", "runc", "exec:")


@dataclass(frozen=True, slots=True)
class _Failed:
    task: Task
    container: str
    why: str
    record: Evidence


@cause(
    code="task-entrypoint-failed",
    title="The container's command cannot be run",
    needs=(StoppedTasks,),
    uses=(TaskDefinitions, *ROW_USES, *LINE_USES),
    clear_needs=LINE_USES,
    shows=("task-stops", "deployment", "no-targets"),
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html",
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/failed-to-start-error.html",
    ),
    replaces=("task-crash-exit", "resource-initialization-failed"),
    leads_to=task_stops.LEADS_TO,
    helped_by=("deployment-regression", "deployment-min-healthy-too-low"),
)
def task_entrypoint_failed(facts: Facts) -> Iterator[Finding]:
    """Decided by exit code 126 or 127, by a stop reason or a last line of the log such as "exec format error" or "no
    such file or directory" of a task that ended right after its start. Refuted by a task that ran for minutes, and by
    a stop order: then the same words are those of some script.
    """
    failed = [*_by_reason(facts), *_by_exit(facts)]
    if failed:
        yield _finding(facts, failed)


def _by_reason(facts: Facts) -> Iterator[_Failed]:
    for task in facts[StoppedTasks].items:
        if not task.stopped_at or task.stopped_at < facts.window.start or task.stop_code != "TaskFailedToStart":
            continue
        for reason in task_stops.reasons(task):
            lowered = reason.lower()
            words = next((words for words in _WORDS if words in lowered), None)
            if words and any(start in lowered for start in _STARTING):
                text = f"task {task.id[:8]} could not start: {reason}"
                evidence = decisive(text, "ecs:DescribeTasks", at=task.stopped_at)
                container = next((one.name for one in task.containers if one.reason == reason), "")
                yield _Failed(task, container, _WORDS[words], evidence)
                break


def _by_exit(facts: Facts) -> Iterator[_Failed]:
    for task, container in task_stops.crashes(facts[StoppedTasks], facts.window.start):
        line = _last_words(facts, task, container.name)
        by_log = line is not None and container.exit_code in _LOG_CODES and _ended_at_once(task)
        if container.exit_code not in _COMMAND_CODES and not by_log:
            continue
        stop = task_stops.exit_record(task, container, decides=container.exit_code in _COMMAND_CODES)
        why = _KINDS.get(line.details.get("kind", ""), "") if line else ""
        why = why or task_stops.in_words(container.exit_code or 0)
        yield _Failed(task, container.name, why, stop)


def _last_words(facts: Facts, task: Task, container: str) -> LogLine | None:
    logs = facts.maybe(ApplicationLogs)
    if not isinstance(logs, ApplicationLogs):
        return None
    said = [one for one in logs.of("entrypoint") if one.task == task.id and one.container in (None, container)]
    return said[-1] if said else None


def _ended_at_once(task: Task) -> bool:
    ended = task.stopping_at or task.stopped_at
    return bool(task.started_at and ended and ended - task.started_at <= STARTED_AND_FAILED)


def _finding(facts: Facts, failed: list[_Failed]) -> Finding:
    tasks = [one.task for one in failed]
    newest = failed[0]
    lines = [line for one in failed if (line := _last_words(facts, one.task, one.container)) is not None]
    named = f"container {newest.container}" if newest.container else "a container"
    return Finding(
        resource=newest.task.task_definition,
        summary=f"{counted(len(tasks), 'task')} ended at once: the command of {named} cannot be run, {newest.why}",
        supports=(
            *(one.record for one in failed[: task_stops.MAX_TASKS_NAMED]),
            *(record(line, "says so itself") for line in lines[: task_stops.MAX_TASKS_NAMED]),
            *_architecture(facts, newest),
        ),
        effect_seen=True,
        affects=frozenset(task.id for task in tasks),
        explains=task_stops.explained_by_stops(tasks, facts.observed),
        since=min(task.stopped_at for task in tasks if task.stopped_at),
        overturned_by="A start of the same image and command that works: docker run --rm IMAGE COMMAND; and the last"
        f" lines of the task: {described_task(newest.task, task_stops.EXIT_FIELDS)}",
        advice=_advice(facts, newest),
    )


def _advice(facts: Facts, newest: _Failed) -> str:
    if newest.why == _KINDS["architecture"]:
        asked = _asked_for(facts, newest) or "X86_64"
        platform, other = ("linux/arm64", "X86_64") if asked == "ARM64" else ("linux/amd64", "ARM64")
        return (
            "See what it was built for: `docker buildx imagetools inspect IMAGE`."
            f" Build it for {asked}: `docker buildx build --platform {platform} -t IMAGE --push .`;"
            ' or let the task run where it was built for: "runtimePlatform":'
            f' {{"cpuArchitecture": "{other}", "operatingSystemFamily": "LINUX"}} in the task definition.'
        )
    return _ADVICE.get(newest.why, ANY_COMMAND)


def _asked_for(facts: Facts, newest: _Failed) -> str | None:
    definitions = facts.maybe(TaskDefinitions)
    definition = definitions.of(newest.task.task_definition) if isinstance(definitions, TaskDefinitions) else None
    return definition.cpu_architecture if definition else None


def _architecture(facts: Facts, newest: _Failed) -> Iterator[Evidence]:
    asked = _asked_for(facts, newest)
    if asked and newest.why == _KINDS["architecture"]:
        yield supporting(f"the task definition asks for {asked}", "ecs:DescribeTaskDefinition", value=asked)
