"""Whether the processor of the tasks, or of the hosts under them, was at its limit while the trouble lasted.

CPUUtilization of a service is in per cent of what its tasks reserve; Maximum is the busiest task, Average all of them.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-performance-instances-monitoring-cpu-credits.html
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from statistics import median

from diagnostics.causes.cause import Facts
from diagnostics.facts import (
    EcsService,
    Fact,
    Frozen,
    HostMetrics,
    Metrics,
    RunningTasks,
    Series,
    StoppedTasks,
    TargetHealth,
)
from diagnostics.rules.counters import series_of_service

PROCESSOR_USES: tuple[type[Fact], ...] = (EcsService, Metrics, RunningTasks, StoppedTasks, HostMetrics, TargetHealth)
"""What a cause declares to ask here."""
FULL_PERCENT = 95.0
NEARLY_FULL_PERCENT = 85.0
ALL_BUSY_PERCENT = 75.0
IDLE_PERCENT = 70.0
SUSTAINED = 3
BOOT = timedelta(minutes=3)
LONG_BEFORE = timedelta(minutes=15)
HOST_PERIOD = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)
NO_CREDITS = 1.0


class Processor(Frozen):
    """Minutes of the service's own CPU between two moments. `average` None: not read.

    `boots_only`: it was full at the starts of tasks and at no other time. `long_full`: it was nearly as full most of
    the hour before, when nobody suffered. `serving` is the part of the targets that gets requests: those in a zone that
    is off are idle, and bring the average down.
    """

    peak: float
    average: float | None
    full_minutes: int
    full_since: datetime | None = None
    boots_only: bool = False
    long_full: bool = False
    serving: float = 1.0

    @property
    def is_full(self) -> bool:
        """For longer than a start takes, and on more than one of several tasks that get requests."""
        busy = self.average is None or self.average >= ALL_BUSY_PERCENT * self.serving
        return self.full_minutes >= SUSTAINED and busy and not self.boots_only

    @property
    def is_low(self) -> bool:
        return self.peak < IDLE_PERCENT


def processor_of(facts: Facts, start: datetime, end: datetime) -> Processor | None:
    """None where the service has no CPU series, or the trouble's minutes have no point yet."""
    metrics, service = facts.maybe(Metrics), facts.maybe(EcsService)
    busiest, everyone = (series_of_service(metrics, service, "CPUUtilization", one) for one in ("Maximum", "Average"))
    points = busiest.between(start - MINUTE, end) if busiest else ()
    if busiest is None or not points:
        return None
    starts = tuple(_task_starts(facts))
    full = [point for point in points if point.value >= FULL_PERCENT]
    steady = [point for point in full if not _is_boot(point.at, starts)]
    seen = [point.value for point in (everyone.points if everyone else ()) if point.at in {one.at for one in full}]
    earlier = busiest.between(start - timedelta(hours=1), start - LONG_BEFORE)
    return Processor(
        peak=max(point.value for point in points),
        average=sum(seen) / len(seen) if seen else None,
        full_minutes=len(full),
        full_since=_full_since(busiest, end),
        boots_only=bool(full) and len(steady) < SUSTAINED and bool(starts),
        long_full=bool(earlier) and median(point.value for point in earlier) >= NEARLY_FULL_PERCENT,
        serving=_serving(facts),
    )


def exhausted_hosts(facts: Facts, start: datetime, end: datetime) -> tuple[str, ...]:
    """Burstable instances that had used up their CPU credits meanwhile and may not borrow more."""
    hosts = facts.maybe(HostMetrics)
    if not isinstance(hosts, HostMetrics):
        return ()
    borrows = {
        name
        for name, series in hosts.of("CPUSurplusCreditBalance", "Maximum")
        if any(p.value > 0 for p in series.points)
    }
    return tuple(
        name
        for name, series in hosts.of("CPUCreditBalance", "Minimum")
        if name not in borrows
        and (points := series.between(start - HOST_PERIOD, end))
        and min(point.value for point in points) < NO_CREDITS
    )


def full_hosts(facts: Facts, start: datetime, end: datetime) -> tuple[tuple[str, ...], int]:
    """Hosts whose processor was at its limit most of the time, and how many hosts were measured."""
    hosts = facts.maybe(HostMetrics)
    measured = list(hosts.of("CPUUtilization", "Maximum")) if isinstance(hosts, HostMetrics) else []
    full = tuple(
        name
        for name, series in measured
        if (points := series.between(start - HOST_PERIOD, end))
        and sum(point.value >= FULL_PERCENT for point in points) * 2 > len(points)
    )
    return full, len(measured)


def _serving(facts: Facts) -> float:
    """0-1 of the targets, less those that the load balancer leaves out whatever their health is."""
    health = facts.maybe(TargetHealth)
    targets = [target for _, target in health.all()] if isinstance(health, TargetHealth) else []
    left_out = sum(t.state == "unused" or t.override_state == "zonal_shift_active" for t in targets)
    return 1 - left_out / len(targets) if targets and left_out < len(targets) else 1.0


def _task_starts(facts: Facts) -> Iterator[datetime]:
    running, stopped = facts.maybe(RunningTasks), facts.maybe(StoppedTasks)
    for tasks in (running, stopped):
        for task in tasks.items if isinstance(tasks, RunningTasks | StoppedTasks) else ():
            began = task.started_at or task.created_at
            if began is not None:
                yield began


def _is_boot(at: datetime, starts: tuple[datetime, ...]) -> bool:
    return any(start - MINUTE <= at <= start + BOOT for start in starts)


def _full_since(series: Series, end: datetime) -> datetime | None:
    """The first minute of the newest run in which it was full."""
    since: datetime | None = None
    for point in reversed(series.between(end - timedelta(hours=24), end)):
        if point.value >= FULL_PERCENT:
            since = point.at
        elif since is not None and since - point.at > 2 * MINUTE:
            break
    return since
