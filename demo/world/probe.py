"""One request from a load balancer node to a target, and what comes of it.

This is the simulation's ground truth. It knows nothing of the product that is to find it out.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from moto.ec2.models import EC2Backend, ec2_backends

from demo.world.apps import App, AppCatalogue
from demo.world.ecs.model import Container, ContainerSpec, Task
from demo.world.ecs.store import EcsStore
from demo.world.network import Endpoint, Network
from demo.world.timing import Timing

CONNECT_TIMEOUT_S = 10.0
CUT_OFF_S = 2.5
"""For how long after its end a task still shows as connections that break."""
PLAIN_HTTP_TO_TLS = 400


class Kind(Enum):
    """How one exchange with a target ends."""

    ANSWERED = "answered"
    CONNECT_TIMEOUT = "connect-timeout"
    REFUSED = "refused"
    TLS_FAILED = "tls-failed"
    NO_RESPONSE = "no-response"
    CLOSED = "closed"
    FUNCTION_FAILED = "function-failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status` is 0 unless the target answered; `latency_s` is the target's processing time.

    `closes_share` is the share of such requests on which the target closes the connection instead. `reason` is the
    load balancer's word for what went wrong with a function.
    """

    kind: Kind
    status: int = 0
    latency_s: float = 0.0
    closes_share: float = 0.0
    reason: str = "-"


@dataclass(frozen=True, slots=True)
class Target:
    """A registered target."""

    group: str
    id: str
    port: int

    @property
    def is_instance(self) -> bool:
        return self.id.startswith("i-")


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is asked of a target."""

    port: int
    path: str
    uses_tls: bool
    timeout_s: float
    host_is_ip: bool


class Prober:
    """Sends synthetic requests inside one account and region."""

    def __init__(self, store: EcsStore, network: Network, apps: AppCatalogue, timing: Timing) -> None:
        self._store = store
        self._network = network
        self._apps = apps
        self._timing = timing
        self._ec2: EC2Backend = ec2_backends[store.account][store.region]
        self._tasks: dict[str, list[Task]] | None = None
        self._zones: dict[Target, str | None] = {}
        self.servers: dict[str, App] = {}
        """What runs on instances that belong to no cluster, by instance id."""

    def forget(self) -> None:
        """Tasks or instances may have changed."""
        self._tasks = None
        self._zones.clear()

    def send(self, node: Endpoint, target: Target, exchange: Exchange) -> Outcome:
        """One connection and one request, judged now."""
        address = self.address_of(target)
        there = self._network.interface_at(address) if address else None
        if there is None or not self._network.passes(node, there, exchange.port):
            return Outcome(Kind.CONNECT_TIMEOUT)
        if (silent := self._silence(target, address)) is not None:
            return Outcome(silent)
        found = self._listener(target, address, exchange.port)
        if found is None:
            return self._server(target, exchange)
        task, listener = found
        return _converse(self._apps[listener.spec.image], exchange, listener.spec, task.definition.cpu_units)

    @property
    def apps_version(self) -> int:
        """Changes when an image behaves differently from now on."""
        return self._apps.version

    def is_settled(self, target: Target) -> bool:
        """Whether its answers last until something is changed: nothing boots there and nothing has ended."""
        tasks = self._at(self.address_of(target))
        return all(self._is_up(task) for task in tasks) and (bool(tasks) or target.id in self.servers)

    def _is_up(self, task: Task) -> bool:
        if task.started is None or not task.serves:
            return False
        age_s = self._timing.age_s(task.started)
        return all(age_s >= self._apps[container.spec.image].boot_s for container in task.containers)

    def address_of(self, target: Target) -> str:
        """The private address behind a target; empty when there is none."""
        if not target.is_instance:
            return target.id
        instance = self._ec2.get_instance_by_id(target.id)
        return str(instance.private_ip) if instance is not None else ""

    def task_at(self, address: str) -> Task | None:
        """The Fargate task whose address this is; None for instances, which tasks share."""
        return next((task for task in self._at(address) if task.instance is None and task.serves), None)

    def zone_of(self, target: Target) -> str | None:
        """The Availability Zone of the target's subnet."""
        if target not in self._zones:
            there = self._network.interface_at(self.address_of(target))
            self._zones[target] = str(self._ec2.get_subnet(there.subnet).availability_zone) if there else None
        return self._zones[target]

    def instance_state(self, target: Target) -> str | None:
        """`running`, `stopped`, … of an instance target; None for addresses."""
        if not target.is_instance:
            return None
        instance = self._ec2.get_instance_by_id(target.id)
        return str(instance.state) if instance is not None else "terminated"

    def _at(self, address: str) -> list[Task]:
        if self._tasks is None:
            self._tasks = {}
            for cluster in self._store.clusters.values():
                for task in cluster.tasks.values():
                    if task.stopped is None and task.address:
                        self._tasks.setdefault(task.address, []).append(task)
        return self._tasks.get(address, [])

    def _silence(self, target: Target, address: str) -> Kind | None:
        """How a dead Fargate task fails: requests under way are cut off, later its address swallows packets.

        An instance, and an address that no task owns, refuse connections by themselves.
        """
        owners = [task for task in self._at(address) if task.instance is None]
        if target.is_instance or not owners or any(task.execution_stopped is None for task in owners):
            return None
        ended = max(task.execution_stopped or 0.0 for task in owners)
        cut_off = self._timing.now() - ended <= self._timing.span_s(CUT_OFF_S)
        return Kind.CLOSED if cut_off else Kind.CONNECT_TIMEOUT

    def _server(self, target: Target, exchange: Exchange) -> Outcome:
        """A program on the instance itself; nobody listens where there is none."""
        app = self.servers.get(target.id)
        if app is None or app.loopback_only or exchange.port not in app.listens_on({}):
            return Outcome(Kind.REFUSED)
        return _converse(app, exchange)

    def _listener(self, target: Target, address: str, port: int) -> tuple[Task, Container] | None:
        for task in self._at(address):
            if not task.serves or task.started is None:
                continue
            for container in task.containers:
                app = self._apps[container.spec.image]
                if self._timing.age_s(task.started) < app.boot_s or app.loopback_only:
                    continue
                if _inside_port(task, container, port) in app.listens_on(container.spec.environment):
                    return task, container
        return None


def _inside_port(task: Task, container: Container, port: int) -> int | None:
    if task.instance is None:
        return port
    return next((inside for inside, host in container.bindings if host == port), None)


def _converse(app: App, exchange: Exchange, spec: ContainerSpec | None = None, cpu_units: int | None = None) -> Outcome:
    if exchange.uses_tls and not app.tls:
        return Outcome(Kind.TLS_FAILED)
    if app.tls and not exchange.uses_tls:
        return Outcome(Kind.ANSWERED, PLAIN_HTTP_TO_TLS, 0.001)
    answer = app.answer(exchange.path, host_is_ip=exchange.host_is_ip, cpu_units=cpu_units)
    if answer.latency_s > exchange.timeout_s:
        return Outcome(Kind.NO_RESPONSE, latency_s=exchange.timeout_s)
    races = app.closes_within(exchange.timeout_s, spec.environment if spec else {}, spec.command if spec else ())
    return Outcome(Kind.ANSWERED, answer.status, answer.latency_s, app.closes_share if races else 0.0)
