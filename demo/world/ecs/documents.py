"""ECS objects as the API answers them; what is None is left out of the answer."""

from __future__ import annotations

from demo.world.ecs import rollout, task_sets
from demo.world.ecs.model import (
    Cluster,
    Container,
    ContainerInstance,
    Deployment,
    DeploymentRules,
    Document,
    Service,
    Task,
)
from demo.world.timing import stamp

PLATFORM_VERSION = "1.4.0"
SERVICE_ROLE = "aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 -- what DescribeTasks reports, nothing binds to it


def cluster(item: Cluster) -> Document:
    tasks = list(item.tasks.values())
    return {
        "clusterArn": item.arn,
        "clusterName": item.name,
        "status": item.status,
        "registeredContainerInstancesCount": len(item.instances),
        "runningTasksCount": sum(task.last_status == "RUNNING" for task in tasks),
        "pendingTasksCount": sum(task.is_starting for task in tasks),
        "activeServicesCount": sum(service.status == "ACTIVE" for service in item.services.values()),
        "settings": item.settings,
        "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "defaultCapacityProviderStrategy": [],
        "tags": item.tags,
    }


def rules(item: DeploymentRules) -> Document:
    return {
        "deploymentCircuitBreaker": {"enable": item.breaker, "rollback": item.rollback},
        "minimumHealthyPercent": item.minimum_percent,
        "maximumPercent": item.maximum_percent,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    }


def service(item: Service, tasks: list[Task], *, with_tags: bool) -> Document:
    document: Document = {
        "serviceArn": item.arn,
        "serviceName": item.name,
        "clusterArn": item.cluster.arn,
        "status": item.status,
        "desiredCount": item.desired,
        "runningCount": sum(task.last_status == "RUNNING" for task in tasks),
        "pendingCount": sum(task.is_starting for task in tasks),
        "launchType": item.launch_type,
        "loadBalancers": item.load_balancers,
        "serviceRegistries": [],
        "taskDefinition": item.primary.definition.arn,
        "deploymentConfiguration": rules(item.rules),
        "deployments": [deployment(item, each, tasks) for each in item.deployments],
        "events": item.events,
        "createdAt": stamp(item.created),
        "createdBy": item.created_by,
        "currentServiceDeployment": item.primary.rollout_arn,
        "currentServiceRevisions": [revision_summary(item, each, tasks) for each in item.deployments],
        "placementConstraints": [],
        "placementStrategy": [],
        "healthCheckGracePeriodSeconds": round(item.grace_s),
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": item.controller},
        "enableECSManagedTags": False,
        "propagateTags": "NONE",
        "enableExecuteCommand": item.execute_command,
        "availabilityZoneRebalancing": "DISABLED",
        "roleArn": f"arn:aws:iam::{item.arn.split(':')[4]}:role/{SERVICE_ROLE}",
        "networkConfiguration": item.network,
        "tags": item.tags if with_tags else None,
        **_platform(item.launch_type),
    }
    if item.controller == task_sets.CODE_DEPLOY:
        for name in ("taskDefinition", "currentServiceDeployment", "currentServiceRevisions"):
            del document[name]
        document["deployments"] = []
        document["taskSets"] = [task_sets.document(item, each, tasks) for each in item.deployments]
    return document


def deployment(item: Service, each: Deployment, tasks: list[Task]) -> Document:
    return {
        "id": each.id,
        "status": each.status,
        "taskDefinition": each.definition.arn,
        **rollout.counts(item, each, tasks),
        "createdAt": stamp(each.created),
        "updatedAt": stamp(each.updated),
        "launchType": each.launch_type,
        "rolloutState": each.rollout_state,
        "rolloutStateReason": each.rollout_reason,
        "networkConfiguration": each.network,
        **_platform(each.launch_type),
    }


def _platform(launch_type: str) -> Document:
    return {"platformVersion": PLATFORM_VERSION, "platformFamily": "Linux"} if launch_type == "FARGATE" else {}


def revision_summary(item: Service, each: Deployment, tasks: list[Task]) -> Document:
    numbers = rollout.counts(item, each, tasks)
    return {
        "arn": each.revision_arn,
        "requestedTaskCount": numbers["desiredCount"],
        "runningTaskCount": numbers["runningCount"],
        "pendingTaskCount": numbers["pendingCount"],
    }


def _rollout(item: Service, each: Deployment) -> Document:
    return {
        "serviceDeploymentArn": each.rollout_arn,
        "serviceArn": item.arn,
        "clusterArn": item.cluster.arn,
        "createdAt": stamp(each.created),
        "startedAt": stamp(each.created),
        "finishedAt": stamp(each.finished),
        "status": each.rollout_status,
    }


def rollout_brief(item: Service, each: Deployment) -> Document:
    return {
        **_rollout(item, each),
        "targetServiceRevisionArn": each.revision_arn,
        "statusReason": each.rollout_reason if each.rollout_status != "IN_PROGRESS" else None,
    }


