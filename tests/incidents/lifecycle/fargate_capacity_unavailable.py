"""Fargate without room, and services that lack tasks for another reason."""

from diagnostics.facts import EcsService
from tests.incidents.building import Incident, stopped_task
from tests.incidents.cases import finds, look_alike

CODE = "fargate-capacity-unavailable"
FULL = (
    "was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different"
    " availability zone."
)
QUOTA = "was unable to place a task. Reason: You've reached the limit on the number of vCPUs you can run concurrently."
NO_MEMORY = (
    "was unable to place a task because no container instance met all of its requirements. The closest matching"
    " (container-instance 0123456789abcdef) has insufficient memory available."
)


def short(message: str, running: int = 2) -> Incident:
    return Incident().service(running=running, pending=0).event(message, 6).event(message, 26)


def nothing_runs() -> Incident:
    return short(FULL, 0).targets(()).running().elb_errors(503, 500, 20)


def it_was_full_and_has_room_again() -> Incident:
    """Nothing ran from 03:00 to 03:15; the tasks are back, and so are the answers."""
    incident = Incident().event(FULL, 28).event(FULL, 18).event("has reached a steady state.", 14)
    return incident.elb_errors(503, 400, 30, 15)


def stop_reason_says_so() -> Incident:
    failed = stopped_task(
        1, minutes_ago=8, stop_code="TaskFailedToStart", stopped_reason="Capacity is unavailable at this time."
    )
    return Incident().service(running=2, pending=0).stopped(failed)


CASES = (
    finds(CODE, "two of four tasks find no room", lambda: short(FULL), summary_says="no capacity"),
    finds(CODE, "the quota of vCPUs is reached", lambda: short(QUOTA), summary_says="quota"),
    finds(CODE, "nothing runs", nothing_runs, also=("no-registered-targets",)),
    finds(CODE, "it is over", it_was_full_and_has_room_again),
    finds(CODE, "a stop reason says so", stop_reason_says_so),
    look_alike(CODE, "room was found in the meantime", lambda: short(FULL, 4), verdict="no_fault_found"),
    look_alike(CODE, "the cluster's own hosts are full", lambda: short(NO_MEMORY), first="task-placement-failed"),
    look_alike(
        CODE,
        "the service may not be read",
        lambda: nothing_runs().denied(EcsService, "ecs:DescribeServices"),
        first="no-registered-targets",
    ),
)
