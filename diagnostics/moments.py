"""What happened to the service's tasks, targets and alarms, as moments for the timeline."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from diagnostics.digest import in_words
from diagnostics.facts import (
    Alarms,
    EcsService,
    Metrics,
    Point,
    ServiceDeployment,
    ServiceHistory,
    ServiceRevision,
    StoppedTasks,
    Task,
)
from diagnostics.facts.fact import Frozen
from diagnostics.printable import line
from diagnostics.rules.counters import series_of
from diagnostics.rules.observations import is_abnormal_stop
from diagnostics.rules.task_stops import revision as short
from diagnostics.snapshot import Snapshot

MAX_TEXT: Final = 300
BEFORE_WINDOW: Final = timedelta(hours=3)
"""How long before the window a deployment still belongs to the story."""
BY_HAND: Final = 1
ORDERED_STOP: Final = 4
SAME_DEPLOYMENT: Final = timedelta(minutes=2)
MAX_HEALTH_CHANGES: Final = 12


class Moment(Frozen):
    """An event before it is told. `weight` decides what stays when there are too many: lower stays."""

    at: datetime
    event: str
    source: str
    weight: int
    actor: str | None = None


def deployments(snapshot: Snapshot) -> Iterator[Moment]:
    """Deployments as ECS shows them now, and those that only its history knows, with how they ended."""
    service, history = snapshot.get(EcsService), snapshot.get(ServiceHistory)
    shown = service.deployments if isinstance(service, EcsService) else ()
    since = snapshot.window.start - BEFORE_WINDOW
    past = history.deployments if isinstance(history, ServiceHistory) else ()
    for deployment in shown:
        if deployment.created_at >= since:
            what = f"deployment of {short(deployment.task_definition)} began"
            state = deployment.rollout_state or deployment.status
            same = next((one for one in past if _is_same(one, deployment.created_at)), None)
            changed = _difference(same, history) if isinstance(history, ServiceHistory) else ""
            yield Moment(
                at=deployment.created_at, event=f"{what} ({state}){changed}", source="ecs:DescribeServices", weight=1
            )
    for one in past:
        begin = one.started_at or one.created_at
        if begin is None or begin < since or not isinstance(history, ServiceHistory):
            continue
        if not any(_is_same(one, deployment.created_at) for deployment in shown):
            text = f"deployment of {_target(one, history)} began ({one.status}){_difference(one, history)}"
            yield Moment(at=begin, event=text[:MAX_TEXT], source="ecs:DescribeServiceDeployments", weight=1)
        if one.finished_at and one.finished_at >= since:
            yield Moment(
                at=one.finished_at,
                event=_ended(one, history)[:MAX_TEXT],
                source="ecs:DescribeServiceDeployments",
                weight=2,
            )


def stops(snapshot: Snapshot) -> Iterator[Moment]:
    """Every stop with its reason and exit codes; those that a roll-out or a scale-in ordered give way first."""
    stopped = snapshot.get(StoppedTasks)
    if not isinstance(stopped, StoppedTasks):
        return
    for task in stopped.items:
        if task.stopped_at:
            telling = is_abnormal_stop(task) or task.stop_code not in (None, "ServiceSchedulerInitiated")
            yield Moment(
                at=task.stopped_at,
                event=_stop_in_words(task),
                source="ecs:DescribeTasks",
                weight=2 if telling else ORDERED_STOP,
            )


def health(snapshot: Snapshot) -> Iterator[Moment]:
    """When targets became unhealthy or well again, by the minute, for each target group of the subject."""
    own = snapshot.subject.target_groups
    for series in series_of(snapshot.get(Metrics), "UnHealthyHostCount", "Maximum", own):
        group = dict(series.dimensions)["TargetGroup"]
        of = f" in {group.split('/')[1]}" if len(own) > 1 and group.count("/") >= 2 else ""
        for before, point in _steps(series.between(snapshot.window.start, snapshot.window.end)):
            what = "targets turned unhealthy" if point.value > before else "fewer targets are unhealthy"
            yield Moment(
                at=point.at,
                event=f"{what}{of}: {before:.0f} → {point.value:.0f}",
                source="cloudwatch:GetMetricData",
                weight=3,
            )


def alarms(snapshot: Snapshot) -> Iterator[Moment]:
    """The last change of each alarm on this path, where it falls into the story."""
    known = snapshot.get(Alarms)
    for alarm in known.items if isinstance(known, Alarms) else ():
        if alarm.since and snapshot.window.start - BEFORE_WINDOW <= alarm.since <= snapshot.taken_at:
            watched = f" on {alarm.metric}" if alarm.metric else ""
            text = f"alarm {line(alarm.name, 120)}{watched} went to {alarm.state}"
            yield Moment(at=alarm.since, event=text, source="cloudwatch:DescribeAlarms", weight=2)


def _steps(points: tuple[Point, ...]) -> list[tuple[float, Point]]:
    """Each point that differs from the one before, with the value before; the largest changes where there are many."""
    ordered = sorted(points, key=lambda point: point.at)
    found = [(a.value, b) for a, b in itertools.pairwise(ordered) if round(a.value) != round(b.value)]
    largest = sorted(found, key=lambda step: -abs(step[1].value - step[0]))[:MAX_HEALTH_CHANGES]
    return sorted(largest, key=lambda step: step[1].at)


def _is_same(one: ServiceDeployment, created_at: datetime) -> bool:
    begin = one.started_at or one.created_at
    return begin is not None and abs(begin - created_at) <= SAME_DEPLOYMENT


def _target(one: ServiceDeployment, history: ServiceHistory) -> str:
    revision = history.revision(one.target_revision_arn)
    return short(revision.task_definition) if revision else "an unknown revision"


def _ended(one: ServiceDeployment, history: ServiceHistory) -> str:
    reason = f": {line(one.status_reason, 160)}" if one.status_reason else ""
    tripped = ", by the circuit breaker" if one.circuit_breaker_status == "TRIGGERED" else ""
    return f"deployment of {_target(one, history)} ended ({one.status}{tripped}){reason}"


def _difference(one: ServiceDeployment | None, history: ServiceHistory) -> str:
    """``: task definition checkout:7 → checkout:8, subnets changed``, from the two recorded configurations."""
    after = history.revision(one.target_revision_arn) if one else None
    before = history.revision(next(iter(one.source_revision_arns), None)) if one else None
    if before is None or after is None:
        return ""
    told = [
        f"{words} {', '.join(was) or 'none'} → {', '.join(now) or 'none'}"
        for words, was, now in (
            ("task definition", (short(before.task_definition),), (short(after.task_definition),)),
            ("security groups", before.security_groups, after.security_groups),
            ("subnets", before.subnets, after.subnets),
            ("target groups", _names(before), _names(after)),
        )
        if set(was) != set(now)
    ]
    return (": " + "; ".join(told))[: MAX_TEXT // 2] if told else ": the same configuration again"


def _names(revision: ServiceRevision) -> tuple[str, ...]:
    return tuple(arn.split("/")[1] if arn.count("/") >= 2 else arn for arn in revision.target_group_arns)


def _stop_in_words(task: Task) -> str:
    exits = ", ".join(
        f"{container.name} exit {container.exit_code}" + (f" ({container.reason})" if container.reason else "")
        for container in task.containers
        if container.exit_code is not None
    )
    words = f"task {task.id[:8]} stopped: {task.stopped_reason or task.stop_code or 'no reason given'}"
    seen = f" (seen {task.seen_at:%H:%M} UTC, no longer in ECS)" if task.seen_at else ""
    return line(in_words(words + (f"; {exits}" if exits else "")), MAX_TEXT - len(seen)) + seen
