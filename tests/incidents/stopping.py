"""Tasks that are asked to stop, and the rows of requests that were lost by it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diagnostics.facts import TargetGroupAttributes, Task
from tests.incidents.building import TG, Incident, ago, definition, stopped_task
from tests.incidents.rows import Rows, closed, connect_timeouts, refused

SCALED_IN = "Scaling activity initiated by (deployment ecs-svc/7)"
BY_USER = "Task stopped by user"
LEAVING = "10.0.1.60"


def leaving(
    number: int = 9,
    *,
    minutes_ago: float = 20,
    exit_code: int = 143,
    by: str = "ServiceSchedulerInitiated",
    reason: str | None = None,
    took_s: float = 12,
    ip: str = LEAVING,
    **changes: Any,
) -> Task:
    """A task that served for hours, was told to stop and was gone `took_s` seconds later."""
    words = SCALED_IN if by == "ServiceSchedulerInitiated" else BY_USER
    task = stopped_task(
        number,
        minutes_ago=minutes_ago,
        exit_code=exit_code,
        stop_code=by,
        stopped_reason=reason or words,
        ip=ip,
        ran_minutes=300,
    )
    return task.model_copy(update={"stopping_at": ago(minutes_ago + took_s / 60), **changes})


def lost_at(
    minutes_ago: float = 20,
    count: int = 60,
    *,
    after_s: tuple[float, float] = (0.1, 4.0),
    before_min: float = 0.15,
    after_min: float = 0.2,
    targets: Sequence[str] = (f"{LEAVING}:8080",),
    **changes: Any,
) -> Rows:
    """Requests that broke off on these targets around so many minutes ago."""
    since, until = minutes_ago + before_min, minutes_ago - after_min
    return closed(count, after_s, since=since, until=until, targets=targets, **changes)


def refused_at(minutes_ago: float = 20, count: int = 40, **changes: Any) -> Rows:
    return refused(
        count, since=minutes_ago + 0.05, until=minutes_ago - 0.3, **{"targets": (f"{LEAVING}:8080",), **changes}
    )


def released_at(minutes_ago: float = 20, count: int = 40, **changes: Any) -> Rows:
    """The address was released, and nodes of the load balancer still send to it."""
    return connect_timeouts(
        count, since=minutes_ago - 0.2, until=minutes_ago - 0.5, **{"targets": (f"{LEAVING}:8080",), **changes}
    )


def with_delay(incident: Incident, seconds: int) -> Incident:
    attributes = {TG: {"deregistration_delay.timeout_seconds": str(seconds)}}
    return incident.replace(TargetGroupAttributes(by_arn=attributes))


def with_stop_timeout(incident: Incident, seconds: int | None) -> Incident:
    container = definition(7).containers[0].model_copy(update={"stop_timeout_s": seconds})
    return incident.definitions(definition(7, containers=(container,)))
