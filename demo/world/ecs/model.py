"""The things ECS keeps. Times are POSIX seconds; `None` means that it has not happened.

Source of names and life cycles: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]

STARTING = frozenset({"PROVISIONING", "PENDING", "ACTIVATING"})
DEFAULT_STOP_TIMEOUT_S = 30
MAX_EVENTS = 100


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """One entry of `containerDefinitions`, the parts that the simulation obeys."""

    name: str
    image: str
    essential: bool
    memory_mib: int | None
    cpu_units: int
    ports: tuple[tuple[int, int], ...]
    """(containerPort, hostPort); host port 0 is chosen on the instance."""
    environment: Mapping[str, str]
    health_check: Mapping[str, Any] | None
    stop_timeout_s: int
    command: tuple[str, ...] = ()

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> ContainerSpec:
        """From the API's shape."""
        memory = document.get("memory") or document.get("memoryReservation")
        return cls(
            name=document["name"],
            image=document["image"],
            essential=document.get("essential", True),
            memory_mib=int(memory) if memory else None,
            cpu_units=int(document.get("cpu") or 0),
            ports=tuple(
                (int(m["containerPort"]), int(m.get("hostPort") or 0)) for m in document.get("portMappings", [])
            ),
            environment={pair["name"]: pair.get("value", "") for pair in document.get("environment", [])},
            health_check=document.get("healthCheck"),
            stop_timeout_s=int(document.get("stopTimeout") or DEFAULT_STOP_TIMEOUT_S),
            command=tuple(document.get("command") or ()),
        )


@dataclass(slots=True)
class TaskDefinition:
    """A registered revision; `document` is what DescribeTaskDefinition answers."""

    arn: str
    family: str
    revision: int
    document: Document
    containers: tuple[ContainerSpec, ...]
    tags: list[Document]

    @property
    def network_mode(self) -> str:
        return str(self.document["networkMode"])

    @property
    def cpu_units(self) -> int:
        return int(self.document.get("cpu") or sum(spec.cpu_units for spec in self.containers))

    @property
    def memory_mib(self) -> int:
        return int(self.document.get("memory") or sum(spec.memory_mib or 0 for spec in self.containers))

    def limit_mib(self, spec: ContainerSpec) -> int:
        """The memory at which the kernel kills a container."""
        return spec.memory_mib or self.memory_mib


@dataclass(slots=True)
class Container:
    """One container of one task."""

    arn: str
    spec: ContainerSpec
    last_status: str = "PENDING"
    exit_code: int | None = None
    reason: str | None = None
    health: str = "UNKNOWN"
    bindings: tuple[tuple[int, int], ...] = ()
    """(containerPort, hostPort) on the container instance."""


@dataclass(slots=True)
class ContainerInstance:
    """An EC2 instance that offers room for tasks."""

    arn: str
    instance_id: str
    address: str
    subnet: str
    zone: str
    cpu_units: int
    memory_mib: int
    registered: float
    agent_connected: bool = True
    status: str = "ACTIVE"


@dataclass(slots=True)
class Task:
    """A task from its first second to one hour after its end."""

    id: str
    arn: str
    cluster: Cluster
    definition: TaskDefinition
    service: str
    deployment_id: str
    launch_type: str
    containers: list[Container]
    created: float
    zone: str
    next_at: float
    last_status: str = "PROVISIONING"
    desired_status: str = "RUNNING"
    subnet: str = ""
    address: str = ""
    interface_id: str = ""
    attachment_id: str = ""
    instance: ContainerInstance | None = None
    targets: list[tuple[str, str, int]] = field(default_factory=list)
    """(target group, target id, port) that this task is registered as."""
    pull_started: float | None = None
    pull_stopped: float | None = None
    started: float | None = None
    stopping: float | None = None
    execution_stopped: float | None = None
    stopped: float | None = None
    stop_code: str | None = None
    stopped_reason: str | None = None
    version: int = 1

    @property
    def is_starting(self) -> bool:
        return self.desired_status == "RUNNING" and self.last_status in STARTING

    @property
    def is_running(self) -> bool:
        return self.desired_status == "RUNNING" and self.last_status == "RUNNING"

    @property
    def is_wanted(self) -> bool:
        """Counts against the service's maximum: it is not on its way out."""
        return self.desired_status == "RUNNING"

    @property
    def serves(self) -> bool:
        """Its processes are alive, also while its target drains."""
        return self.started is not None and self.execution_stopped is None

    @property
    def health(self) -> str:
        states = {c.health for c in self.containers if c.spec.essential and c.spec.health_check}
        if not states or "UNKNOWN" in states:
            return "UNKNOWN"
        return "UNHEALTHY" if "UNHEALTHY" in states else "HEALTHY"


@dataclass(slots=True)
class DeploymentRules:
    """`deploymentConfiguration` of a rolling update."""

    minimum_percent: int = 100
    maximum_percent: int = 200
    breaker: bool = False
    rollback: bool = False


@dataclass(slots=True)
class Deployment:
    """One deployment with the service revision that it brings."""

    id: str
    revision_arn: str
    rollout_arn: str
    source_revision_arn: str | None
    definition: TaskDefinition
    network: Document | None
    load_balancers: list[Document]
    launch_type: str
    created: float
    updated: float
    finished: float | None = None
    status: str = "PRIMARY"
    rollout_state: str = "IN_PROGRESS"
    rollout_reason: str = ""
    rollout_status: str = "IN_PROGRESS"
    failed_tasks: int = 0
    consecutive_failures: int = 0
    rolls_back_to: str | None = None
    completed_once: bool = False
    task_set: str = ""
    """PRIMARY, ACTIVE or DRAINING where CodeDeploy makes the deployments, of which `external_id` names the one."""
    external_id: str = ""


@dataclass(slots=True)
class Service:
    """A service and the scheduler's memory of it."""

    arn: str
    name: str
    cluster: Cluster
    desired: int
    launch_type: str
    load_balancers: list[Document]
    network: Document | None
    grace_s: float
    rules: DeploymentRules
    created: float
    created_by: str
    tags: list[Document]
    execute_command: bool = False
    controller: str = "ECS"
    status: str = "ACTIVE"
    deployments: list[Deployment] = field(default_factory=list)
    history: list[Deployment] = field(default_factory=list)
    """Every deployment, newest first; `deployments` holds those still in play."""
    events: list[Document] = field(default_factory=list)
    launch_failures: int = 0
    launch_after: float = 0.0
    replaced_unhealthy: int = 0
    steady: bool = False

    @property
    def primary(self) -> Deployment:
        return self.deployments[0]


@dataclass(slots=True)
class Cluster:
    """A cluster and what is in it."""

    arn: str
    name: str
    tags: list[Document]
    settings: list[Document]
    services: dict[str, Service] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    instances: dict[str, ContainerInstance] = field(default_factory=dict)
    status: str = "ACTIVE"


@dataclass(slots=True)
class ScalableTarget:
    """Between how many tasks Application Auto Scaling may choose for a service; what it did, newest first."""

    arn: str
    resource_id: str
    minimum: int
    maximum: int
    created: float
    activities: list[Document] = field(default_factory=list)
