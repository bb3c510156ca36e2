"""ECS's own events, as EventBridge sends them: a task that stopped is told at once, and not only when somebody asks.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from diagnostics.collect.sources.tasks import task_of
from diagnostics.collect.task_memory import name_of
from diagnostics.facts import Task

TASK_EVENT: Final = "ECS Task State Change"
_OF_A_SERVICE: Final = "service:"


def stopped_task(event: Mapping[str, Any]) -> tuple[str, Task] | None:
    """The service's name in the memory of tasks, and the task that stopped; None for any other event.

    Only the shape is checked here: whoever passes an event on has made sure where it comes from.
    """
    detail = event.get("detail")
    if event.get("detail-type") != TASK_EVENT or event.get("source") != "aws.ecs" or not isinstance(detail, Mapping):
        return None
    try:
        task = task_of(detail)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    group, cluster = task.group or "", str(detail.get("clusterArn") or "")
    if task.stopped_at is None or not group.startswith(_OF_A_SERVICE) or not cluster:
        return None
    account, region = str(event.get("account") or ""), str(event.get("region") or "")
    return name_of(account, region, cluster.rsplit("/", 1)[-1], group.removeprefix(_OF_A_SERVICE)), task
