from diagnostics.facts import Metrics, Point, StoppedTasks
from tests.incidents.building import (
    LB_DIMENSION,
    TG,
    TG_DIMENSION,
    Incident,
    ago,
    deployment,
    minutes_of,
    stopped_task,
)
from tests.incidents.cases import finds, look_alike
from tests.incidents.health_check.health_check_path_mismatch import OPEN
from tests.incidents.health_check.health_check_port_mismatch import SILENT
from tests.incidents.loading import Wrote, wrote

CODE = "health-check-thresholds-too-aggressive"
PAUSES = Wrote("memory-pause", 6, since=52, until=8)
KILL = f"Task failed ELB health checks in (target-group {TG})"


def quick() -> Incident:
    """Two failed checks five seconds apart are enough."""
    return Incident().health_check(interval_s=5, timeout_s=2, unhealthy_threshold=2)


def dips(incident: Incident, *minutes_ago: float, length: int = 1) -> Incident:
    """Targets are unhealthy for so many minutes at these times, and well again."""
    sick = {ago(at - n) for at in minutes_ago for n in range(length)}
    both = {"LoadBalancer": LB_DIMENSION, "TargetGroup": TG_DIMENSION}
    points = tuple(Point(at=p.at, value=1.0 if p.at in sick else 0.0) for p in minutes_of(0, 180))
    return incident.metric("UnHealthyHostCount", points, "Maximum", **both)


def replaced(incident: Incident, *minutes_ago: float, ran_minutes: float = 600) -> Incident:
    """ECS stopped a task for it at these times."""
    kills = (
        stopped_task(
            60 + n,
            minutes_ago=at,
            stop_code="ServiceSchedulerInitiated",
            stopped_reason=KILL,
            ran_minutes=ran_minutes,
            ip=f"10.0.1.{60 + n}",
        )
        for n, at in enumerate(minutes_ago)
    )
    incident.stopped(*kills)
    for n, at in enumerate(minutes_ago):
        incident.event(
            f"(task {60 + n:08x}{0:024x}) (port 8080) is unhealthy in (target-group {TG})"
            " due to (reason Request timed out)",
            at,
        )
    return incident.event("has reached a steady state.", 2)


CASES = (
    finds(CODE, "targets fail for a minute and return", lambda: dips(quick(), 50, 31, 12), band="likely"),
    finds(
        CODE,
        "pauses of the garbage collector, and ECS replaces the task each time",
        lambda: wrote(replaced(dips(quick(), 50, 31, 12), 50, 31, 12), PAUSES),
        band="confirmed",
    ),
    finds(
        CODE,
        "one long pause cost a task",
        lambda: wrote(replaced(dips(quick(), 12), 12), PAUSES),
        band="likely",
    ),
    finds(
        CODE,
        "stopped tasks may not be read",
        lambda: dips(quick(), 50, 31, 12).denied(StoppedTasks, "ecs:DescribeTasks"),
        band="possible",
    ),
    look_alike(
        CODE,
        "all targets fail and go on failing",
        lambda: quick().unhealthy(*SILENT, since=20),
        first="health-check-timeout-too-short",
        also=(OPEN,),
    ),
    look_alike(
        CODE, "the same dips with a patient check", lambda: dips(Incident(), 50, 31, 12), verdict="no_fault_found"
    ),
    look_alike(
        CODE,
        "new tasks fail while a deployment goes on",
        lambda: dips(quick().service(deployments=(deployment(8, created=14),)), 12, 8),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "tasks crash, and their targets are unhealthy for a moment",
        lambda: dips(quick(), 31, 12).stopped(
            stopped_task(70, minutes_ago=31, exit_code=1), stopped_task(71, minutes_ago=12, exit_code=1)
        ),
        first="task-crash-exit",
    ),
    look_alike(
        CODE,
        "new tasks are killed while they boot",
        lambda: replaced(dips(quick(), 31, 12), 31, 12, ran_minutes=1.5),
        first="health-check-grace-period-too-short",
        also=("health-check-timeout-too-short",),
    ),
    look_alike(
        CODE,
        "metrics may not be read",
        lambda: dips(quick(), 50, 31, 12).denied(Metrics, "cloudwatch:GetMetricData"),
        verdict="no_fault_found",
    ),
)
