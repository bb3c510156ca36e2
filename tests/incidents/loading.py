"""Load, processor, memory, scaling and the application's own log, put into an incident."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from diagnostics.facts import (
    ApplicationLogs,
    HostMetrics,
    LogLine,
    LogSignature,
    Point,
    ScalingLimits,
    ScalingPolicy,
    Series,
    ServiceScaling,
    ServiceScalingActivity,
    SignatureCount,
    UsualLoad,
)
from tests.incidents.building import LB_DIMENSION, NOW, TG_DIMENSION, Incident, ago, minutes_of

USUAL = 600.0
ECS = {"namespace": "AWS/ECS", "ClusterName": "prod", "ServiceName": "checkout"}
POLICY = ScalingPolicy(
    name="cpu", type="TargetTrackingScaling", metric="ECSServiceAverageCPUUtilization", target_value=60.0
)
QUOTES: dict[LogSignature, str] = {
    "pool-exhausted": "HikariPool-1 - Connection is not available, request timed out after 30000ms.",
    "dependency-slow": "canceling statement due to statement timeout",
    "dependency-unreachable": "connect ECONNREFUSED 10.0.9.7:5432",
    "upstream-timeout": "upstream timed out (110: Connection timed out) while reading response header",
    "memory-pause": "Pause Full (Ergonomics) 1010M->998M(1024M) 8120.441ms",
    "out-of-memory": "java.lang.OutOfMemoryError: Java heap space",
    "worker-killed": "[ERROR] Worker (pid:17) was sent SIGKILL! Perhaps out of memory?",
    "worker-timeout": "[CRITICAL] WORKER TIMEOUT (pid:17)",
    "too-many-connections": "512 worker_connections are not enough",
    "request": "GET /healthz 200",
}


@dataclass(frozen=True)
class Wrote:
    """Lines of one signature, from `since` to `until` minutes ago, by one task."""

    signature: LogSignature
    count: int
    since: float = 20
    until: float = 0
    task: str = f"{1:08x}{0:024x}"
    details: tuple[tuple[str, str], ...] = ()


def wrote(incident: Incident, *what: Wrote) -> Incident:
    """The application's log of the last hour holds these lines, and many that mean nothing."""
    return incident.replace(
        ApplicationLogs(
            source="filter",
            covered_from=ago(60),
            covered_to=NOW,
            log_groups=("/ecs/checkout",),
            lines_read=20_000,
            counts=tuple(
                SignatureCount(
                    signature=one.signature,
                    count=one.count,
                    first_at=ago(one.since),
                    last_at=ago(one.until),
                    container="web",
                    task=one.task,
                )
                for one in what
            ),
            lines=tuple(
                LogLine(
                    at=ago(at),
                    text=QUOTES.get(one.signature, one.signature),
                    log_group="/ecs/checkout",
                    container="web",
                    task=one.task,
                    signature=one.signature,
                    details=dict(one.details),
                )
                for one in what
                for at in (one.since, one.until)
            ),
        )
    )


def load(
    incident: Incident,
    per_minute: float,
    since: float,
    *,
    yesterday: float | None = USUAL,
    week_ago: float = USUAL,
) -> Incident:
    """So many requests a minute since then; `yesterday` the usual ones a day before, None: not read."""
    points = (*minutes_of(USUAL, 180, since), *minutes_of(per_minute, since))
    both = {"LoadBalancer": LB_DIMENSION, "TargetGroup": TG_DIMENSION}
    incident.metric("RequestCount", points, **both).metric("RequestCount", points, LoadBalancer=LB_DIMENSION)
    incident.metric("HTTPCode_Target_2XX_Count", points, **both)
    if yesterday is None:
        return incident
    coarse = tuple(
        Point(at=NOW - timedelta(days=days, minutes=m), value=value * 5)
        for days, value in ((7, week_ago), (1, yesterday))
        for m in range(60, -60, -5)
    )
    series = Series(
        namespace="AWS/ApplicationELB",
        metric="RequestCount",
        statistic="Sum",
        dimensions=tuple(sorted(both.items())),
        period_s=300,
        points=coarse,
    )
    return incident.replace(UsualLoad(covered_from=ago(8 * 24 * 60), covered_to=NOW, series=(series,)))


def cpu(incident: Incident, maximum: float, average: float, since: float, until: float = 0) -> Incident:
    return _utilisation(incident, "CPUUtilization", 30, maximum, average, since, until)


def memory(incident: Incident, maximum: float, since: float, *, before: float = 45) -> Incident:
    return _utilisation(incident, "MemoryUtilization", before, maximum, maximum - 4, since, 0)


def _utilisation(
    incident: Incident, metric: str, before: float, maximum: float, average: float, since: float, until: float
) -> Incident:
    for statistic, value in (("Maximum", maximum), ("Average", average)):
        points = [*minutes_of(before, 180, since), *minutes_of(value, since, until)]
        incident.metric(metric, (*points, *minutes_of(before, until)) if until else points, statistic, **ECS)
    return incident


def slow_for_all(incident: Incident, since: float, p50: float = 4.0, p99: float = 55.0) -> Incident:
    """Half of all answers take so long since then."""
    both = {"LoadBalancer": LB_DIMENSION, "TargetGroup": TG_DIMENSION}
    for statistic, before, value in (("p50", 0.02, p50), ("p99", 0.2, p99), ("Maximum", 0.6, 59.0)):
        points = (*minutes_of(before, 180, since), *minutes_of(value, since))
        incident.metric("TargetResponseTime", points, statistic, **both)
    return incident


def scales(
    incident: Incident,
    minimum: int = 2,
    maximum: int = 4,
    *,
    policies: tuple[ScalingPolicy, ...] = (POLICY,),
    suspended: bool = False,
    activities: Iterable[ServiceScalingActivity] = (),
) -> Incident:
    """Application Auto Scaling owns the number of tasks."""
    limits = ScalingLimits(minimum=minimum, maximum=maximum, out_suspended=suspended)
    return incident.replace(ServiceScaling(limits=limits, policies=policies, activities=tuple(activities)))


def unscaled(incident: Incident) -> Incident:
    return incident.replace(ServiceScaling())


def set_count(to: int, minutes_ago: float, status: str = "Successful") -> ServiceScalingActivity:
    return ServiceScalingActivity(
        at=ago(minutes_ago),
        status=status,
        description=f"Setting desired count to {to}.",
        cause="monitor alarm TargetTracking-service/prod/checkout-AlarmHigh in state ALARM triggered policy cpu",
    )


def hosts(incident: Incident, left_credits: dict[str, float], cpu_percent: float = 20, surplus: float = 0) -> Incident:
    """EC2 hosts with so many CPU credits left in the last half hour."""
    series = []
    for name, left in left_credits.items():
        for metric, statistic, value in (
            ("CPUUtilization", "Maximum", cpu_percent),
            ("CPUCreditBalance", "Minimum", left),
            ("CPUSurplusCreditBalance", "Maximum", surplus),
        ):
            points = tuple(Point(at=ago(m), value=value) for m in range(30, 0, -5))
            series.append(
                Series(
                    namespace="AWS/EC2",
                    metric=metric,
                    statistic=statistic,
                    dimensions=(("InstanceId", name),),
                    period_s=300,
                    points=points,
                )
            )
    return incident.replace(HostMetrics(series=tuple(series)))
