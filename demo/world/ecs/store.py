"""What ECS holds in one account and region, and how names and ARNs find it."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator

from demo.world.ecs import errors
from demo.world.ecs.model import Cluster, ScalableTarget, Service, Task, TaskDefinition

ID_LENGTH = 32
DEPLOYMENT_DIGITS = 19
STOPPED_TASKS_KEPT_S = 3600
"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html: at least one hour."""


class EcsStore:
    """Clusters, task definitions, limits of services, and the ids that they get."""

    def __init__(self, account: str, region: str, rng: random.Random) -> None:
        self.account = account
        self.region = region
        self.clusters: dict[str, Cluster] = {}
        self.definitions: dict[str, list[TaskDefinition]] = {}
        self.scalable: dict[str, ScalableTarget] = {}
        self._rng = rng

    def arn(self, rest: str) -> str:
        """An ECS ARN of this account and region."""
        return f"arn:aws:ecs:{self.region}:{self.account}:{rest}"

    def new_id(self, length: int = ID_LENGTH) -> str:
        """A random id as tasks and revisions have it."""
        return "".join(self._rng.choices("0123456789abcdef", k=length))

    def new_number(self) -> str:
        """A random number as deployments and revisions have it."""
        return self._rng.choice("123456789") + "".join(self._rng.choices(string.digits, k=DEPLOYMENT_DIGITS - 1))

    def cluster(self, name_or_arn: str | None) -> Cluster:
        """Raises ClusterNotFoundException."""
        found = self.clusters.get(last_part(name_or_arn or "default"))
        if found is None or not self._is_ours(name_or_arn):
            raise errors.cluster_not_found()
        return found

    def service(self, cluster: str | None, name_or_arn: str) -> Service:
        """Raises ClusterNotFoundException or ServiceNotFoundException."""
        found = self.cluster(cluster).services.get(last_part(name_or_arn))
        if found is None or not self._is_ours(name_or_arn):
            raise errors.service_not_found()
        return found

    def task(self, cluster: Cluster, id_or_arn: str) -> Task | None:
        """None when the cluster has no such task, or has forgotten it."""
        found = cluster.tasks.get(last_part(id_or_arn))
        return found if found is not None and id_or_arn in (found.id, found.arn) else None

    def definition(self, given: str) -> TaskDefinition:
        """By ARN, `family:revision` or family. Raises ClientException."""
        name, _, revision = last_part(given).partition(":")
        active = [d for d in self.definitions.get(name, []) if revision or d.document["status"] == "ACTIVE"]
        wanted = [d for d in active if not revision or str(d.revision) == revision]
        if not wanted or not self._is_ours(given):
            raise errors.task_definition_not_found()
        return wanted[-1]

    def services(self) -> Iterator[Service]:
        """Every service of every cluster."""
        for cluster in self.clusters.values():
            yield from cluster.services.values()

    def tasks_of(self, service: Service) -> list[Task]:
        """All tasks of a service that are still remembered, oldest first."""
        return [task for task in service.cluster.tasks.values() if task.service == service.name]

    def forget_old(self, now: float) -> None:
        """Drops tasks that stopped more than an hour ago."""
        for cluster in self.clusters.values():
            old = [
                task.id
                for task in cluster.tasks.values()
                if task.stopped is not None and now - task.stopped > STOPPED_TASKS_KEPT_S
            ]
            for task_id in old:
                del cluster.tasks[task_id]

    def _is_ours(self, name_or_arn: str | None) -> bool:
        if not name_or_arn or not name_or_arn.startswith("arn:"):
            return True
        return name_or_arn.startswith(self.arn(""))


def last_part(name_or_arn: str) -> str:
    """`prod` of `arn:aws:ecs:…:cluster/prod`, `checkout` of `…:service/prod/checkout`."""
    return name_or_arn.rsplit("/", 1)[-1]
