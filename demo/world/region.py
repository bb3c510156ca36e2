"""One account in one region: everything of the simulation that lives there, wired together."""

from __future__ import annotations

import random
from collections.abc import Callable

from demo.aws.call import Call
from demo.aws.metrics import MetricStore
from demo.world.access_log import AccessLogs
from demo.world.app_log import AppLog
from demo.world.apps import AppCatalogue
from demo.world.balancers import Balancers
from demo.world.ecs.lifecycle import Lifecycle
from demo.world.ecs.placement import Placement
from demo.world.ecs.scheduler import Scheduler
from demo.world.ecs.store import EcsStore
from demo.world.functions import Functions
from demo.world.health import HealthChecks
from demo.world.measures import Measures
from demo.world.network import Network
from demo.world.nodes import Nodes
from demo.world.probe import Prober
from demo.world.targets import Targets
from demo.world.timing import Timing
from demo.world.traffic import Traffic


class Region:
    """Wires the parts; `tick` brings them up to the clock."""

    def __init__(
        self,
        account: str,
        region: str,
        *,
        timing: Timing,
        apps: AppCatalogue,
        metrics: MetricStore,
        targets: Targets,
        nodes: Nodes,
        rng: random.Random,
    ) -> None:
        self.account = account
        self.name = region
        self.timing = timing
        self.apps = apps
        self.store = EcsStore(account, region, rng)
        self.network = Network(account, region)
        self.balancers = Balancers(account, region)
        self.targets = targets
        self.nodes = nodes
        self.prober = Prober(self.store, self.network, apps, timing)
        self.health = HealthChecks(self.balancers, nodes, targets, self.prober, timing)
        self.placement = Placement(self.store)
        self.lifecycle = Lifecycle(timing, apps, self.placement, targets, AppLog(account, region))
        self.scheduler = Scheduler(self.store, timing, self.placement, self.lifecycle, self.health)
        self.measures = Measures(
            metrics, self.store, self.balancers, nodes, targets, self.health, self.prober, apps, rng
        )
        logs = AccessLogs(account, region, timing, rng)
        self.functions = Functions(account, region, targets, metrics, rng)
        self.traffic = Traffic(
            self.balancers, nodes, self.health, self.prober, self.measures, logs, self.functions, timing, rng
        )
        self._seen = self._fingerprint()

    def tick(self) -> None:
        """ECS first, then the health of what it registered, then the clients."""
        self.scheduler.tick()
        self.targets.leave_trace()
        if (now := self._fingerprint()) != self._seen:
            self._seen = now
            self._forget_tasks()
        self.health.tick()
        self.traffic.tick()

    def forget(self) -> None:
        """After a change made through the API."""
        self._forget_tasks()
        self.balancers.forget()
        self.nodes.forget()

    def _forget_tasks(self) -> None:
        self.network.forget()
        self.prober.forget()
        self.health.forget()
        self.traffic.forget()

    def _fingerprint(self) -> int:
        """Changes whenever a task gains or loses an address or a life."""
        return sum(task.version + 1 for cluster in self.store.clusters.values() for task in cluster.tasks.values())


RegionOf = Callable[[Call], Region]
