"""When the life of a target ended, so that rows of its last seconds are not taken for something else.

Rows name a target by address and port. A task with an address of its own is known by that address; one that shares
its host's address is known by the host port it was given.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/load-balancer-connection-draining.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

from diagnostics.facts import (
    Change,
    Changes,
    ContainerInstances,
    Frozen,
    Hosts,
    LoggedRow,
    Read,
    StoppedTasks,
    TargetGroupAttributes,
    Task,
    known,
)

EndKind = Literal["itself", "health", "scheduler", "person", "spot", "host", "deregistered"]
"""Who ended it: the process itself, ECS because of a failed health check, ECS for a roll-out or a smaller number of
tasks, a call of StopTask, a Spot notice, the end of its host, or somebody who took it out of the target group."""
ORDERED_KINDS: frozenset[EndKind] = frozenset({"scheduler", "person", "spot", "host", "deregistered"})
BEFORE_END = timedelta(seconds=60)
"""A process that is about to die closes connections first."""
BEFORE_ORDER = timedelta(seconds=5)
"""Nothing is lost before the order, which is noted with the precision of clocks that differ."""
BEFORE_DRAINED = timedelta(seconds=30)
"""ECS notices a little late that a target has been drained, and sends the order then."""
AFTER_END = timedelta(seconds=60)
AFTER_END_TIMEOUT = timedelta(seconds=180)
"""A released address gets requests until every node knows, and each of them waits ten seconds for a connection."""
_KINDS: dict[str, EndKind] = {
    "ServiceSchedulerInitiated": "scheduler",
    "UserInitiated": "person",
    "SpotInterruption": "spot",
    "TerminationNotice": "host",
    "InfrastructureHealth": "host",
}
MAX_TARGETS_A_CHANGE = 100


class TargetEnd(Frozen):
    """The end of one target. `ports` empty: every port of the address. `address` None: only its host port is known,
    which other hosts may have given out too.

    `task_id` is the instance's where that was the target. None: the target was deregistered, and which task it was is
    not known.
    """

    address: str | None
    ports: frozenset[int] = frozenset()
    begin: datetime
    end: datetime
    task_id: str | None = None
    kind: EndKind = "itself"

    def took(self, row: LoggedRow) -> bool:
        """True when the row was sent to this target around its end."""
        return self._is_of(row.target) and self._is_near(row)

    def _is_of(self, target: str | None) -> bool:
        if not target:
            return False
        address, _, port = target.rpartition(":")
        if self.address is not None and self.address != address.strip("[]"):
            return False
        return not self.ports or (port.isdigit() and int(port) in self.ports)

    def _is_near(self, row: LoggedRow) -> bool:
        asked = row.at - timedelta(seconds=row.elapsed_s or 0.0)
        after = AFTER_END_TIMEOUT if row.row_family == "not-dispatched-timeout" else AFTER_END
        return self.begin - _early(self.kind) <= row.at and asked <= self.end + after

    @property
    def lasts(self) -> timedelta:
        """The time in which rows are taken for those of the end."""
        return self.end + AFTER_END - self.begin + _early(self.kind)

    def distance(self, row: LoggedRow) -> timedelta:
        """How far from its end the row was written."""
        return max(self.begin - row.at, row.at - self.end, timedelta(0))


def target_ends(
    stopped: Read[StoppedTasks],
    changes: Read[Changes],
    attributes: Read[TargetGroupAttributes] | None = None,
    addresses: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> tuple[TargetEnd, ...]:
    """Ends that ECS remembers, and deregistrations that CloudTrail recorded.

    A target that was deregistered is gone when its target group's delay is over, which `attributes` say. `addresses`:
    those of the hosts, see `host_addresses`.
    """
    tasks = stopped.items if isinstance(stopped, StoppedTasks) else ()
    ends = [end for task in tasks for end in _of_task(task, addresses.get(task.container_instance_arn or "", ()))]
    ended = {end.address for end in ends}
    for change in changes.items if isinstance(changes, Changes) else ():
        if change.name == "DeregisterTargets" and change.error is None:
            ends.extend(end for end in _of_change(change, attributes) if end.address not in ended)
    return tuple(ends)


def host_addresses(instances: Read[ContainerInstances], hosts: Read[Hosts]) -> dict[str, tuple[str, ...]]:
    """By the ARN of the container instance; those that are not known are left out."""
    registered, machines = known(instances), known(hosts)
    if registered is None or machines is None:
        return {}
    found = ((item.arn, machines.of(item.ec2_instance_id)) for item in registered.items)
    return {arn: host.private_ips for arn, host in found if host and host.private_ips}


def end_of(row: LoggedRow, ends: Iterable[TargetEnd]) -> TargetEnd | None:
    """The end that the row stands at; of several the nearest."""
    return min((end for end in ends if end.took(row)), key=lambda end: end.distance(row), default=None)


def kind_of(task: Task) -> EndKind:
    """Who ended it; a stop for failed health checks is the health check's, although the scheduler gave the order."""
    if "health checks" in (task.stopped_reason or ""):
        return "health"
    return _KINDS.get(task.stop_code or "", "itself")


def _early(kind: EndKind) -> timedelta:
    if kind in {"itself", "health"}:
        return BEFORE_END
    return BEFORE_DRAINED if kind == "scheduler" else BEFORE_ORDER


def _of_task(task: Task, on_host: tuple[str, ...]) -> Iterator[TargetEnd]:
    end = task.stopped_at or task.stopping_at
    if end is None or task.started_at is None:
        return
    begin, kind = task.stopping_at or end, kind_of(task)
    for address in task.private_ips:
        yield TargetEnd(address=address, begin=begin, end=end, task_id=task.id, kind=kind)
    if task.private_ips or not task.host_ports:
        return
    for shared in on_host or (None,):
        yield TargetEnd(address=shared, ports=task.host_ports, begin=begin, end=end, task_id=task.id, kind=kind)


def _of_change(change: Change, attributes: Read[TargetGroupAttributes] | None) -> Iterator[TargetEnd]:
    group = change.request.get("targetGroupArn")
    drained = change.at
    if isinstance(attributes, TargetGroupAttributes) and isinstance(group, str) and group in attributes.by_arn:
        drained += timedelta(seconds=attributes.deregistration_delay_s(group))
    kind: EndKind = "scheduler" if (change.by_service or "").startswith("ecs.") else "deregistered"
    targets = change.request.get("targets")
    for target in targets[:MAX_TARGETS_A_CHANGE] if isinstance(targets, list) else ():
        address, port = (target.get("id"), target.get("port")) if isinstance(target, dict) else (None, None)
        if isinstance(address, str):
            ports = frozenset({port}) if isinstance(port, int) else frozenset[int]()
            yield TargetEnd(address=address, ports=ports, begin=change.at, end=drained, kind=kind)
