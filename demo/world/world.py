"""The simulated world: an AWS endpoint whose answers follow from its own configuration as time passes."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping

from demo.aws import elbv2, functions, log_queries, metric_api
from demo.aws.call import Call
from demo.aws.guards import KnownRegions
from demo.aws.health_events import HealthBoard
from demo.aws.layer import AwsLayer
from demo.aws.metrics import MetricStore
from demo.aws.targets import TargetRegistry
from demo.aws.trail import Trail
from demo.clock import Clock, ManualClock
from demo.world import health_api
from demo.world.apps import AppCatalogue
from demo.world.builder import AccountBuilder
from demo.world.code_deploy import ROLE, CodeDeploy
from demo.world.ecs import api_clusters, api_definitions, api_scaling, api_services, api_tasks
from demo.world.in_process import InProcessClients
from demo.world.moto_state import forget_account
from demo.world.nodes import Nodes
from demo.world.people import People
from demo.world.region import Region
from demo.world.targets import Targets
from demo.world.timing import Timing

DEFAULT_REGION = "us-east-1"
SEED = 20260502
CHANGES_MATTER = frozenset({"ec2", "elbv2", "ecs"})


class World:
    """Everything simulated behind one endpoint (`layer`).

    `present` is the moment (POSIX seconds) that a scenario's history leads up to; `until` counts back from it.
    Nothing happens between ticks: each call ticks, a test advances the clock, a live demo runs `start_ticking`.
    """

    def __init__(self, clock: Clock, speed: float = 1.0, *, present: float | None = None) -> None:
        self.timing = Timing(clock, speed)
        self.present = clock() if present is None else present
        self.layer = AwsLayer()
        self.apps = AppCatalogue()
        self.metrics = MetricStore(clock)
        self.trail = Trail(clock)
        self.health_board = HealthBoard()
        self.clients = InProcessClients(self.layer)
        self.people = People(self.clients)
        self.code_deploy = CodeDeploy(lambda service, at: self.people.client(service, at.account, at.name, ROLE))
        self._rng = random.Random(SEED)
        self._nodes = Nodes()
        self._registry = TargetRegistry(clock)
        self._regions: dict[tuple[str, str], Region] = {}
        self._ticked = clock()
        self._install()

    def account(self, account: str, region: str = DEFAULT_REGION) -> AccountBuilder:
        """A builder for an account and region, empty when this world sees the account for the first time."""
        if not any(known == account for known, _ in self._regions):
            forget_account(account)
        return AccountBuilder(self, account, region)

    def region(self, account: str, region: str) -> Region:
        """The simulation of one account and region."""
        found = self._regions.get((account, region))
        if found is None:
            found = self._regions[(account, region)] = Region(
                account,
                region,
                timing=self.timing,
                apps=self.apps,
                metrics=self.metrics,
                targets=Targets(self._registry, self.timing, self.trail),
                nodes=self._nodes,
                rng=random.Random(self._rng.random()),
            )
        return found

    def now(self) -> float:
        """POSIX seconds."""
        return self.timing.now()

    def tick(self) -> None:
        """Brings everything up to the clock."""
        with self.layer.lock:
            self._ticked = self.now()
            for region in list(self._regions.values()):
                region.tick()
            self.code_deploy.tick()

    def advance(self, seconds: float, step: float = 1.0) -> None:
        """Lets simulated time pass in steps. Raises TypeError when the clock is not one that can be moved."""
        clock = self.timing.clock
        if not isinstance(clock, ManualClock):
            raise TypeError("only a ManualClock can be advanced")
        left = seconds
        while left > 1e-9:
            clock.advance(min(step, left))
            left -= step
            self.tick()

    def until(self, minutes_ago: float, step: float = 2.0) -> None:
        """Advances to so many minutes before the present; does nothing when that is already over."""
        self.advance(max(0.0, self.present - minutes_ago * 60 - self.now()), step)

    def start_ticking(self, every_s: float = 0.25) -> Ticker:
        """Live mode: ticks in a thread until the ticker is closed."""
        return Ticker(self, every_s)

    def _install(self) -> None:
        KnownRegions().install(self.layer)
        self.trail.install(self.layer)
        metric_api.install(self.layer, self.metrics)
        self.health_board.install(self.layer)
        elbv2.install(self.layer, self._registry)
        health_api.install(self.layer, self._region_of)
        functions.install(self.layer)
        log_queries.install(self.layer)
        self.code_deploy.install(self.layer, self._region_of)
        for api in (api_clusters, api_definitions, api_scaling, api_services, api_tasks):
            api.install(self.layer, self._region_of)
        self.layer.before.append(self._before)
        self.layer.after.append(self._after)

    def _region_of(self, call: Call) -> Region:
        return self.region(call.account, call.region)

    def _before(self, call: Call) -> None:
        if self.now() > self._ticked:
            self.tick()

    def _after(self, call: Call, status: int, error: Mapping[str, str] | None) -> None:
        if call.service in CHANGES_MATTER and not call.read_only:
            self.region(call.account, call.region).forget()


class Ticker:
    """A thread that ticks a world."""

    def __init__(self, world: World, every_s: float) -> None:
        self._world = world
        self._every_s = every_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="world-ticker", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops ticking and waits for the last tick."""
        self._stopped.set()
        self._thread.join(5.0)

    def _run(self) -> None:
        while not self._stopped.wait(self._every_s):
            self._world.tick()
