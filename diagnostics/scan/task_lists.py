"""Tasks of many services of a cluster: all of the cluster's are listed and described, and each service gets its own.

ECS lists the tasks of one service at a time, or those of the whole cluster without saying whose they are; that stands
in each task: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from diagnostics.collect.answers import batches
from diagnostics.collect.collector import Read
from diagnostics.collect.sources.tasks import TASKS_PER_CALL
from diagnostics.scan.ways import Parts

MAX_SERVICES = 1_000
MAX_PAGES = 5


@dataclass(frozen=True, slots=True)
class TaskList:
    """A part is the name of a service. `described` makes the reads whose items are shared out."""

    by_resource: bool = True

    def parts(self, read: Read) -> Parts:
        name = read.params.get("serviceName")
        if (read.service, read.operation) != ("ecs", "list_tasks") or not isinstance(name, str):
            return None
        return [name.rsplit("/", 1)[-1]]

    def merged(self, read: Read, parts: Sequence[str]) -> Read:
        whole = {name: value for name, value in read.params.items() if name != "serviceName"}
        return replace(read, params=whole, max_pages=MAX_PAGES)

    def limit(self, read: Read) -> int:
        return MAX_SERVICES

    def described(self, read: Read, items: Sequence[Any]) -> list[Read]:
        cluster = read.params.get("cluster")
        return [
            Read("ecs", "describe_tasks", "tasks", {"cluster": cluster, "tasks": some}, resource=read.resource)
            for some in batches(items, TASKS_PER_CALL)
        ]

    def share(self, items: Sequence[Any], wanted: frozenset[str], asked: Sequence[str], read: Read) -> tuple[Any, ...]:
        groups = {f"service:{name}" for name in wanted}
        return tuple(item["taskArn"] for item in items if item.get("group") in groups)
