"""Running tasks, and stopped ones as long as ECS remembers them; always read anew."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from diagnostics.aws_access import Pages
from diagnostics.collect.answers import batches, distinct, gaps_of, items_of, nothing_read
from diagnostics.collect.collector import Read, Reads, Step, collector
from diagnostics.collect.sources.ecs_service import NO_SERVICE
from diagnostics.facts import Container, Gap, PortBinding, RunningTasks, StoppedTasks, Task
from diagnostics.redaction import redact_prose
from diagnostics.snapshot import Subject

TASKS_PER_CALL = 100
MAX_RUNNING_PAGES = 10
MAX_STOPPED_PAGES = 2
MAX_REASON = 1000


@collector(cached=False)
def running_tasks(subject: Subject) -> Reads[RunningTasks]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html"""
    if not (subject.cluster and subject.service):
        return subject.unread("ecs") or NO_SERVICE
    found = yield from _tasks(subject, "RUNNING", MAX_RUNNING_PAGES)
    if isinstance(found, Gap):
        return found
    tasks, gaps = found
    return RunningTasks(items=tuple(tasks), gaps=gaps)


@collector(cached=False)
def stopped_tasks(subject: Subject) -> Reads[StoppedTasks]:
    """ECS keeps stopped tasks for at least one hour:
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html"""
    if not (subject.cluster and subject.service):
        return subject.unread("ecs") or NO_SERVICE
    found = yield from _tasks(subject, "STOPPED", MAX_STOPPED_PAGES)
    if isinstance(found, Gap):
        return found
    tasks, gaps = found
    return StoppedTasks(items=tuple(sorted(tasks, key=_stop_time, reverse=True)), gaps=gaps)


def _tasks(
    subject: Subject, desired: str, max_pages: int
) -> Generator[Step, Sequence[Pages], tuple[list[Task], tuple[Gap, ...]] | Gap]:
    parameters = {"cluster": subject.cluster, "serviceName": subject.service, "desiredStatus": desired}
    resource = f"{subject.cluster}/{subject.service}"
    (listed,) = yield [Read("ecs", "list_tasks", "taskArns", parameters, resource=resource, max_pages=max_pages)]
    if listed.failed:
        return listed.failed
    described = yield [
        Read("ecs", "describe_tasks", "tasks", {"cluster": subject.cluster, "tasks": some}, resource=resource)
        for some in batches(listed.items, TASKS_PER_CALL)
    ]
    if failed := nothing_read(described):
        return failed
    return [task_of(raw) for raw in items_of(described)], gaps_of([listed, *described])


def _stop_time(task: Task) -> float:
    at = task.stopped_at or task.stopping_at or task.created_at
    return at.timestamp() if at else 0.0


def task_of(raw: Mapping[str, Any]) -> Task:
    """A task as DescribeTasks and ECS's events write it."""
    interface = _interface_details(raw.get("attachments", ()))
    containers = raw.get("containers", ())
    addresses = distinct(
        [
            interface.get("privateIPv4Address"),
            *(
                attached.get(family)
                for container in containers
                for attached in container.get("networkInterfaces", ())
                for family in ("privateIpv4Address", "ipv6Address")
            ),
        ]
    )
    return Task(
        arn=raw["taskArn"],
        task_definition=raw["taskDefinitionArn"],
        last_status=raw["lastStatus"],
        desired_status=raw["desiredStatus"],
        started_by=raw.get("startedBy"),
        group=raw.get("group"),
        zone=raw.get("availabilityZone"),
        launch_type=raw.get("launchType"),
        capacity_provider=raw.get("capacityProviderName"),
        container_instance_arn=raw.get("containerInstanceArn"),
        health_status=raw.get("healthStatus"),
        private_ips=addresses,
        subnet_id=interface.get("subnetId"),
        network_interface_id=interface.get("networkInterfaceId"),
        cpu=raw.get("cpu"),
        memory=raw.get("memory"),
        created_at=raw.get("createdAt"),
        started_at=raw.get("startedAt"),
        stopping_at=raw.get("stoppingAt"),
        stopped_at=raw.get("stoppedAt"),
        stop_code=raw.get("stopCode"),
        stopped_reason=_prose(raw.get("stoppedReason")),
        containers=tuple(map(_container, containers)),
    )


def _interface_details(attachments: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    for attachment in attachments:
        if attachment.get("type") in {"ElasticNetworkInterface", "eni"}:
            return {item["name"]: item["value"] for item in attachment.get("details", ()) if item.get("value")}
    return {}


def _container(raw: Mapping[str, Any]) -> Container:
    return Container(
        name=raw["name"],
        image=raw.get("image", ""),
        image_digest=raw.get("imageDigest"),
        last_status=raw.get("lastStatus", ""),
        exit_code=raw.get("exitCode"),
        reason=_prose(raw.get("reason")),
        health_status=raw.get("healthStatus"),
        bindings=tuple(
            PortBinding(container_port=binding.get("containerPort"), host_port=binding.get("hostPort"))
            for binding in raw.get("networkBindings", ())
        ),
    )


def _prose(text: str | None) -> str | None:
    return None if text is None else redact_prose(text, MAX_REASON)
