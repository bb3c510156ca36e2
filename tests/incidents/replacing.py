"""A service whose only task ECS replaces again and again, looked at in one of the moments in between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from diagnostics.facts import Target
from tests.incidents.building import PORT, TG, Incident, ago, stopped_task, task

Moment = Literal["empty", "initial", "draining"]
MOMENTS: tuple[Moment, ...] = ("empty", "initial", "draining")
NOT_FOUND = "Health checks failed with these codes: [404]"
REFUSED = "Health checks failed"
SILENT = "Request timed out"
KILLED = f"Task failed ELB health checks in (target-group {TG})"
_STATES: Mapping[Moment, tuple[str, str] | None] = {
    "empty": None,
    "initial": ("initial", "Elb.InitialHealthChecking"),
    "draining": ("draining", "Target.DeregistrationInProgress"),
}


def replacing(
    incident: Incident,
    reason: str,
    moment: Moment,
    *,
    last_min: float = 1,
    every_min: float = 4,
    ran_min: float = 2,
    times: int = 3,
    revision: int = 7,
    stops_known: bool = True,
    served: bool = False,
) -> Incident:
    """ECS stopped its task `times` times for this reason, the last time `last_min` minutes ago; users notice gaps.

    `served`: between them the tasks answer users well.
    """
    incident.service(desired=1, running=0, grace_period_s=30)
    for number in range(times):
        minutes_ago = last_min + number * every_min
        stopped = stopped_task(
            40 + number,
            minutes_ago=minutes_ago,
            exit_code=143,
            stop_code="ServiceSchedulerInitiated",
            stopped_reason=KILLED,
            revision=revision,
            ran_minutes=ran_min,
            ip=f"10.0.1.{40 + number}",
        )
        words = f"(task {stopped.id}) (port {PORT}) is unhealthy in (target-group {TG}) due to (reason {reason})."
        incident.event(words, minutes_ago + 0.4)
        incident.event(f"has stopped 1 running tasks: (task {stopped.id}).", minutes_ago + 0.3)
        if stops_known:
            incident.stopped(stopped)
    if not served:
        incident.of_group("HTTPCode_Target_2XX_Count", 600, 180, 15)
    return _at(incident, moment, revision).elb_errors(503, 40, last_min + times * every_min)


def _at(incident: Incident, moment: Moment, revision: int) -> Incident:
    found = _STATES[moment]
    incident.targets(
        (Target(id="10.0.1.21", port=PORT, zone="us-east-1a", state=found[0], reason=found[1]),) if found else ()
    )
    fresh = task(1, "10.0.1.21", revision=revision, started=0.3)
    starting = task(1, "10.0.1.21", revision=revision, last_status="PENDING", started_at=None, created_at=ago(0.3))
    incident.running(fresh if moment == "initial" else starting)
    for statistic in ("Minimum", "Maximum"):
        incident.of_group("HealthyHostCount", 1, 180, 15, statistic)
        incident.of_group("UnHealthyHostCount", 0, 180, 0, statistic)
    return incident
