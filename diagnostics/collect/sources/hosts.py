"""EC2 instances that are targets, hold targets' addresses or run the service's tasks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from diagnostics.collect.answers import attributes_of, batches, distinct, gaps_of, is_instance, items_of, nothing_read
from diagnostics.collect.collector import Read, Reads, collector
from diagnostics.collect.ec2_filters import filtered
from diagnostics.facts import (
    ContainerInstances,
    Gap,
    Host,
    Hosts,
    NetworkInterfaces,
    NotApplicable,
    ScheduledEvent,
    StoppedTasks,
    TargetHealth,
    Unread,
)
from diagnostics.redaction import redact_prose
from diagnostics.rules.host_ends import host_named_in

STATUSES_PER_CALL = 100
MAX_HOSTS = 200
FORGOTTEN = ("InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed")
MAX_REASON = 300
SCALING_GROUP_TAG = "aws:autoscaling:groupName"
NO_HOST = NotApplicable(reason="no target and no task of it is on an EC2 instance")
_WHEN = re.compile(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:GMT|UTC)\)")


@collector(cached=False)
def hosts(
    health: TargetHealth | Unread,
    interfaces: NetworkInterfaces | Unread,
    instances: ContainerInstances | Unread,
    stopped: StoppedTasks | Unread,
) -> Reads[Hosts]:
    """Instances by filter, because one id that AWS has forgotten would spoil the whole answer. It does spoil that of
    the status checks, which know no such filter: then those are asked for again, for the instances that are there.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceStatus.html
    """
    sources = (health, interfaces, instances, stopped)
    wanted = _instance_ids(health, interfaces, instances, stopped)[:MAX_HOSTS]
    if not wanted:
        return next((source for source in sources if isinstance(source, Gap)), NO_HOST)
    asked = instances_with(wanted)
    answers = yield [*asked, *_statuses(wanted)]
    described, statuses = answers[: len(asked)], list(answers[len(asked) :])
    if failed := nothing_read(described):
        return failed
    found = {raw["InstanceId"]: raw for item in items_of(described) for raw in item.get("Instances", ())}
    told = {raw["InstanceId"] for raw in items_of(statuses)}
    again = [] if gaps_of(statuses) else [instance_id for instance_id in found if instance_id not in told]
    if again:
        statuses += yield _statuses(again)
    status_of = {raw["InstanceId"]: raw for raw in items_of(statuses)}
    missing = () if gaps_of(described) else tuple(item for item in wanted if item not in found)
    return Hosts(
        items=tuple(host_of(raw, status_of.get(instance_id, {})) for instance_id, raw in found.items()),
        missing=missing,
        gaps=(*gaps_of(described), *gaps_of(statuses)),
    )


def instances_with(ids: Iterable[str]) -> list[Read]:
    return filtered("describe_instances", "Reservations", "instance-id", ids)


def _statuses(ids: Iterable[str]) -> list[Read]:
    return [
        Read(
            "ec2",
            "describe_instance_status",
            "InstanceStatuses",
            {"InstanceIds": some, "IncludeAllInstances": True},
            missing=FORGOTTEN,
        )
        for some in batches(ids, STATUSES_PER_CALL)
    ]


def _instance_ids(
    health: TargetHealth | Unread,
    interfaces: NetworkInterfaces | Unread,
    instances: ContainerInstances | Unread,
    stopped: StoppedTasks | Unread,
) -> tuple[str, ...]:
    """Targets first, then hosts of tasks; of interfaces only those that hold a target's address."""
    targets = [target.id for _, target in health.all()] if isinstance(health, TargetHealth) else []
    here = set(targets)
    attached = interfaces.items if isinstance(interfaces, NetworkInterfaces) else ()
    tasks = stopped.items if isinstance(stopped, StoppedTasks) else ()
    return distinct(
        [
            *filter(is_instance, targets),
            *(item.ec2_instance_id for item in (instances.items if isinstance(instances, ContainerInstances) else ())),
            *(host_named_in(task.stopped_reason) for task in tasks),
            *(item.instance_id for item in attached if here & {*item.private_ips, *item.ipv6_addresses}),
        ]
    )


def host_of(raw: Mapping[str, Any], status: Mapping[str, Any]) -> Host:
    reason, transition = raw.get("StateReason", {}), raw.get("StateTransitionReason") or ""
    when = _WHEN.search(transition)
    system, instance = status.get("SystemStatus", {}), status.get("InstanceStatus", {})
    return Host(
        id=raw["InstanceId"],
        state=raw["State"]["Name"],
        reason_code=str(reason.get("Code") or "")[:MAX_REASON],
        reason=redact_prose(transition or str(reason.get("Message") or ""), MAX_REASON),
        ended_at=datetime.fromisoformat(when[1]).replace(tzinfo=UTC) if when else None,
        lifecycle=raw.get("InstanceLifecycle"),
        launched_at=raw.get("LaunchTime"),
        zone=raw.get("Placement", {}).get("AvailabilityZone"),
        private_ips=distinct(_addresses(raw)),
        system_status=system.get("Status"),
        instance_status=instance.get("Status"),
        impaired_since=min(_impaired_since(system, instance), default=None),
        events=tuple(map(_event, status.get("Events", ()))),
        scaling_group=attributes_of(raw.get("Tags", ())).get(SCALING_GROUP_TAG),
    )


def _addresses(raw: Mapping[str, Any]) -> Iterable[str | None]:
    yield raw.get("PrivateIpAddress")
    for interface in raw.get("NetworkInterfaces", ()):
        yield from (item.get("PrivateIpAddress") for item in interface.get("PrivateIpAddresses", ()))


def _impaired_since(*statuses: Mapping[str, Any]) -> Iterable[datetime]:
    for status in statuses:
        yield from (item["ImpairedSince"] for item in status.get("Details", ()) if item.get("ImpairedSince"))


def _event(raw: Mapping[str, Any]) -> ScheduledEvent:
    return ScheduledEvent(
        code=str(raw.get("Code", "")),
        description=redact_prose(str(raw.get("Description") or ""), MAX_REASON),
        not_before=raw.get("NotBefore"),
        not_after=raw.get("NotAfter"),
    )
