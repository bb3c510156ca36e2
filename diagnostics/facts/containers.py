"""ECS services, deployments, tasks and task definitions, with the environment values of allow-listed names only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from pydantic import Field

from diagnostics.facts.fact import Fact, Frozen


class ServiceLoadBalancer(Frozen):
    """Where the service registers its tasks."""

    target_group_arn: str
    container_name: str
    container_port: int
    alternate_target_group_arn: str | None = None


class Deployment(Frozen):
    """`status` PRIMARY, ACTIVE or INACTIVE; `rollout_state` IN_PROGRESS, COMPLETED or FAILED.

    Where CodeDeploy or somebody else deploys, a task set stands here: the newest one is PRIMARY, whichever gets the
    requests, one that drains INACTIVE, and there is no `rollout_state`. `code_deploy_id`: the deployment of CodeDeploy
    that made it. `target_group_arns` are known of task sets only.
    """

    id: str
    status: str
    task_definition: str
    desired: int
    running: int
    pending: int
    failed_tasks: int = 0
    rollout_state: str | None = None
    rollout_state_reason: str = ""
    created_at: datetime
    updated_at: datetime
    code_deploy_id: str | None = None
    target_group_arns: tuple[str, ...] = ()


class ServiceEvent(Frozen):
    id: str
    at: datetime
    message: str


class DeploymentHook(Frozen):
    """What happens at these stages of every deployment: a Lambda function is called, or, without a `function`, the
    deployment waits until somebody continues it. `has_role`: an IAM role stands with it."""

    function: str | None = None
    stages: tuple[str, ...] = ()
    has_role: bool = False


class EcsService(Fact):
    """One ECS service. `events` newest first, at most the 100 that AWS keeps."""

    name: ClassVar[str] = "ecs_service"

    arn: str
    service: str
    cluster: str
    status: str
    desired: int
    running: int
    pending: int
    task_definition: str
    launch_type: str | None = None
    capacity_providers: tuple[str, ...] = ()
    load_balancers: tuple[ServiceLoadBalancer, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    events: tuple[ServiceEvent, ...] = ()
    grace_period_s: int | None = None
    minimum_healthy_percent: int = 100
    maximum_percent: int = 200
    circuit_breaker_enabled: bool = False
    circuit_breaker_rollback: bool = False
    deployment_controller: str = "ECS"
    deployment_strategy: str = "ROLLING"
    hooks: tuple[DeploymentHook, ...] = ()
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    assign_public_ip: bool | None = None
    created_at: datetime | None = None
    tags: dict[str, str] = Field(default_factory=dict)

    @property
    def primary(self) -> Deployment | None:
        return next((deployment for deployment in self.deployments if deployment.status == "PRIMARY"), None)


class EcsCluster(Fact):
    """The cluster of the service, which it may share. `container_insights`: ``disabled``, ``enabled`` or ``enhanced``
    (numbers of each task and container); None: ECS did not say."""

    name: ClassVar[str] = "ecs_cluster"

    arn: str
    cluster: str
    container_insights: str | None = None
    services: int = 0
    running: int = 0
    tags: dict[str, str] = Field(default_factory=dict)


class PortBinding(Frozen):
    container_port: int | None
    host_port: int | None


class Container(Frozen):
    name: str
    image: str = ""
    image_digest: str | None = None
    last_status: str = ""
    exit_code: int | None = None
    reason: str | None = None
    health_status: str | None = None
    bindings: tuple[PortBinding, ...] = ()


class Task(Frozen):
    """`stop_code` and the container reasons are AWS's words.

    `seen_at` is set for a stopped task that ECS has forgotten: an earlier diagnosis saw it then.
    """

    arn: str
    task_definition: str
    last_status: str
    desired_status: str
    started_by: str | None = None
    group: str | None = None
    zone: str | None = None
    launch_type: str | None = None
    capacity_provider: str | None = None
    container_instance_arn: str | None = None
    health_status: str | None = None
    private_ips: tuple[str, ...] = ()
    subnet_id: str | None = None
    network_interface_id: str | None = None
    cpu: str | None = None
    memory: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    stopping_at: datetime | None = None
    stopped_at: datetime | None = None
    stop_code: str | None = None
    stopped_reason: str | None = None
    containers: tuple[Container, ...] = ()
    seen_at: datetime | None = None

    @property
    def id(self) -> str:
        return self.arn.rsplit("/", 1)[-1]

    @property
    def host_ports(self) -> frozenset[int]:
        """The ports of its host that lead to its containers."""
        return frozenset(
            binding.host_port for item in self.containers for binding in item.bindings if binding.host_port
        )


class RunningTasks(Fact):
    """Tasks whose desired status is RUNNING: running, pending and starting ones."""

    name: ClassVar[str] = "running_tasks"

    items: tuple[Task, ...]

    def by_ip(self, ip: str) -> Task | None:
        return next((task for task in self.items if ip in task.private_ips), None)


class StoppedTasks(Fact):
    """Stopped tasks that ECS still remembers (about one hour), and those that it forgot and we saw, newest first."""

    name: ClassVar[str] = "stopped_tasks"

    items: tuple[Task, ...]


class PortMapping(Frozen):
    container_port: int
    host_port: int | None = None
    protocol: str = "tcp"
    name: str | None = None


class ContainerHealthCheck(Frozen):
    command: tuple[str, ...]
    interval_s: int = 30
    timeout_s: int = 5
    retries: int = 3
    start_period_s: int | None = None


class ContainerDefinition(Frozen):
    """`environment` holds allow-listed names with their values; every other name is in `environment_names` only.

    `command` and `entry_point` are redacted before they come here.
    """

    name: str
    image: str
    essential: bool = True
    cpu: int | None = None
    memory_mib: int | None = None
    memory_reservation_mib: int | None = None
    port_mappings: tuple[PortMapping, ...] = ()
    environment: dict[str, str] = Field(default_factory=dict)
    environment_names: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    entry_point: tuple[str, ...] = ()
    health_check: ContainerHealthCheck | None = None
    log_driver: str | None = None
    log_options: dict[str, str] = Field(default_factory=dict)
    stop_timeout_s: int | None = None


class TaskDefinition(Frozen):
    arn: str
    family: str
    revision: int
    network_mode: str
    cpu: str | None = None
    memory: str | None = None
    containers: tuple[ContainerDefinition, ...] = ()
    execution_role_arn: str | None = None
    task_role_arn: str | None = None
    cpu_architecture: str | None = None
    registered_at: datetime | None = None
    registered_by: str | None = None

    def container(self, name: str) -> ContainerDefinition | None:
        return next((container for container in self.containers if container.name == name), None)


class TaskDefinitions(Fact):
    """Task definitions of the present deployments, and the one before the newest, by ARN."""

    name: ClassVar[str] = "task_definitions"

    by_arn: dict[str, TaskDefinition]
    previous_arn: str | None = None

    def of(self, arn: str) -> TaskDefinition | None:
        return self.by_arn.get(arn)

    @property
    def previous(self) -> TaskDefinition | None:
        return self.by_arn.get(self.previous_arn) if self.previous_arn else None

    def all(self) -> Iterator[TaskDefinition]:
        yield from self.by_arn.values()


class ServiceRevision(Frozen):
    """A recorded configuration of the service."""

    arn: str
    task_definition: str
    created_at: datetime | None = None
    security_groups: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    target_group_arns: tuple[str, ...] = ()


class ServiceDeployment(Frozen):
    """One entry of the service's deployment history, newer and older than what DescribeServices shows."""

    arn: str
    status: str
    status_reason: str = ""
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    circuit_breaker_status: str | None = None
    target_revision_arn: str | None = None
    source_revision_arns: tuple[str, ...] = ()


class ServiceHistory(Fact):
    """The newest service deployments and the revisions they lead from and to, newest first."""

    name: ClassVar[str] = "service_history"

    deployments: tuple[ServiceDeployment, ...] = ()
    revisions: tuple[ServiceRevision, ...] = ()

    def revision(self, arn: str | None) -> ServiceRevision | None:
        return next((revision for revision in self.revisions if revision.arn == arn), None)


class ContainerInstance(Frozen):
    arn: str
    ec2_instance_id: str | None
    status: str
    agent_connected: bool


class ContainerInstances(Fact):
    name: ClassVar[str] = "container_instances"

    items: tuple[ContainerInstance, ...]

    def host_of(self, task: Task) -> str | None:
        """The EC2 instance that the task is or was on; None where it is not known."""
        return next((item.ec2_instance_id for item in self.items if item.arn == task.container_instance_arn), None)
