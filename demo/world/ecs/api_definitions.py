"""ECS operations on task definitions."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from demo.aws.call import Call
from demo.aws.layer import AwsLayer
from demo.world.ecs import errors
from demo.world.ecs.model import ContainerSpec, Document, TaskDefinition
from demo.world.ecs.pages import page
from demo.world.ecs.store import EcsStore
from demo.world.region import RegionOf
from demo.world.timing import stamp

KEPT = (
    "taskRoleArn", "executionRoleArn", "cpu", "memory", "volumes", "placementConstraints", "requiresCompatibilities",
    "runtimePlatform", "ephemeralStorage", "proxyConfiguration", "pidMode", "ipcMode",
)  # fmt: skip


def install(layer: AwsLayer, region_of: RegionOf) -> None:
    """Registers the operations."""

    @layer.op("ecs", "RegisterTaskDefinition")
    def register_task_definition(call: Call) -> dict[str, Any]:
        region = region_of(call)
        registrant = call.principal.session_arn if call.principal else f"arn:aws:iam::{call.account}:root"
        definition = register(region.store, call.params, region.timing.now(), registrant)
        return {"taskDefinition": definition.document, "tags": definition.tags}

    @layer.op("ecs", "DeregisterTaskDefinition")
    def deregister_task_definition(call: Call) -> dict[str, Any]:
        region = region_of(call)
        definition = region.store.definition(call.params["taskDefinition"])
        definition.document["status"] = "INACTIVE"
        definition.document["deregisteredAt"] = stamp(region.timing.now())
        return {"taskDefinition": definition.document}

    @layer.op("ecs", "DescribeTaskDefinition")
    def describe_task_definition(call: Call) -> dict[str, Any]:
        definition = region_of(call).store.definition(call.params["taskDefinition"])
        answer: dict[str, Any] = {"taskDefinition": definition.document}
        if "TAGS" in (call.params.get("include") or []):
            answer["tags"] = definition.tags
        return answer

    @layer.op("ecs", "ListTaskDefinitions")
    def list_task_definitions(call: Call) -> dict[str, Any]:
        prefix = call.params.get("familyPrefix")
        status = call.params.get("status") or "ACTIVE"
        arns = [
            definition.arn
            for family, revisions in sorted(region_of(call).store.definitions.items())
            if prefix in (None, family)
            for definition in revisions
            if definition.document["status"] == status
        ]
        if call.params.get("sort") == "DESC":
            arns.reverse()
        return page(call, "taskDefinitionArns", arns)


def register(store: EcsStore, params: Mapping[str, Any], now: float, registrant: str) -> TaskDefinition:
    """Adds a revision to a family. Raises ClientException for what Fargate does not run."""
    needs = params.get("requiresCompatibilities") or []
    mode = params.get("networkMode") or ("awsvpc" if "FARGATE" in needs else "bridge")
    _check(params, needs, mode)
    family = params["family"]
    revisions = store.definitions.setdefault(family, [])
    number = len(revisions) + 1
    containers = [_normal(container, mode) for container in params["containerDefinitions"]]
    arn = store.arn(f"task-definition/{family}:{number}")
    document: Document = {
        "taskDefinitionArn": arn,
        "family": family,
        "revision": number,
        "status": "ACTIVE",
        "networkMode": mode,
        "containerDefinitions": containers,
        "volumes": [],
        "placementConstraints": [],
        "compatibilities": ["EC2", "FARGATE"] if mode == "awsvpc" else ["EXTERNAL", "EC2"],
        "registeredAt": stamp(now),
        "registeredBy": registrant,
    } | {name: copy.deepcopy(params[name]) for name in KEPT if params.get(name) is not None}
    specs = tuple(ContainerSpec.read(container) for container in containers)
    definition = TaskDefinition(arn, family, number, document, specs, list(params.get("tags") or []))
    revisions.append(definition)
    return definition


def _check(params: Mapping[str, Any], needs: list[str], mode: str) -> None:
    if not params.get("containerDefinitions"):
        raise errors.client("Container list cannot be empty.")
    if "FARGATE" not in needs:
        return
    if mode != "awsvpc":
        raise errors.client("Fargate only supports network mode 'awsvpc'.")
    if not params.get("cpu") or not params.get("memory"):
        raise errors.client("Fargate requires that 'cpu' be defined at the task level.")


def _normal(container: Mapping[str, Any], mode: str) -> Document:
    """Fills in what AWS fills in: in awsvpc mode the host port is the container's."""
    normal = copy.deepcopy(dict(container))
    normal.setdefault("cpu", 0)
    normal.setdefault("essential", True)
    normal["portMappings"] = [
        {
            **mapping,
            "hostPort": mapping["containerPort"] if mode == "awsvpc" else mapping.get("hostPort") or 0,
            "protocol": mapping.get("protocol") or "tcp",
        }
        for mapping in normal.get("portMappings", [])
    ]
    for empty in ("environment", "mountPoints", "volumesFrom"):
        normal.setdefault(empty, [])
    return normal
