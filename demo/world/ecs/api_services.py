"""ECS operations on services, their deployments and revisions."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from demo.aws.call import Call
from demo.aws.layer import AwsLayer
from demo.world.ecs import documents, errors, rollout, task_sets
from demo.world.ecs.model import Deployment, DeploymentRules, Service, TaskDefinition
from demo.world.ecs.pages import failure, page
from demo.world.ecs.store import EcsStore, last_part
from demo.world.region import Region, RegionOf

MAX_DESCRIBED_SERVICES = 10
MAX_DESCRIBED_REVISIONS = 20
LIST_SERVICES_DEFAULT = 10
_ECS_ALONE = frozenset({"taskDefinition", "forceNewDeployment", "loadBalancers", "networkConfiguration"})
"""What UpdateService takes only where ECS makes the deployments itself.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html"""
LIST_DEPLOYMENTS_DEFAULT = 20


def install(layer: AwsLayer, region_of: RegionOf) -> None:
    """Registers the operations."""

    @layer.op("ecs", "CreateService")
    def create_service(call: Call) -> dict[str, Any]:
        region = region_of(call)
        service = _create(region, call)
        region.scheduler.reconcile(service)
        return {"service": documents.service(service, region.store.tasks_of(service), with_tags=True)}

    @layer.op("ecs", "UpdateService")
    def update_service(call: Call) -> dict[str, Any]:
        region = region_of(call)
        service = region.store.service(call.params.get("cluster"), call.params["service"])
        if service.status != "ACTIVE":
            raise errors.service_not_active()
        _update(region, service, call.params)
        region.scheduler.reconcile(service)
        return {"service": documents.service(service, region.store.tasks_of(service), with_tags=True)}

    @layer.op("ecs", "DeleteService")
    def delete_service(call: Call) -> dict[str, Any]:
        region = region_of(call)
        service = region.store.service(call.params.get("cluster"), call.params["service"])
        if service.desired and not call.params.get("force"):
            raise errors.invalid("The service cannot be stopped while it is scaled above 0.")
        service.desired, service.status = 0, "DRAINING"
        region.scheduler.stop_everything(service)
        service.status = "INACTIVE"
        return {"service": documents.service(service, region.store.tasks_of(service), with_tags=True)}

    @layer.op("ecs", "ListServices")
    def list_services(call: Call) -> dict[str, Any]:
        cluster = region_of(call).store.cluster(call.params.get("cluster"))
        kind = call.params.get("launchType")
        arns = [s.arn for s in cluster.services.values() if s.status == "ACTIVE" and kind in (None, s.launch_type)]
        return page(call, "serviceArns", arns, default=LIST_SERVICES_DEFAULT)

    @layer.op("ecs", "DescribeServices")
    def describe_services(call: Call) -> dict[str, Any]:
        return _describe(region_of(call), call.params)

    _install_rollouts(layer, region_of)


def _install_rollouts(layer: AwsLayer, region_of: RegionOf) -> None:
    @layer.op("ecs", "ListServiceDeployments")
    def list_service_deployments(call: Call) -> dict[str, Any]:
        service = region_of(call).store.service(call.params.get("cluster"), call.params["service"])
        wanted = call.params.get("status") or []
        briefs = [
            documents.rollout_brief(service, d)
            for d in service.history
            if not d.task_set and (not wanted or d.rollout_status in wanted)
        ]
        window = call.params.get("createdAt") or {}
        after, before = window.get("after"), window.get("before")
        kept = [
            brief
            for brief in briefs
            if (after is None or brief["createdAt"] >= after) and (before is None or brief["createdAt"] <= before)
        ]
        return page(call, "serviceDeployments", kept, default=LIST_DEPLOYMENTS_DEFAULT)

    @layer.op("ecs", "DescribeServiceDeployments")
    def describe_service_deployments(call: Call) -> dict[str, Any]:
        store = region_of(call).store
        asked = _bounded(call.params["serviceDeploymentArns"])
        by_arn = {d.rollout_arn: (s, d) for s in store.services() for d in s.history}
        found = [documents.rollout_full(*by_arn[arn], store.tasks_of(by_arn[arn][0])) for arn in asked if arn in by_arn]
        return {"serviceDeployments": found, "failures": [failure(arn) for arn in asked if arn not in by_arn]}

    @layer.op("ecs", "StopServiceDeployment")
    def stop_service_deployment(call: Call) -> dict[str, Any]:
        region, arn = region_of(call), call.params["serviceDeploymentArn"]
        service, deployment = _rollout(region.store, arn)
        if deployment is not service.primary or deployment.rollout_status != "IN_PROGRESS":
            raise errors.conflict("The service deployment cannot be stopped in its current state.")
        rollout.stop(region.store, service, region.timing.now(), back=call.params.get("stopType") != "ABORT")
        region.scheduler.reconcile(service)
        return {"serviceDeploymentArn": arn}

    @layer.op("ecs", "DescribeServiceRevisions")
    def describe_service_revisions(call: Call) -> dict[str, Any]:
        store = region_of(call).store
        asked = _bounded(call.params["serviceRevisionArns"])
        by_arn = {d.revision_arn: (s, d) for s in store.services() for d in s.history}
        found = [documents.revision(*by_arn[arn]) for arn in asked if arn in by_arn]
        return {"serviceRevisions": found, "failures": [failure(arn) for arn in asked if arn not in by_arn]}


def _rollout(store: EcsStore, arn: str) -> tuple[Service, Deployment]:
    found = next(((s, d) for s in store.services() for d in s.history if d.rollout_arn == arn), None)
    if found is None:
        raise errors.service_deployment_not_found()
    return found


def _bounded(arns: list[str]) -> list[str]:
    if len(arns) > MAX_DESCRIBED_REVISIONS:
        raise errors.invalid(f"At most {MAX_DESCRIBED_REVISIONS} ARNs can be described at once.")
    return arns


def _describe(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    store = region.store
    cluster = store.cluster(params.get("cluster"))
    asked = params["services"]
    if not asked:
        raise errors.invalid("Services cannot be empty.")
    if len(asked) > MAX_DESCRIBED_SERVICES:
        raise errors.invalid(f"Services cannot have more than {MAX_DESCRIBED_SERVICES} elements.")
    with_tags = "TAGS" in (params.get("include") or [])
    found, missing = [], []
    for given in asked:
        service = cluster.services.get(last_part(given))
        if service is None:
            missing.append(failure(given if given.startswith("arn:") else store.arn(f"service/{cluster.name}/{given}")))
        else:
            found.append(documents.service(service, store.tasks_of(service), with_tags=with_tags))
    return {"services": found, "failures": missing}


def _create(region: Region, call: Call) -> Service:
    params, store, now = call.params, region.store, region.timing.now()
    cluster = store.cluster(params.get("cluster"))
    name = params["serviceName"]
    existing = cluster.services.get(name)
    if existing is not None and existing.status == "ACTIVE":
        raise errors.invalid("Creation of service was not idempotent.")
    definition = store.definition(params["taskDefinition"])
    network = params.get("networkConfiguration")
    if definition.network_mode == "awsvpc" and not network:
        message = "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        raise errors.invalid(message)
    balancers = copy.deepcopy(list(params.get("loadBalancers") or []))
    _check_target_groups(region, balancers)
    _check_ports(definition, balancers)
    service = Service(
        arn=store.arn(f"service/{cluster.name}/{name}"),
        name=name,
        cluster=cluster,
        desired=int(params.get("desiredCount") or 0),
        launch_type=params.get("launchType") or "EC2",
        load_balancers=balancers,
        network=copy.deepcopy(network),
        grace_s=float(params.get("healthCheckGracePeriodSeconds") or 0),
        rules=_rules(DeploymentRules(), params.get("deploymentConfiguration")),
        created=now,
        created_by=call.principal.session_arn if call.principal else f"arn:aws:iam::{call.account}:root",
        tags=list(params.get("tags") or []),
        execute_command=bool(params.get("enableExecuteCommand")),
        controller=(params.get("deploymentController") or {}).get("type", "ECS"),
    )
    cluster.services[name] = service
    if service.controller == task_sets.CODE_DEPLOY:
        task_sets.begin(store, service, definition, None, "", now)
    else:
        rollout.begin(store, service, definition, now)
    return service


def _check_target_groups(region: Region, balancers: list[dict[str, Any]]) -> None:
    for balancer in balancers:
        arn = balancer.get("targetGroupArn")
        if arn and not region.balancers.of_target_group(arn):
            raise errors.invalid(
                f"The target group with targetGroupArn {arn} does not have an associated load balancer."
            )


def _check_ports(definition: TaskDefinition, balancers: list[dict[str, Any]]) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LoadBalancer.html"""
    containers = {spec.name: spec for spec in definition.containers}
    for balancer in balancers:
        name, port = balancer["containerName"], int(balancer["containerPort"])
        if name not in containers:
            raise errors.invalid(f"The container {name} does not exist in the task definition.")
        if port not in {inside for inside, _ in containers[name].ports}:
            raise errors.invalid(f"The container {name} did not have a container port {port} defined.")


