from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike

NO_MEMORY = (
    "was unable to place a task because no container instance met all of its requirements. The closest matching "
    "(container-instance 0123456789abcdef) has insufficient memory available."
)
NO_ATTRIBUTE = (
    "was unable to place a task because no container instance met all of its requirements. The closest matching "
    "(container-instance 0123456789abcdef) is missing an attribute required by your task."
)
FARGATE = "was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later."


def short(message: str, running: int = 2) -> Incident:
    return Incident().service(running=running, pending=0).event(message, 6).event(message, 26)


CASES = (
    finds(
        "task-placement-failed",
        "the cluster is out of memory",
        lambda: short(NO_MEMORY),
        summary_says="not enough memory",
    ),
    finds(
        "task-placement-failed",
        "nothing runs for want of room",
        lambda: short(NO_MEMORY, 0).targets(()).running().elb_errors(503, 500, 20),
        also=("no-registered-targets",),
    ),
    finds(
        "task-placement-failed",
        "no host has what the only task asks for",
        lambda: short(NO_ATTRIBUTE, 0).service(desired=1).targets(()).running(),
        summary_says="ECS cannot place its only task: the cluster has no host with an attribute",
        also=("no-registered-targets",),
    ),
    look_alike("task-placement-failed", "room was found in the meantime", lambda: short(NO_MEMORY, 4)),
    look_alike(
        "task-placement-failed",
        "Fargate itself has no capacity",
        lambda: short(FARGATE),
        first="fargate-capacity-unavailable",
    ),
)
