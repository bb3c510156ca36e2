"""Stopped tasks that ECS has forgotten, as far as an earlier diagnosis of the same service saw them.

ECS keeps stopped tasks for about an hour; a question about last night finds none of them. What was seen is kept for a
week, for services that were asked about. What nobody saw stays unknown, and a gap says so.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from diagnostics.facts import Gap, StoppedTasks, Task
from diagnostics.facts.fact import Frozen
from diagnostics.snapshot import Snapshot, Subject, Window

KEEP: Final = timedelta(days=7)
MAX_TASKS: Final = 200
MAX_LOOKS: Final = 100
ECS_KEEPS: Final = timedelta(hours=1)
BEFORE_WINDOW: Final = timedelta(minutes=15)
"""What ended shortly before the window may be why it began as it did."""
WORTH_SAYING: Final = timedelta(minutes=5)
"""ECS keeps "about" an hour: that the first moments of the last hour are at its edge is no news."""
FORGOTTEN: Final = "Forgotten"

_logger = logging.getLogger(__name__)


class TaskMemory(Protocol):
    """Keeps text for each service for a week. Failures inside it are its own affair: they look like an empty memory."""

    def recall(self, service: str) -> str | None:
        """The newest text of this service, or None."""

    def keep(self, service: str, text: str) -> None:
        """Replaces the service's text."""


class Look(Frozen):
    """A time whose stopped tasks were all seen."""

    start: datetime
    end: datetime


class Remembered(Frozen):
    """Stopped tasks by their end, newest first, each with the time at which it was last seen in ECS."""

    tasks: tuple[Task, ...] = ()
    looks: tuple[Look, ...] = ()

    def covers(self, start: datetime, end: datetime) -> bool:
        """Whether every moment of this time was looked at while ECS still knew it."""
        reached = start
        for look in self.looks:
            if look.start <= reached < look.end:
                reached = look.end
        return reached >= end


def with_remembered(snapshot: Snapshot, memory: TaskMemory | None) -> Snapshot:
    """The snapshot with what earlier ones saw of its window; what it saw itself is remembered for later ones.

    A snapshot whose stopped tasks could not be read stays as it is: a memory is no substitute for reading.
    """
    stopped, name = snapshot.get(StoppedTasks), _service_of(snapshot.subject)
    if name is None or not isinstance(stopped, StoppedTasks):
        return snapshot
    known = _read(memory.recall(name) if memory is not None else None)
    if memory is not None:
        memory.keep(name, _extended(known, stopped, snapshot.taken_at).model_dump_json())
    merged = _merged(stopped, known, snapshot.window, snapshot.taken_at)
    return snapshot.model_copy(update={"facts": {**snapshot.facts, StoppedTasks.name: merged}})


def with_task(text: str | None, task: Task, now: datetime) -> str:
    """The text of a service with one more stopped task, which ECS told of by itself."""
    known = _read(text)
    tasks = {one.arn: one for one in known.tasks if now - _end(one) <= KEEP}
    tasks[task.arn] = task.model_copy(update={"seen_at": now})
    newest = sorted(tasks.values(), key=_end, reverse=True)[:MAX_TASKS]
    return known.model_copy(update={"tasks": tuple(newest)}).model_dump_json()


def name_of(account: str, region: str, cluster: str, service: str) -> str:
    """What a service is called in the memory."""
    return f"{account}/{region}/{cluster}/{service}"


def _read(text: str | None) -> Remembered:
    if text is None:
        return Remembered()
    try:
        return Remembered.model_validate_json(text)
    except ValueError:
        _logger.warning("what was remembered of stopped tasks is not readable; another version wrote it")
        return Remembered()


def _merged(stopped: StoppedTasks, known: Remembered, window: Window, now: datetime) -> StoppedTasks:
    present = {task.arn for task in stopped.items}
    lost = [
        task
        for task in known.tasks
        if task.arn not in present and window.start - BEFORE_WINDOW <= _end(task) <= window.end
    ]
    gap = _forgotten(known, window, now)
    return stopped.model_copy(
        update={
            "items": tuple(sorted((*stopped.items, *lost), key=_end, reverse=True)),
            "gaps": (*stopped.gaps, *((gap,) if gap else ())),
        }
    )


def _forgotten(known: Remembered, window: Window, now: datetime) -> Gap | None:
    """The part of the window that ECS forgot before anybody looked."""
    until = min(window.end, now - ECS_KEEPS)
    if until - window.start < WORTH_SAYING or known.covers(window.start, until):
        return None
    return Gap(
        action="ecs:ListTasks",
        resource="stopped tasks",
        error=FORGOTTEN,
        kind="not-read",
        message=f"ECS forgets stopped tasks after about an hour: before {until:%H:%M} UTC only those are known that"
        " an earlier diagnosis saw",
    )


def _extended(known: Remembered, stopped: StoppedTasks, now: datetime) -> Remembered:
    tasks = {task.arn: task for task in known.tasks if now - _end(task) <= KEEP}
    tasks |= {task.arn: task.model_copy(update={"seen_at": now}) for task in stopped.items if task.stopped_at}
    newest = sorted(tasks.values(), key=_end, reverse=True)[:MAX_TASKS]
    looks = known.looks if stopped.gaps else _joined((*known.looks, Look(start=now - ECS_KEEPS, end=now)))
    oldest = newest[-1].stopped_at if len(newest) == MAX_TASKS and newest[-1].stopped_at else now - KEEP
    return Remembered(tasks=tuple(newest), looks=tuple(_after(looks, max(oldest, now - KEEP)))[-MAX_LOOKS:])


def _joined(looks: Iterable[Look]) -> Sequence[Look]:
    """Looks that overlap as one, oldest first."""
    joined: list[Look] = []
    for look in sorted(looks, key=lambda look: look.start):
        if joined and look.start <= joined[-1].end:
            joined[-1] = Look(start=joined[-1].start, end=max(joined[-1].end, look.end))
        else:
            joined.append(look)
    return joined


def _after(looks: Iterable[Look], oldest: datetime) -> Iterable[Look]:
    """Looks without the time from which tasks are no longer kept."""
    return (Look(start=max(look.start, oldest), end=look.end) for look in looks if look.end > oldest)


def _end(task: Task) -> datetime:
    return task.stopped_at or task.stopping_at or task.created_at or datetime.min.replace(tzinfo=UTC)


def _service_of(subject: Subject) -> str | None:
    if not (subject.cluster and subject.service):
        return None
    return name_of(subject.account, subject.region, subject.cluster, subject.service)
