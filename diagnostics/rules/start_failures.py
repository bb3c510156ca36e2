"""Tasks that never started: their reasons sorted into kinds, each with what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from diagnostics.causes.cause import Evidence, Facts, Finding, decisive, supporting
from diagnostics.facts import EcsService, ServiceEvent, Task
from diagnostics.printable import counted
from diagnostics.rules import task_stops

MAX_REASON = 400


@dataclass(frozen=True, slots=True)
class Kind:
    """A sub-class of a start failure, known by words of its reason (lower case), with the advice for it, in which
    REGION, CLUSTER and SERVICE stand for the subject's."""

    name: str
    words: tuple[str, ...]
    advice: str


def events_with(service: object, words: Sequence[str], since: datetime) -> tuple[ServiceEvent, ...]:
    if not isinstance(service, EcsService):
        return ()
    wanted = [word.lower() for word in words]
    return tuple(
        event for event in service.events if event.at >= since and any(word in event.message.lower() for word in wanted)
    )


def kind_of(reason: str, kinds: Sequence[Kind]) -> Kind | None:
    lowered = reason.lower()
    return next((kind for kind in kinds if any(word in lowered for word in kind.words)), None)


def finding(
    facts: Facts,
    failed: Sequence[Task],
    events: Sequence[ServiceEvent],
    *,
    words: Sequence[str],
    kinds: Sequence[Kind],
    what: str,
) -> Finding | None:
    """One finding over all tasks and events with such a reason; None when there are none."""
    if not failed and not events:
        return None
    service = facts.maybe(EcsService)
    reason = _reason(failed, events, words)
    kind = kind_of(reason, kinds)
    stops = tuple(
        decisive(
            f"task {task.id[:8]} ({task_stops.revision(task.task_definition)}) did not start: "
            f"{_reason((task,), (), words)}",
            "ecs:DescribeTasks",
            at=task.stopped_at,
        )
        for task in failed[: task_stops.MAX_TASKS_NAMED]
    )
    said = tuple(
        decisive(f"service event: {event.message[:MAX_REASON]}", "ecs:DescribeServices", at=event.at)
        for event in events[:2]
    )
    missing = _missing(service)
    resource = failed[0].task_definition if failed else _definition(service)
    times = [at for at in (*(task.stopped_at for task in failed), *(event.at for event in events)) if at]
    return Finding(
        resource=resource,
        summary=f"tasks {what}: {kind.name if kind else 'see the reason'}",
        supports=(*stops, *said, *missing),
        effect_seen=True,
        affects=frozenset(task.id for task in failed),
        explains=frozenset({"task-stops", "deployment", "no-targets", "elb_503"}) & facts.observed.symptoms,
        since=min(times),
        overturned_by=(
            "a task of this revision that did start: aws ecs list-tasks --desired-status RUNNING --service-name "
            f"{facts.subject.service or 'SERVICE'} --cluster {facts.subject.cluster or 'CLUSTER'}"
        ),
        advice=_filled(kind.advice, facts)
        if kind
        else "Read the whole reason of the stopped task; containers[].reason has the rest of it.",
    )


def _filled(advice: str, facts: Facts) -> str:
    subject = facts.subject
    for name, value in (("REGION", subject.region), ("CLUSTER", subject.cluster), ("SERVICE", subject.service)):
        advice = advice.replace(name, value or name)
    return advice


def _reason(failed: Sequence[Task], events: Sequence[ServiceEvent], words: Sequence[str]) -> str:
    wanted = [word.lower() for word in words]
    for task in failed:
        for text in task_stops.reasons(task):
            if any(word in text.lower() for word in wanted):
                return text[:MAX_REASON]
    return events[0].message[:MAX_REASON] if events else ""


def _missing(service: object) -> tuple[Evidence, ...]:
    if isinstance(service, EcsService) and service.running < service.desired:
        text = f"{service.running} of {counted(service.desired, 'task')} run"
        return (supporting(text, "ecs:DescribeServices", value=service.running),)
    return ()


def _definition(service: object) -> str:
    return service.task_definition if isinstance(service, EcsService) else "task definition"
