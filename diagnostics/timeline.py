"""One order of events: errors, deployments, task stops, changes. What repeats is told once, with its number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from diagnostics.facts import Change, Changes, EcsService, StoppedTasks, Task
from diagnostics.facts.fact import Frozen
from diagnostics.report import TimelineEntry
from diagnostics.rules.observations import Observations, is_abnormal_stop
from diagnostics.snapshot import Snapshot

MAX_ENTRIES: Final = 60
MAX_TEXT: Final = 300
BEFORE_WINDOW: Final = timedelta(hours=3)
"""How long before the window a deployment still belongs to the story."""
_SOURCE_OF_CHANGES: Final = "cloudtrail:LookupEvents"
BY_HAND: Final = 1
_TOLD_SETTINGS: Final = (
    "desiredCount",
    "taskDefinition",
    "forceNewDeployment",
    "healthCheckGracePeriodSeconds",
    "healthCheckPath",
    "healthCheckPort",
    "healthCheckProtocol",
    "healthCheckIntervalSeconds",
    "healthCheckTimeoutSeconds",
    "healthyThresholdCount",
    "unhealthyThresholdCount",
)
"""Request parameters that say in one word what a change was about."""
_REGISTRATIONS: Final = frozenset({"RegisterTargets", "DeregisterTargets"})
_NUMBERS: Final = re.compile(r"\b[0-9a-f]*[0-9][0-9a-f]*\b")


class Moment(Frozen):
    """An event before it is told. `weight` decides what stays when there are too many: lower stays."""

    at: datetime
    event: str
    source: str
    weight: int
    actor: str | None = None

    @property
    def pattern(self) -> tuple[str, str, str | None]:
        """Equal for events that differ in ids and numbers only; what people set is told each time."""
        by_hand = self.source == _SOURCE_OF_CHANGES and self.weight == BY_HAND
        return self.event if by_hand else _NUMBERS.sub("#", self.event), self.source, self.actor


def build(snapshot: Snapshot, observed: Observations) -> tuple[TimelineEntry, ...]:
    """Oldest first, at most `MAX_ENTRIES`: what people did and when it began stay longest."""
    moments = (
        *_errors(observed),
        *_changes(snapshot),
        *_deployments(snapshot),
        *_stops(snapshot),
        *_events(snapshot),
    )
    told = sorted(_without_repetition(moments), key=lambda moment: (moment.weight, -moment.at.timestamp()))
    kept = sorted(told[:MAX_ENTRIES], key=lambda moment: moment.at)
    return tuple(TimelineEntry(at=m.at, event=m.event, source=m.source, actor=m.actor) for m in kept)


def _without_repetition(moments: Iterable[Moment]) -> Iterator[Moment]:
    groups: dict[tuple[str, str, str | None], list[Moment]] = {}
    for moment in moments:
        groups.setdefault(moment.pattern, []).append(moment)
    for same in groups.values():
        first = min(same, key=lambda moment: moment.at)
        last = max(moment.at for moment in same)
        if len(same) == 1:
            yield first
        else:
            times = f" ({len(same)} times until {last:%H:%M:%S})"
            yield first.model_copy(update={"event": first.event[: MAX_TEXT - len(times)] + times})


def _errors(observed: Observations) -> Iterator[Moment]:
    if observed.onset and observed.kind != "none":
        what = "first errors" if observed.kind == "errors" else "first sign of trouble"
        yield Moment(at=observed.onset, event=what, source="cloudwatch:GetMetricData", weight=0)
    if observed.last_seen and observed.kind == "errors":
        yield Moment(
            at=observed.last_seen, event="last minute with errors", source="cloudwatch:GetMetricData", weight=0
        )


def _changes(snapshot: Snapshot) -> Iterator[Moment]:
    changes = snapshot.get(Changes)
    if not isinstance(changes, Changes):
        return
    for change in changes.items:
        if change.by_service and change.name in _REGISTRATIONS:
            continue  # the service's own events say the same, with the number of targets
        yield Moment(
            at=change.at,
            event=_change_in_words(change)[:MAX_TEXT],
            source=_SOURCE_OF_CHANGES,
            actor=change.by_service or change.actor,
            weight=3 if change.by_service else BY_HAND,
        )


def _change_in_words(change: Change) -> str:
    resources = f" on {', '.join(_short(resource) for resource in change.resources[:2])}" if change.resources else ""
    return f"{change.name}{resources}{_settings(change)}" + (f" (refused: {change.error})" if change.error else "")


def _settings(change: Change) -> str:
    """``: desiredCount 0``, for the parameters that tell most in one word."""
    told = [
        f"{name} {_short(value) if isinstance(value, str) else value}"
        for name in _TOLD_SETTINGS
        if (value := change.request.get(name)) is not None and not isinstance(value, dict | list)
    ]
    return f": {', '.join(told)}" if told else ""


def _short(resource: str) -> str:
    return resource.split(":", 5)[-1] if resource.startswith("arn:") else resource


def _deployments(snapshot: Snapshot) -> Iterator[Moment]:
    service = snapshot.get(EcsService)
    if isinstance(service, EcsService):
        for deployment in service.deployments:
            if deployment.created_at < snapshot.window.start - BEFORE_WINDOW:
                continue
            revision = deployment.task_definition.rsplit("/", 1)[-1]
            yield Moment(
                at=deployment.created_at,
                event=f"deployment of {revision} began ({deployment.rollout_state or deployment.status})",
                source="ecs:DescribeServices",
                weight=1,
            )


def _stops(snapshot: Snapshot) -> Iterator[Moment]:
    stopped = snapshot.get(StoppedTasks)
    if isinstance(stopped, StoppedTasks):
        for task in stopped.items:
            if task.stopped_at and (is_abnormal_stop(task) or task.stop_code == "UserInitiated"):
                yield Moment(at=task.stopped_at, event=_stop_in_words(task), source="ecs:DescribeTasks", weight=2)


def _stop_in_words(task: Task) -> str:
    exits = ", ".join(
        f"{container.name} exit {container.exit_code}" + (f" ({container.reason})" if container.reason else "")
        for container in task.containers
        if container.exit_code is not None
    )
    words = f"task {task.id[:8]} stopped: {task.stopped_reason or task.stop_code or 'no reason given'}"
    return (words + (f"; {exits}" if exits else ""))[:MAX_TEXT]


def _events(snapshot: Snapshot) -> Iterator[Moment]:
    service = snapshot.get(EcsService)
    if not isinstance(service, EcsService):
        return
    name = f"(service {service.service}) "
    for event in service.events:
        if event.at >= snapshot.window.start:
            message = event.message.removeprefix(name).replace(name.rstrip(), "").strip()
            yield Moment(at=event.at, event=message[:MAX_TEXT], source="ecs:DescribeServices", weight=4)