def rollout_full(item: Service, each: Deployment, tasks: list[Task]) -> Document:
    limit = rollout.threshold(item)
    breaker = "DISABLED"
    if item.rules.breaker:
        watching = "MONITORING_COMPLETE" if each.finished else "MONITORING"
        breaker = "TRIGGERED" if rollout.has_failed(each) else watching
    document: Document = {
        **_rollout(item, each),
        "updatedAt": stamp(each.updated),
        "sourceServiceRevisions": [{"arn": each.source_revision_arn}] if each.source_revision_arn else [],
        "targetServiceRevision": revision_summary(item, each, tasks),
        "deploymentConfiguration": rules(item.rules),
        "deploymentCircuitBreaker": {
            "status": breaker,
            "failureCount": min(each.failed_tasks, limit),
            "threshold": limit,
        },
    }
    if each.rolls_back_to:
        document["rollback"] = {"reason": each.rollout_reason, "serviceRevisionArn": each.rolls_back_to}
    return document


def revision(item: Service, each: Deployment) -> Document:
    return {
        "serviceRevisionArn": each.revision_arn,
        "serviceArn": item.arn,
        "clusterArn": item.cluster.arn,
        "taskDefinition": each.definition.arn,
        "launchType": each.launch_type,
        "loadBalancers": each.load_balancers,
        "containerImages": [{"containerName": spec.name, "image": spec.image} for spec in each.definition.containers],
        "createdAt": stamp(each.created),
        "networkConfiguration": each.network,
    }


def task(item: Task, *, with_tags: bool) -> Document:
    return {
        "taskArn": item.arn,
        "clusterArn": item.cluster.arn,
        "taskDefinitionArn": item.definition.arn,
        "group": f"service:{item.service}",
        "startedBy": item.deployment_id,
        "launchType": item.launch_type,
        "lastStatus": item.last_status,
        "desiredStatus": item.desired_status,
        "healthStatus": item.health,
        "connectivity": "CONNECTED" if item.started is not None and item.stopped is None else None,
        "connectivityAt": stamp(item.pull_started),
        "availabilityZone": item.zone,
        "cpu": str(item.definition.cpu_units),
        "memory": str(item.definition.memory_mib),
        "attachments": [_attachment(item)] if item.attachment_id else [],
        "containers": [_container(item, each) for each in item.containers],
        "createdAt": stamp(item.created),
        "pullStartedAt": stamp(item.pull_started),
        "pullStoppedAt": stamp(item.pull_stopped),
        "startedAt": stamp(item.started),
        "stoppingAt": stamp(item.stopping),
        "executionStoppedAt": stamp(item.execution_stopped),
        "stoppedAt": stamp(item.stopped),
        "stopCode": item.stop_code,
        "stoppedReason": item.stopped_reason,
        "overrides": {"containerOverrides": [{"name": each.spec.name} for each in item.containers]},
        "enableExecuteCommand": False,
        "version": item.version,
        "containerInstanceArn": item.instance.arn if item.instance is not None else None,
        "tags": [] if with_tags else None,
        **_platform(item.launch_type),
    }


def _attachment(item: Task) -> Document:
    status = "DELETED" if item.stopped is not None else "ATTACHED"
    details = {
        "subnetId": item.subnet,
        "networkInterfaceId": item.interface_id,
        "macAddress": "0a:00:00:" + ":".join(item.id[i : i + 2] for i in (0, 2, 4)),
        "privateDnsName": f"ip-{item.address.replace('.', '-')}.ec2.internal",
        "privateIPv4Address": item.address,
    }
    return {
        "id": item.attachment_id,
        "type": "ElasticNetworkInterface",
        "status": status,
        "details": [{"name": name, "value": value} for name, value in details.items()],
    }


def _container(item: Task, each: Container) -> Document:
    return {
        "containerArn": each.arn,
        "taskArn": item.arn,
        "name": each.spec.name,
        "image": each.spec.image,
        "lastStatus": each.last_status,
        "exitCode": each.exit_code,
        "reason": each.reason,
        "healthStatus": each.health,
        "cpu": str(each.spec.cpu_units),
        "memory": str(each.spec.memory_mib) if each.spec.memory_mib else None,
        "networkBindings": [
            {"bindIP": EVERY_ADDRESS, "containerPort": inside, "hostPort": host, "protocol": "tcp"}
            for inside, host in each.bindings
        ],
        "networkInterfaces": (
            [{"attachmentId": item.attachment_id, "privateIpv4Address": item.address}] if item.attachment_id else []
        ),
    }


def container_instance(item: ContainerInstance, owner: Cluster, free: tuple[int, int]) -> Document:
    tasks = [task for task in owner.tasks.values() if task.instance is item and task.stopped is None]
    return {
        "containerInstanceArn": item.arn,
        "ec2InstanceId": item.instance_id,
        "version": 4,
        "versionInfo": {"agentVersion": "1.98.0", "dockerVersion": "DockerVersion: 25.0.8"},
        "remainingResources": _resources(*free),
        "registeredResources": _resources(item.cpu_units, item.memory_mib),
        "status": item.status,
        "agentConnected": item.agent_connected,
        "runningTasksCount": sum(task.last_status == "RUNNING" for task in tasks),
        "pendingTasksCount": sum(task.is_starting for task in tasks),
        "attributes": [{"name": "ecs.availability-zone", "value": item.zone}],
        "registeredAt": stamp(item.registered),
        "attachments": [],
        "tags": [],
    }


def _resources(cpu_units: int, memory_mib: int) -> list[Document]:
    return [
        {"name": "CPU", "type": "INTEGER", "doubleValue": 0.0, "longValue": 0, "integerValue": cpu_units},
        {"name": "MEMORY", "type": "INTEGER", "doubleValue": 0.0, "longValue": 0, "integerValue": memory_mib},
    ]
