"""One built service: where it is, and what people do to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from demo.world.apps import App

if TYPE_CHECKING:
    from demo.world.builder import AccountBuilder, HealthCheck, LoadBalancer

PIPELINE = "deploy-pipeline/release"
OPERATOR = "platform-operator/console"
NETWORK_ADMIN = "network-admin/console"


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """How a service is built. Durations in seconds, memory in MiB, `rpm` requests per minute from its clients."""

    name: str
    cluster: str = "prod"
    image: str = ""
    desired: int = 2
    port: int = 8080
    health_path: str = "/healthz"
    health: HealthCheck | None = None
    load_balancer: LoadBalancer | None = None
    host: str | None = None
    path: str | None = None
    client_path: str = "/"
    zones: tuple[str, ...] | None = None
    launch: str = "FARGATE"
    cpu: int = 256
    memory: int = 512
    environment: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    container_health: bool = False
    grace_s: int = 60
    minimum_percent: int = 100
    maximum_percent: int = 200
    breaker: bool = False
    rollback: bool = False
    rpm: float = 60.0
    security_group: str | None = None
    open_port: bool = True
    code_deploy: bool = False
    team: str = "shop"

    @property
    def is_bridge(self) -> bool:
        """On container instances with dynamic host ports."""
        return self.launch == "EC2"


class ServiceHandle:
    """A service in the world. Methods that change something say who does it, `by="role/session"`."""

    def __init__(
        self, account: AccountBuilder, spec: ServiceSpec, balancer: LoadBalancer, group: str, rule: str, own_group: str
    ) -> None:
        self.account = account
        self.spec = spec
        self.load_balancer = balancer
        self.target_group = group
        self.rule = rule
        self.security_group = own_group

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def cluster(self) -> str:
        return self.spec.cluster

    @property
    def arn(self) -> str:
        return f"arn:aws:ecs:{self.account.region}:{self.account.account}:service/{self.cluster}/{self.name}"

    def deploy(self, image: str | None = None, *, app: App | None = None, by: str = PIPELINE, **changes: Any) -> str:
        """Registers a revision with those changes of the spec (image, memory, environment …) and rolls it out.

        Returns the task definition's ARN.
        """
        if image is not None:
            changes["image"] = self.account.image(image)
        self.spec = replace(self.spec, **changes)
        if app is not None:
            self.account.world.apps[self.spec.image] = app
        definition = register_definition(self.account, self.spec, by=by)
        if self.spec.code_deploy:
            self._deploy_blue_green(definition, by)
        else:
            self.update(by=by, taskDefinition=definition)
        return definition

    def _deploy_blue_green(self, definition: str, by: str) -> None:
        at = {"ContainerName": self.name, "ContainerPort": self.spec.port}
        target = {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": definition, "LoadBalancerInfo": at}}
        content = json.dumps({"version": 0.0, "Resources": [{"TargetService": target}]})
        self.account.client("codedeploy", by).create_deployment(
            applicationName=self.name,
            deploymentGroupName=self.name,
            revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": content}},
        )

    def update(self, *, by: str = OPERATOR, **settings: Any) -> None:
        """UpdateService with the API's own parameter names."""
        self.account.client("ecs", by).update_service(cluster=self.cluster, service=self.name, **settings)

    def scale(self, desired: int, *, by: str = OPERATOR) -> None:
        """Changes the desired count."""
        self.update(by=by, desiredCount=desired)

    def set_health_check(self, *, by: str = OPERATOR, **settings: Any) -> None:
        """ModifyTargetGroup with the API's own parameter names, such as HealthCheckPath."""
        self.account.client("elbv2", by).modify_target_group(TargetGroupArn=self.target_group, **settings)

    def revoke_ingress(self, *, by: str = NETWORK_ADMIN) -> None:
        """Removes the rule that lets the load balancer in."""
        port, source = self.spec.port, self.load_balancer.security_group
        self.account.revoke(self.security_group, port, port, source=source, by=by)

    def allow_ingress(
        self, *, low: int | None = None, high: int | None = None, source: str | None = None, by: str = NETWORK_ADMIN
    ) -> None:
        """Adds a rule; by default the one that `revoke_ingress` removes."""
        first = low if low is not None else self.spec.port
        group = source or self.load_balancer.security_group
        self.account.allow(self.security_group, first, high if high is not None else first, source=group, by=by)

    def change_app(self, **attributes: Any) -> None:
        """The running image behaves differently from now on; nobody deployed anything."""
        self.account.world.apps.change(self.spec.image, **attributes)

    def stop_task(self, task: str, *, reason: str, by: str = OPERATOR) -> None:
        """A person stops one task."""
        self.account.client("ecs", by).stop_task(cluster=self.cluster, task=task, reason=reason)


def register_definition(account: AccountBuilder, spec: ServiceSpec, *, by: str) -> str:
    """Registers a task definition revision for a spec; returns its ARN."""
    container: dict[str, Any] = {
        "name": spec.name,
        "image": spec.image,
        "essential": True,
        "memory": spec.memory,
        "portMappings": [{"containerPort": spec.port, "hostPort": 0 if spec.is_bridge else spec.port}],
        "environment": [{"name": key, "value": value} for key, value in spec.environment.items()],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": f"/ecs/{spec.name}",
                "awslogs-region": account.region,
                "awslogs-stream-prefix": spec.name,
            },
        },
    }
    if spec.command:
        container["command"] = list(spec.command)
    if spec.container_health:
        command = ["CMD-SHELL", f"curl -fsS http://localhost:{spec.port}{spec.health_path} || exit 1"]
        container["healthCheck"] = {"command": command, "interval": 15, "timeout": 5, "retries": 3, "startPeriod": 30}
    role = f"arn:aws:iam::{account.account}:role"
    shared: dict[str, Any] = {"family": spec.name, "containerDefinitions": [container]}
    if spec.is_bridge:
        shared |= {"networkMode": "bridge", "requiresCompatibilities": ["EC2"]}
        container["cpu"] = spec.cpu
    else:
        shared |= {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"]}
        shared |= {"cpu": str(spec.cpu), "memory": str(spec.memory)}
    answer = account.client("ecs", by).register_task_definition(
        **shared, executionRoleArn=f"{role}/ecs-execution", taskRoleArn=f"{role}/{spec.name}-task"
    )
    return str(answer["taskDefinition"]["taskDefinitionArn"])
