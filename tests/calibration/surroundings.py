"""What happens around an incident and has nothing to do with it: decoys, noise, and reads that are denied.

Each changes facts that the incident left as they were in a healthy service, or adds records of other resources; a
surrounding that could alter the truth of an incident is not used with it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from diagnostics.facts import (
    AccessLogs,
    ApplicationLogs,
    Change,
    Changes,
    EcsService,
    Fact,
    Gap,
    LoadBalancerAttributes,
    LogLine,
    Metrics,
    Point,
    RunningTasks,
    ScalingLimits,
    Series,
    ServiceEvent,
    ServiceScaling,
    SignatureCount,
    StoppedTasks,
    TargetHealth,
    TaskDefinitions,
    UsualLoad,
)
from diagnostics.snapshot import Snapshot
from tests.incidents.building import (
    LB,
    NOW,
    OTHER_TG,
    TG,
    Incident,
    change,
    definition,
    deployment,
    task_definition_arn,
)
from tests.incidents.loading import POLICY

Surround = Callable[[Snapshot, random.Random], Snapshot]
KEEP_POINTS = 0.95
JITTER = 0.08
_COUNTED_ERRORS = ("HTTPCode_ELB_502_Count", "HTTPCode_ELB_504_Count")


@dataclass(frozen=True)
class Surrounding:
    """`fits`: whether it leaves the truth of an incident as it is."""

    name: str
    apply: Surround
    fits: Callable[[Snapshot], bool] = lambda _: True


def replaced(snapshot: Snapshot, fact: Fact) -> Snapshot:
    return snapshot.model_copy(update={"facts": {**snapshot.facts, fact.name: fact}})


def denied(snapshot: Snapshot, kind: type[Fact]) -> Snapshot:
    gap = Gap(action=f"test:{kind.__name__}", resource="*", error="AccessDenied", kind="denied")
    return snapshot.model_copy(update={"facts": {**snapshot.facts, kind.name: gap}})


def readable(snapshot: Snapshot) -> tuple[type[Fact], ...]:
    """Facts of the incident that could be denied."""
    return tuple(kind for kind in Fact.registry.values() if isinstance(snapshot.get(kind), kind))


# -- decoys


def _other_changes(snapshot: Snapshot, chance: random.Random) -> Snapshot:
    """People and programs work on other things, also in the very minutes before."""
    when = chance.uniform(2, 55)
    return _changed(
        snapshot,
        change("ModifyTargetGroup", minutes_ago=when, resources=(OTHER_TG,), request={"targetGroupArn": OTHER_TG}),
        change("UpdateService", minutes_ago=when + 1, resources=("search",), source="ecs.amazonaws.com"),
        change("PutMetricAlarm", minutes_ago=when + 2, resources=("cpu-high",), source="monitoring.amazonaws.com"),
        change("ImportCertificate", minutes_ago=when + 3, resources=("cert-1",), source="acm.amazonaws.com"),
    )


def _rule_of_another_group(snapshot: Snapshot, chance: random.Random) -> Snapshot:
    request = {"groupId": "sg-0fff"}
    at = chance.uniform(2, 55)
    return _changed(
        snapshot, change("RevokeSecurityGroupIngress", minutes_ago=at, resources=("sg-0fff",), request=request)
    )


def _attempt_at_a_fix(snapshot: Snapshot, chance: random.Random) -> Snapshot:
    """Somebody turned a knob after it began."""
    request = {"targetGroupArn": TG, "attributes": [{"key": "slow_start.duration_seconds", "value": "60"}]}
    late = chance.uniform(0.5, 2)
    return _changed(snapshot, change("ModifyTargetGroupAttributes", minutes_ago=late, resources=(TG,), request=request))


def _idle_timeout(snapshot: Snapshot, _: random.Random) -> Snapshot:
    attributes = snapshot.get(LoadBalancerAttributes)
    assert isinstance(attributes, LoadBalancerAttributes)
    changed = {**attributes.by_arn.get(LB, {}), "idle_timeout.timeout_seconds": "120"}
    return replaced(snapshot, attributes.model_copy(update={"by_arn": {**attributes.by_arn, LB: changed}}))


def _scanners(snapshot: Snapshot, chance: random.Random) -> Snapshot:
    """Programs that look for holes get their 4xx, all day long."""
    return _in_series(
        snapshot,
        lambda series: (
            tuple(Point(at=NOW - timedelta(minutes=m), value=float(chance.randrange(5, 40))) for m in range(180, 0, -1))
            if series.metric in {"HTTPCode_ELB_4XX_Count", "HTTPCode_Target_4XX_Count"} and not series.points
            else series.points
        ),
    )


def _old_trouble(snapshot: Snapshot, _: random.Random) -> Snapshot:
    """What ECS said hours ago and is long over."""
    service = snapshot.get(EcsService)
    assert isinstance(service, EcsService)
    told = (
        (200, "was unable to place a task because no container instance met all of its requirements."),
        (190, f"(port 8080) is unhealthy in (target-group {TG}) due to (reason Request timed out)"),
        (150, "has reached a steady state."),
    )
    old = tuple(
        ServiceEvent(id=f"old{at}", at=NOW - timedelta(minutes=at), message=f"(service checkout) {text}")
        for at, text in told
    )
    events = sorted((*service.events, *old), key=lambda event: event.at, reverse=True)
    return replaced(snapshot, service.model_copy(update={"events": tuple(events)}))


def _scaling(snapshot: Snapshot, chance: random.Random) -> Snapshot:
    limits = ScalingLimits(minimum=2, maximum=chance.choice((4, 20)))
    return replaced(snapshot, ServiceScaling(limits=limits, policies=(POLICY,)))


def _grumbling_log(snapshot: Snapshot, chance: random.Random) -> Snapshot:
    """The application complains now and then about a slow query, today as on every day."""
    first, last = NOW - timedelta(minutes=59), NOW - timedelta(minutes=chance.randrange(1, 20))
    text = "canceling statement due to statement timeout"
    return replaced(
        snapshot,
        ApplicationLogs(
            source="filter",
            covered_from=NOW - timedelta(minutes=60),
            covered_to=NOW,
            log_groups=("/ecs/checkout",),
            lines_read=30_000,
            counts=(SignatureCount(signature="dependency-slow", count=2, first_at=first, last_at=last),),
            lines=(LogLine(at=first, text=text, log_group="/ecs/checkout", signature="dependency-slow"),),
        ),
    )


def _harmless_deployment(snapshot: Snapshot, chance: random.Random) -> Snapshot:
    """A roll-out that went well, long before the trouble began."""
    at = chance.uniform(100, 170)
    service, running = snapshot.get(EcsService), snapshot.get(RunningTasks)
    assert isinstance(service, EcsService)
    assert isinstance(running, RunningTasks)
    tasks = tuple(
        one.model_copy(
            update={
                "created_at": NOW - timedelta(minutes=at - 1),
                "started_at": NOW - timedelta(minutes=at - 2),
                "task_definition": task_definition_arn(8),
                "started_by": "ecs-svc/8",
            }
        )
        for one in running.items
    )
    rolled = service.model_copy(
        update={"deployments": (deployment(8, created=at),), "task_definition": task_definition_arn(8)}
    )
    definitions = TaskDefinitions(
        by_arn={task_definition_arn(n): definition(n) for n in (7, 8)}, previous_arn=task_definition_arn(7)
    )
    snapshot = replaced(replaced(snapshot, rolled), definitions)
    return replaced(snapshot, running.model_copy(update={"items": tasks}))


def _busy_for_hours(snapshot: Snapshot, _: random.Random) -> Snapshot:
    """The processor is as full as on every night, and memory as on every day."""
    level = {"CPUUtilization": {"Maximum": 99.0, "Average": 88.0}, "MemoryUtilization": {"Maximum": 93.0}}

    def constant(series: Series) -> tuple[Point, ...]:
        value = level.get(series.metric, {}).get(series.statistic)
        return series.points if value is None else tuple(Point(at=p.at, value=value) for p in series.points)

    return _in_series(snapshot, constant)


def _spike(snapshot: Snapshot, chance: random.Random) -> Snapshot:
    """One task is busy for two minutes: a job by the clock."""
    at = NOW - timedelta(minutes=chance.randrange(2, 55))
    times = {at, at + timedelta(minutes=1)}

    def spiked(series: Series) -> tuple[Point, ...]:
        if (series.metric, series.statistic) != ("CPUUtilization", "Maximum"):
            return series.points
        return tuple(Point(at=p.at, value=100.0 if p.at in times else p.value) for p in series.points)

    return _in_series(snapshot, spiked)


# -- noise


def _jitter(snapshot: Snapshot, chance: random.Random) -> Snapshot:
    """Load, times and utilisation are never the same for two minutes."""

    def shake(series: Series) -> tuple[Point, ...]:
        if series.metric not in {"RequestCount", "TargetResponseTime", "CPUUtilization", "HTTPCode_Target_2XX_Count"}:
            return series.points
        top = 100.0 if series.metric == "CPUUtilization" else float("inf")
        return tuple(
            Point(
                at=p.at, value=min(top, p.value * chance.uniform(1 - JITTER, 1 + JITTER)) if p.value < top else p.value
            )
            for p in series.points
        )

    return _in_series(snapshot, shake)


def _missing_points(snapshot: Snapshot, chance: random.Random) -> Snapshot:
    return _in_series(snapshot, lambda series: tuple(p for p in series.points if chance.random() < KEEP_POINTS))


def _background_errors(snapshot: Snapshot, chance: random.Random) -> Snapshot:
    """A handful of 502 and 504 in three hours, as every service of some size has. Where somebody asks about such a
    code, they would be what he saw."""

    def add(series: Series) -> tuple[Point, ...]:
        zoned = "AvailabilityZone" in dict(series.dimensions)
        if series.metric not in _COUNTED_ERRORS or zoned:
            return series.points
        points = {point.at: point.value for point in series.points}
        for minute in chance.sample(range(1, 180), 3):
            at = NOW - timedelta(minutes=minute)
            points[at] = points.get(at, 0.0) + 1
        return tuple(Point(at=at, value=value) for at, value in sorted(points.items()))

    return _in_series(snapshot, add)


def _changed(snapshot: Snapshot, *changes: Change) -> Snapshot:
    known = snapshot.get(Changes)
    assert isinstance(known, Changes)
    items = sorted((*known.items, *changes), key=lambda one: one.at, reverse=True)
    return replaced(snapshot, known.model_copy(update={"items": tuple(items)}))


def _in_series(snapshot: Snapshot, points_of: Callable[[Series], tuple[Point, ...]]) -> Snapshot:
    metrics = snapshot.get(Metrics)
    if not isinstance(metrics, Metrics):
        return snapshot
    series = tuple(one.model_copy(update={"points": points_of(one)}) for one in metrics.series)
    return replaced(snapshot, metrics.model_copy(update={"series": series}))


def _reads(*kinds: type[Fact]) -> Callable[[Snapshot], bool]:
    return lambda snapshot: all(isinstance(snapshot.get(kind), kind) for kind in kinds)


def _without(kind: type[Fact]) -> Callable[[Snapshot], bool]:
    """The incident says nothing of this fact: neither that it is known nor that it was denied."""
    return lambda snapshot: kind.name not in snapshot.facts


def _times_do_not_matter(snapshot: Snapshot) -> bool:
    """No row and no 504 whose length would contradict another idle timeout."""
    metrics = snapshot.get(Metrics)
    timed_out = isinstance(metrics, Metrics) and any(
        series.points for series in metrics.with_metric("HTTPCode_ELB_504_Count")
    )
    reads = isinstance(snapshot.get(LoadBalancerAttributes), LoadBalancerAttributes)
    return reads and not timed_out and AccessLogs.name not in snapshot.facts


def _untouched(*kinds: type[Fact]) -> Callable[[Snapshot], bool]:
    """These facts are those of the healthy service."""
    return lambda snapshot: all(snapshot.get(kind) == _HEALTHY.get(kind) for kind in kinds)


def _idle(snapshot: Snapshot) -> bool:
    """Processor and memory are those of the healthy service; no task was killed, no health check fails, and no other
    load came, so that a busy processor has nothing to do with it."""
    if UsualLoad.name in snapshot.facts or snapshot.get(TargetHealth) != _HEALTHY.get(TargetHealth):
        return False
    metrics, well = snapshot.get(Metrics), _HEALTHY.get(Metrics)
    assert isinstance(well, Metrics)
    if not isinstance(metrics, Metrics) or snapshot.get(StoppedTasks) != _HEALTHY.get(StoppedTasks):
        return False
    names = {"CPUUtilization", "MemoryUtilization"}
    return [one for one in metrics.series if one.metric in names] == [o for o in well.series if o.metric in names]


_HEALTHY = Incident().snapshot()
DECOYS: tuple[Surrounding, ...] = (
    Surrounding("changes of other things", _other_changes, _reads(Changes)),
    Surrounding("a rule of another group revoked", _rule_of_another_group, _reads(Changes)),
    Surrounding("a knob turned after it began", _attempt_at_a_fix, _reads(Changes)),
    Surrounding("an idle timeout of 120 s", _idle_timeout, _times_do_not_matter),
    Surrounding("scanners", _scanners),
    Surrounding("old trouble in the events", _old_trouble, _reads(EcsService)),
    Surrounding(
        "a deployment that went well",
        _harmless_deployment,
        _untouched(EcsService, RunningTasks, TaskDefinitions, StoppedTasks),
    ),
    Surrounding("busy for hours", _busy_for_hours, _idle),
    Surrounding("a job by the clock", _spike, _reads(Metrics)),
    Surrounding("scaling is set up", _scaling, _without(ServiceScaling)),
    Surrounding("a log that always grumbles", _grumbling_log, _without(ApplicationLogs)),
)
NOISE: tuple[Surrounding, ...] = (
    Surrounding("jitter", _jitter),
    Surrounding("missing points", _missing_points),
    Surrounding("background errors", _background_errors, lambda snapshot: snapshot.subject.seen is None),
)
ALL: Mapping[str, Surrounding] = MappingProxyType({one.name: one for one in (*DECOYS, *NOISE)})
