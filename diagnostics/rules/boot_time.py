"""How long tasks took from their start until the load balancer found them healthy.

ECS does not record it; the count of healthy targets does, to the minute: it rises when a new target passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from diagnostics.causes.cause import Facts
from diagnostics.facts import Frozen, Metrics, Point, RunningTasks, TargetGroup, TargetHealth, Task, known
from diagnostics.rules.counters import series_of

LONGEST_BOOT = timedelta(minutes=20)
ROUGHLY = timedelta(seconds=10)


class Boot(Frozen):
    """`seconds` is exact to a minute, because the metric is."""

    task: Task
    seconds: int


def boots_before(facts: Facts, group: TargetGroup) -> tuple[Boot, ...]:
    """For running tasks that are healthy now and started within the metrics' time; for a cause that declares them."""
    running, health = known(facts.maybe(RunningTasks)), known(facts.maybe(TargetHealth))
    if running is None or health is None:
        return ()
    healthy = {target.id for target in health.by_group.get(group.arn, ()) if target.state == "healthy"}
    counted = series_of(facts.maybe(Metrics), "HealthyHostCount", "Maximum", [group.arn])
    points = tuple(point for one in counted for point in one.points)
    return tuple(
        boot for task in running.items if healthy & set(task.private_ips) and (boot := _boot(task, points)) is not None
    )


def _boot(task: Task, points: tuple[Point, ...]) -> Boot | None:
    start = task.started_at
    if start is None:
        return None
    before = [point for point in points if point.at <= start]
    after = [point for point in points if start < point.at <= start + LONGEST_BOOT]
    if not before:
        return None
    count = before[-1].value
    for point in after:
        if point.value > count:
            return Boot(task=task, seconds=round((point.at - start).total_seconds()))
        count = min(count, point.value)
    return None


def age_at_stop(task: Task) -> timedelta | None:
    """How long it ran until it was told to stop."""
    end = task.stopping_at or task.stopped_at
    return end - task.started_at if end and task.started_at else None


def longer_since(killed: Sequence[Task], grace_s: int) -> bool:
    """Whether the newest task that was stopped for its health checks was younger than the grace period allows: then it
    was lengthened afterwards, and nothing shows yet that it is too short."""
    age = age_at_stop(killed[0]) if killed else None
    return age is not None and age + ROUGHLY < timedelta(seconds=grace_s)
