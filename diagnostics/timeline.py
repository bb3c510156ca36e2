"""One order of events: errors, deployments, task stops, changes."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import Changes, EcsService, StoppedTasks, Task
from diagnostics.report import TimelineEntry
from diagnostics.rules.observations import Observations, is_abnormal_stop
from diagnostics.snapshot import Snapshot

MAX_ENTRIES = 100
MAX_TEXT = 300


def build(snapshot: Snapshot, observed: Observations) -> tuple[TimelineEntry, ...]:
    """Oldest first; at most `MAX_ENTRIES`, the newest kept."""
    entries = sorted(
        (*_errors(observed), *_deployments(snapshot), *_events(snapshot), *_stops(snapshot), *_changes(snapshot)),
        key=lambda entry: entry.at,
    )
    return tuple(entries[-MAX_ENTRIES:])


def _errors(observed: Observations) -> Iterator[TimelineEntry]:
    if observed.onset and observed.kind != "none":
        what = "first errors" if observed.kind == "errors" else "first sign of trouble"
        yield TimelineEntry(at=observed.onset, event=what, source="cloudwatch:GetMetricData")
    if observed.last_seen and observed.kind == "errors":
        yield TimelineEntry(at=observed.last_seen, event="last minute with errors", source="cloudwatch:GetMetricData")


def _deployments(snapshot: Snapshot) -> Iterator[TimelineEntry]:
    service = snapshot.get(EcsService)
    if isinstance(service, EcsService):
        for deployment in service.deployments:
            revision = deployment.task_definition.rsplit("/", 1)[-1]
            yield TimelineEntry(
                at=deployment.created_at,
                event=f"deployment of {revision} began ({deployment.rollout_state or deployment.status})",
                source="ecs:DescribeServices",
            )


def _events(snapshot: Snapshot) -> Iterator[TimelineEntry]:
    service = snapshot.get(EcsService)
    if isinstance(service, EcsService):
        for event in service.events:
            if event.at >= snapshot.window.start:
                yield TimelineEntry(at=event.at, event=event.message[:MAX_TEXT], source="ecs:DescribeServices")


def _stops(snapshot: Snapshot) -> Iterator[TimelineEntry]:
    stopped = snapshot.get(StoppedTasks)
    if isinstance(stopped, StoppedTasks):
        for task in stopped.items:
            if task.stopped_at and (is_abnormal_stop(task) or task.stop_code == "UserInitiated"):
                yield TimelineEntry(at=task.stopped_at, event=_stop_in_words(task), source="ecs:DescribeTasks")


def _stop_in_words(task: Task) -> str:
    exits = ", ".join(
        f"{container.name} exit {container.exit_code}" + (f" ({container.reason})" if container.reason else "")
        for container in task.containers
        if container.exit_code is not None
    )
    words = f"task {task.id[:8]} stopped: {task.stopped_reason or task.stop_code or 'no reason given'}"
    return (words + (f"; {exits}" if exits else ""))[:MAX_TEXT]


def _changes(snapshot: Snapshot) -> Iterator[TimelineEntry]:
    changes = snapshot.get(Changes)
    if isinstance(changes, Changes):
        for change in changes.items:
            refused = f" (refused: {change.error})" if change.error else ""
            resources = f" on {', '.join(change.resources[:2])}" if change.resources else ""
            yield TimelineEntry(
                at=change.at,
                event=f"{change.name}{resources}{refused}"[:MAX_TEXT],
                source="cloudtrail:LookupEvents",
                actor=change.by_service or change.actor,
            )
