"""Spot that was taken back, and ends that only look like it."""

from typing import Any

from diagnostics.facts import Hosts, StoppedTasks, Task
from tests.incidents.building import Incident, ago, stopped_task
from tests.incidents.cases import finds, look_alike
from tests.incidents.on_hosts import (
    host_went_away,
    on_hosts,
    plain_instances,
    scaled_in,
    terminated,
    with_host,
)
from tests.incidents.rows import closed, logged

CODE = "spot-interruption"
DRAIN = ("graceful-shutdown-missing",)
LOST = ("container-instance-lost", *DRAIN)
TAKEN_BACK: dict[str, Any] = {
    "reason_code": "Server.SpotInstanceTermination",
    "reason": "Server.SpotInstanceTermination: Spot instance termination",
    "lifecycle": "spot",
}
REBALANCED = (
    "At 2026-11-21T03:10:00Z an instance was taken out of service in response to an EC2 instance rebalance"
    " recommendation."
)


def interrupted(number: int, *, minutes_ago: float = 15, **changes: Any) -> Task:
    made = stopped_task(
        number,
        minutes_ago=minutes_ago,
        stop_code="SpotInterruption",
        stopped_reason="Your Spot Task was interrupted.",
        ran_minutes=200,
        exit_code=143,
        ip=f"10.0.1.{60 + number}",
    )
    return made.model_copy(update={"capacity_provider": "FARGATE_SPOT", "stopping_at": ago(minutes_ago + 2), **changes})


def on_fargate_spot(**changes: Any) -> Incident:
    incident = Incident().service(launch_type=None, capacity_providers=("FARGATE_SPOT",))
    incident.stopped(*(interrupted(n, **changes) for n in (1, 2)))
    return incident.elb_errors(502, 50, 16, 14)


def without_the_documented_text() -> Incident:
    return on_fargate_spot(stop_code="TerminationNotice", stopped_reason="")


def rows_on_the_interrupted_tasks() -> Incident:
    incident = on_fargate_spot()
    targets = ("10.0.1.61:8080", "10.0.1.62:8080")
    return logged(incident, closed(60, (0.1, 3.0), since=16, until=15, targets=targets))


def a_spot_host() -> Incident:
    return with_host(host_went_away(on_hosts()), terminated("i-0b", **TAKEN_BACK))


def capacity_rebalancing_ended_it() -> Incident:
    ended = terminated("i-0b", lifecycle="spot")
    return scaled_in(with_host(host_went_away(on_hosts()), ended), cause=REBALANCED)


def plain_spot_instance() -> Incident:
    """Still registered; its address is not there any more."""
    incident = with_host(plain_instances(), terminated("i-0b", **TAKEN_BACK))
    return incident.health("unused", "Target.InvalidState", "Target is in the terminated state", targets=["i-0b"])


def on_demand_host() -> Incident:
    return with_host(host_went_away(on_hosts()), terminated("i-0b"))


def somebody_stopped_spot_tasks() -> Incident:
    return on_fargate_spot(stop_code="UserInitiated", stopped_reason="Task stopped by user")


def scale_in_of_a_spot_host() -> Incident:
    return scaled_in(with_host(host_went_away(on_hosts()), terminated("i-0b", lifecycle="spot")))


def nothing_followed() -> Incident:
    incident = Incident().service(launch_type=None, capacity_providers=("FARGATE_SPOT",))
    return incident.stopped(interrupted(1))


CASES = (
    finds(CODE, "two tasks on FARGATE_SPOT", on_fargate_spot, also=DRAIN, band="confirmed"),
    finds(CODE, "without the documented text", without_the_documented_text, also=DRAIN),
    finds(CODE, "rows on the interrupted tasks", rows_on_the_interrupted_tasks, also=DRAIN, band="confirmed"),
    finds(CODE, "a Spot host was taken back", a_spot_host, also=LOST, band="confirmed"),
    finds(CODE, "capacity rebalancing ended the host", capacity_rebalancing_ended_it, also=LOST),
    finds(CODE, "a plain Spot instance", plain_spot_instance, also=("target-instance-stopped",)),
    look_alike(CODE, "a host that is not Spot ended", on_demand_host, first="container-instance-lost", also=DRAIN),
    look_alike(
        CODE, "somebody stopped tasks on Spot", somebody_stopped_spot_tasks, first="manual-stop-task", also=DRAIN
    ),
    look_alike(CODE, "a scale-in of a Spot host", scale_in_of_a_spot_host, first="asg-scale-in-abrupt", also=LOST),
    look_alike(CODE, "a task was replaced and nobody noticed", nothing_followed, risk=True),
    look_alike(
        CODE,
        "instances may not be read, so that nothing shows Spot",
        lambda: a_spot_host().denied(Hosts, "ec2:DescribeInstances"),
        first="container-instance-lost",
        also=DRAIN,
    ),
    look_alike(
        CODE,
        "stopped tasks may not be read",
        lambda: on_fargate_spot().denied(StoppedTasks, "ecs:ListTasks"),
        first="insufficient-evidence",
        also=DRAIN,
    ),
)
