"""What a task wrote right before its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from diagnostics.causes.cause import Evidence, Facts
from diagnostics.facts import ApplicationLogs, Container, LogLine, LogSignature, Task
from diagnostics.rules.written import record

BEFORE_THE_END = timedelta(minutes=2)
MAX_QUOTED_TASKS = 2
_TELLING: tuple[LogSignature, ...] = (
    "out-of-memory",
    "entrypoint",
    "crash",
    "unhandled-error",
    "dependency-unreachable",
    "pool-exhausted",
    "worker-killed",
)


def last_words(
    facts: Facts, ended: Sequence[tuple[Task, Container]], *, decides_by: tuple[LogSignature, ...] = ()
) -> tuple[Evidence, ...]:
    """The line that tells most, of the newest tasks: an error of these last minutes, else whatever came last. Only
    lines of `decides_by` decide; another error may have been one of many that a process lives with."""
    found = []
    for task, container in ended:
        line = _line(facts, task, container)
        if line is not None:
            found.append(record(line, "wrote before its end", decides=line.signature in decides_by))
    return tuple(found[:MAX_QUOTED_TASKS])


def _line(facts: Facts, task: Task, container: Container) -> LogLine | None:
    logs = facts.maybe(ApplicationLogs)
    if not isinstance(logs, ApplicationLogs):
        return None
    end = task.stopping_at or task.stopped_at
    own = [
        line
        for line in logs.lines
        if line.task == task.id
        and line.container in (None, container.name)
        and line.signature not in {"request", "listening", "ready"}
        and (end is None or end - BEFORE_THE_END <= line.at)
    ]
    telling = [line for signature in _TELLING for line in own if line.signature == signature]
    return telling[0] if telling else own[-1] if own else None