def _update(region: Region, service: Service, params: Mapping[str, Any]) -> None:
    if service.controller != "ECS" and (refused := sorted(_ECS_ALONE & {name for name in params if params[name]})):
        raise errors.invalid(f"Unable to update {refused[0]} on services with a CODE_DEPLOY deployment controller.")
    definition = service.primary.definition
    if params.get("taskDefinition"):
        definition = _definition(region.store, params["taskDefinition"])
    balancers = params.get("loadBalancers")
    _check_target_groups(region, balancers or [])
    _check_ports(definition, service.load_balancers if balancers is None else balancers)
    if params.get("desiredCount") is not None:
        service.desired = int(params["desiredCount"])
    if params.get("healthCheckGracePeriodSeconds") is not None:
        service.grace_s = float(params["healthCheckGracePeriodSeconds"])
    if params.get("enableExecuteCommand") is not None:
        service.execute_command = bool(params["enableExecuteCommand"])
    service.rules = _rules(service.rules, params.get("deploymentConfiguration"))
    now, changed = region.timing.now(), bool(params.get("forceNewDeployment"))
    changed |= definition is not service.primary.definition
    if params.get("networkConfiguration"):
        changed |= params["networkConfiguration"] != service.network
        service.network = copy.deepcopy(params["networkConfiguration"])
    if balancers is not None:
        changed |= balancers != service.load_balancers
        service.load_balancers = copy.deepcopy(list(balancers))
    if changed:
        rollout.begin(region.store, service, definition, now)


def _definition(store: EcsStore, given: str) -> TaskDefinition:
    definition = store.definition(given)
    if definition.document["status"] != "ACTIVE":
        raise errors.client("TaskDefinition is inactive.")
    return definition


def _rules(present: DeploymentRules, given: Mapping[str, Any] | None) -> DeploymentRules:
    """The structure is replaced as a whole: what is not passed is as in a new service."""
    if not given:
        return present
    breaker = given.get("deploymentCircuitBreaker") or {}
    fresh = DeploymentRules()
    return DeploymentRules(
        minimum_percent=int(given.get("minimumHealthyPercent", fresh.minimum_percent)),
        maximum_percent=int(given.get("maximumPercent", fresh.maximum_percent)),
        breaker=bool(breaker.get("enable", fresh.breaker)),
        rollback=bool(breaker.get("rollback", fresh.rollback)),
    )
