"""The task definitions of the present deployments and the one before. No environment value leaves this file unasked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from diagnostics.collect.answers import distinct, gaps_of, items_of, nothing_read
from diagnostics.collect.collector import Later, Read, Reads, collector
from diagnostics.facts import (
    ContainerDefinition,
    ContainerHealthCheck,
    EcsService,
    PortMapping,
    ServiceHistory,
    TaskDefinition,
    TaskDefinitions,
)
from diagnostics.redaction import (
    allowed_environment,
    bounded_names,
    is_secret_name,
    redact_command,
    redact_text,
)

MAX_DEFINITIONS = 6
_REVISION = re.compile(r"(?P<family>.+):(?P<revision>[0-9]+)\Z")


@collector(cached=True)
def task_definitions(service: EcsService, history: Later[ServiceHistory]) -> Reads[TaskDefinitions]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html

    The one before the newest is that of an older deployment, else the newest other one in the service's history,
    else the family's revision before.
    """
    present = _present(service)
    answers = yield [_read(arn) for arn in present]
    if failed := nothing_read(answers):
        return failed
    previous = present[1] if len(present) > 1 else None
    if previous is None:
        yield history
        past = history.outcome
        previous = _before(present[0], past) if isinstance(past, ServiceHistory) else None
        previous = previous or _revision_before(present[0])
        if previous:
            answers = [*answers, *(yield [_read(previous)])]
    by_arn = {definition.arn: definition for definition in map(_definition, items_of(answers))}
    return TaskDefinitions(
        by_arn=by_arn,
        previous_arn=previous if previous in by_arn else None,
        gaps=gaps_of(answers),
    )


def _present(service: EcsService) -> tuple[str, ...]:
    """The newest deployment's first."""
    newest = sorted(service.deployments, key=lambda item: (item.status == "PRIMARY", item.created_at), reverse=True)
    return distinct([*(item.task_definition for item in newest), service.task_definition])[:MAX_DEFINITIONS]


def _before(newest: str, history: ServiceHistory) -> str | None:
    in_order = [
        revision.task_definition
        for deployment in history.deployments
        for arn in (deployment.target_revision_arn, *deployment.source_revision_arns)
        if (revision := history.revision(arn)) is not None
    ]
    return next((arn for arn in in_order if arn != newest), None)


def _revision_before(arn: str) -> str | None:
    match = _REVISION.match(arn)
    if match is None or int(match["revision"]) < 2:
        return None
    return f"{match['family']}:{int(match['revision']) - 1}"


def _read(arn: str) -> Read:
    """A revision that was deleted is answered with ClientException, which is no gap: it is not there to be read."""
    return Read(
        "ecs",
        "describe_task_definition",
        "taskDefinition",
        {"taskDefinition": arn},
        resource=arn,
        missing=("ClientException",),
    )


def _definition(raw: Mapping[str, Any]) -> TaskDefinition:
    return TaskDefinition(
        arn=raw["taskDefinitionArn"],
        family=raw["family"],
        revision=raw["revision"],
        network_mode=raw.get("networkMode", "bridge"),
        cpu=raw.get("cpu"),
        memory=raw.get("memory"),
        containers=tuple(map(_container, raw["containerDefinitions"])),
        execution_role_arn=raw.get("executionRoleArn"),
        task_role_arn=raw.get("taskRoleArn"),
        cpu_architecture=raw.get("runtimePlatform", {}).get("cpuArchitecture"),
        registered_at=raw.get("registeredAt"),
        registered_by=raw.get("registeredBy"),
    )


def _container(raw: Mapping[str, Any]) -> ContainerDefinition:
    environment = {item["name"]: item.get("value", "") for item in raw.get("environment", ()) if item.get("name")}
    secrets = [item["name"] for item in raw.get("secrets", ()) if item.get("name")]
    logs = raw.get("logConfiguration", {})
    return ContainerDefinition(
        name=raw["name"],
        image=redact_text(raw["image"]),
        essential=raw.get("essential", True),
        cpu=raw.get("cpu") or None,
        memory_mib=raw.get("memory"),
        memory_reservation_mib=raw.get("memoryReservation"),
        port_mappings=tuple(_mapping(item) for item in raw.get("portMappings", ()) if "containerPort" in item),
        environment=allowed_environment(environment),
        environment_names=bounded_names([*environment, *secrets]),
        command=redact_command(raw.get("command", ())),
        entry_point=redact_command(raw.get("entryPoint", ())),
        health_check=_health_check(raw["healthCheck"]) if raw.get("healthCheck") else None,
        log_driver=logs.get("logDriver"),
        log_options={
            name: redact_text(value) for name, value in logs.get("options", {}).items() if not is_secret_name(name)
        },
        stop_timeout_s=raw.get("stopTimeout"),
    )


def _mapping(raw: Mapping[str, Any]) -> PortMapping:
    return PortMapping(
        container_port=raw["containerPort"],
        host_port=raw.get("hostPort") or None,
        protocol=raw.get("protocol", "tcp"),
        name=raw.get("name"),
    )


def _health_check(raw: Mapping[str, Any]) -> ContainerHealthCheck:
    return ContainerHealthCheck(
        command=redact_command(raw.get("command", ())),
        interval_s=raw.get("interval", 30),
        timeout_s=raw.get("timeout", 5),
        retries=raw.get("retries", 3),
        start_period_s=raw.get("startPeriod"),
    )
