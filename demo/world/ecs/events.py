"""Service events: the sentences that DescribeServices returns.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from demo.world.ecs.model import MAX_EVENTS, Service
from demo.world.timing import stamp

REPEAT_AFTER_S = 6 * 3600
"""ECS does not repeat the same message within six hours."""


def say(service: Service, now: float, message: str) -> None:
    """Adds an event, newest first; the same sentence twice in a row is said once in six hours."""
    text = f"(service {service.name}) {message}"
    if service.events:
        newest = service.events[0]
        if newest["message"] == text and now - newest["createdAt"].timestamp() < REPEAT_AFTER_S:
            return
    service.events.insert(0, {"id": str(uuid.uuid4()), "createdAt": stamp(now), "message": text})
    del service.events[MAX_EVENTS:]


def say_targets(service: Service, now: float, verb: str, target_group: str) -> None:
    """`registered` or `deregistered`; targets of one moment and one group share a sentence."""
    count, same_time = 1, [event for event in service.events if event["createdAt"] == stamp(now)]
    for event in same_time:
        parts = event["message"].removeprefix(f"(service {service.name}) ").split(" ", 2)
        if parts[0] == verb and parts[2] == f"targets in (target-group {target_group})":
            count += int(parts[1])
            service.events.remove(event)
    say(service, now, f"{verb} {count} targets in (target-group {target_group})")


def tasks_listed(ids: Sequence[str]) -> str:
    return " ".join(f"(task {task_id})" for task_id in ids)


def started(ids: Sequence[str], replaced_unhealthy: int) -> str:
    sentence = f"has started {len(ids)} tasks: {tasks_listed(ids)}."
    if replaced_unhealthy:
        sentence += f" Amazon ECS replaced {replaced_unhealthy} tasks due to an unhealthy status."
    return sentence


def stopped(ids: Sequence[str]) -> str:
    return f"has stopped {len(ids)} running tasks: {tasks_listed(ids)}."


def draining(count: int) -> str:
    return f"has begun draining connections on {count} tasks."


def unhealthy_target(owner: str, port: int, target_group: str, reason: str) -> str:
    """`owner` is `(task …)` or `(instance …)`."""
    return f"{owner} (port {port}) is unhealthy in (target-group {target_group}) due to (reason {reason})."


def unhealthy_container(task_id: str) -> str:
    return f"(task {task_id}) failed container health checks."


def steady() -> str:
    return "has reached a steady state."


def deployment_completed(deployment_id: str) -> str:
    return f"(deployment {deployment_id}) deployment completed."


def deployment_failed(deployment_id: str) -> str:
    return f"(deployment {deployment_id}) deployment failed: tasks failed to start."


def rolling_back(deployment_id: str) -> str:
    return f"rolling back to deployment {deployment_id}."


def unable_to_start() -> str:
    return "is unable to consistently start tasks successfully."


def unable_to_place(reason: str) -> str:
    return (
        "was unable to place a task because no container instance met all of its requirements. "
        f"Reason: {reason} For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
    )
