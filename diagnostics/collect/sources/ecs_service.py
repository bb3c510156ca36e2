"""The ECS service with its deployments and events, always read anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from diagnostics.collect.collector import Read, Reads, collector
from diagnostics.facts import (
    Deployment,
    DeploymentHook,
    EcsService,
    Gap,
    NotApplicable,
    ServiceEvent,
    ServiceLoadBalancer,
)
from diagnostics.redaction import redact_prose, redact_tag
from diagnostics.snapshot import Subject

NO_SERVICE = NotApplicable(reason="no ECS service belongs to it")
MAX_EVENTS = 100
MAX_EVENT_TEXT = 1000
MAX_TAGS = 50
MAX_HOOKS = 10
CODE_DEPLOY, DRAINING = "CODE_DEPLOY", "DRAINING"


@collector(cached=False)
def ecs_service(subject: Subject) -> Reads[EcsService]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html"""
    if not (subject.cluster and subject.service):
        return subject.unread("ecs") or NO_SERVICE
    resource = f"{subject.cluster}/{subject.service}"
    parameters = {"cluster": subject.cluster, "services": [subject.service], "include": ["TAGS"]}
    (answer,) = yield [Read("ecs", "describe_services", "services", parameters, resource=resource)]
    if answer.failed:
        return answer.failed
    if not answer.items:  # ECS reports a service that does not exist among `failures`, not as an error
        return Gap(action="ecs:DescribeServices", resource=resource, error="ServiceNotFound", message="no such service")
    return _service(answer.items[0])


def _service(raw: Mapping[str, Any]) -> EcsService:
    configuration = raw.get("deploymentConfiguration", {})
    breaker = configuration.get("deploymentCircuitBreaker", {})
    network = raw.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    public_ip = network.get("assignPublicIp")
    deployments = tuple(map(_deployment, raw.get("deployments") or ())) or tuple(_task_sets(raw))
    events = sorted(raw.get("events", ()), key=lambda event: event["createdAt"], reverse=True)
    return EcsService(
        arn=raw["serviceArn"],
        service=raw["serviceName"],
        cluster=raw["clusterArn"].rsplit("/", 1)[-1],
        status=raw["status"],
        desired=raw["desiredCount"],
        running=raw["runningCount"],
        pending=raw["pendingCount"],
        task_definition=raw.get("taskDefinition") or (deployments[0].task_definition if deployments else ""),
        launch_type=raw.get("launchType"),
        capacity_providers=tuple(item["capacityProvider"] for item in raw.get("capacityProviderStrategy", ())),
        load_balancers=_load_balancers(raw),
        deployments=deployments,
        events=tuple(
            ServiceEvent(id=event["id"], at=event["createdAt"], message=redact_prose(event["message"], MAX_EVENT_TEXT))
            for event in events[:MAX_EVENTS]
        ),
        grace_period_s=raw.get("healthCheckGracePeriodSeconds"),
        minimum_healthy_percent=configuration.get("minimumHealthyPercent", 100),
        maximum_percent=configuration.get("maximumPercent", 200),
        circuit_breaker_enabled=breaker.get("enable", False),
        circuit_breaker_rollback=breaker.get("rollback", False),
        deployment_controller=raw.get("deploymentController", {}).get("type", "ECS"),
        deployment_strategy=configuration.get("strategy", "ROLLING"),
        hooks=tuple(map(_hook, (configuration.get("lifecycleHooks") or ())[:MAX_HOOKS])),
        subnets=tuple(network.get("subnets", ())),
        security_groups=tuple(network.get("securityGroups", ())),
        assign_public_ip=None if public_ip is None else public_ip == "ENABLED",
        created_at=raw.get("createdAt"),
        tags={tag["key"]: redact_tag(tag["key"], tag.get("value", "")) for tag in raw.get("tags", ())[:MAX_TAGS]},
    )


def _hook(raw: Mapping[str, Any]) -> DeploymentHook:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentLifecycleHook.html"""
    return DeploymentHook(
        function=raw.get("hookTargetArn"),
        stages=tuple(raw.get("lifecycleStages") or ()),
        has_role=bool(raw.get("roleArn")),
    )


def _load_balancers(raw: Mapping[str, Any]) -> tuple[ServiceLoadBalancer, ...]:
    """With CodeDeploy or an external controller, those of the task sets too: one for each colour that has tasks."""
    named = [*raw.get("loadBalancers", ())]
    named += [item for tasks in raw.get("taskSets", ()) for item in tasks.get("loadBalancers", ())]
    return tuple(dict.fromkeys(map(_load_balancer, filter(_has_target_group, named))))


def _has_target_group(raw: Mapping[str, Any]) -> bool:
    """A Classic Load Balancer is named instead of a target group."""
    return bool(raw.get("targetGroupArn"))


def _load_balancer(raw: Mapping[str, Any]) -> ServiceLoadBalancer:
    return ServiceLoadBalancer(
        target_group_arn=raw["targetGroupArn"],
        container_name=raw["containerName"],
        container_port=raw["containerPort"],
        alternate_target_group_arn=raw.get("advancedConfiguration", {}).get("alternateTargetGroupArn"),
    )


def _task_sets(raw: Mapping[str, Any]) -> Iterator[Deployment]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskSet.html"""
    known = [one for one in raw.get("taskSets") or () if {"id", "taskDefinition", "createdAt"} <= one.keys()]
    newest_first = sorted(known, key=lambda one: (one.get("status") != DRAINING, one["createdAt"]), reverse=True)
    for number, one in enumerate(newest_first):
        by_code_deploy = one.get("startedBy") == CODE_DEPLOY
        yield Deployment(
            id=one["id"],
            status="INACTIVE" if one.get("status") == DRAINING else "ACTIVE" if number else "PRIMARY",
            task_definition=one["taskDefinition"],
            desired=one.get("computedDesiredCount", 0),
            running=one.get("runningCount", 0),
            pending=one.get("pendingCount", 0),
            created_at=one["createdAt"],
            updated_at=one.get("updatedAt", one["createdAt"]),
            code_deploy_id=one.get("externalId") if by_code_deploy else None,
            target_group_arns=tuple(
                balancer["targetGroupArn"] for balancer in one.get("loadBalancers") or () if _has_target_group(balancer)
            ),
        )


def _deployment(raw: Mapping[str, Any]) -> Deployment:
    return Deployment(
        id=raw["id"],
        status=raw["status"],
        task_definition=raw["taskDefinition"],
        desired=raw["desiredCount"],
        running=raw["runningCount"],
        pending=raw["pendingCount"],
        failed_tasks=raw.get("failedTasks", 0),
        rollout_state=raw.get("rolloutState"),
        rollout_state_reason=redact_prose(raw.get("rolloutStateReason", "")),
        created_at=raw["createdAt"],
        updated_at=raw.get("updatedAt", raw["createdAt"]),
    )
