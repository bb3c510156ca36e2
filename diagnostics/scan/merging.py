"""Which reads of many subjects can be one call, and what each of them gets of its answer. Pure.

A call that takes a list is asked for the lists of several readers; each item of the answer goes to those whose list
names it. `LISTS` says how for each operation: a further one is one line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from diagnostics.collect.collector import Read
from diagnostics.scan.metric_lists import MetricList
from diagnostics.scan.task_lists import TaskList
from diagnostics.scan.ways import Parts, Path, Way

WILDCARDS: Final = frozenset("*?")


@dataclass(frozen=True, slots=True)
class ListParameter:
    """An operation whose `parameter` lists at most `most` names; `names` are the places of them in an item.

    `by_resource`: IAM can allow the call for some of the resources only, so that a refusal of all says nothing of one.
    """

    service: str
    operation: str
    parameter: str
    most: int
    names: tuple[Path, ...]
    by_resource: bool = False

    def parts(self, read: Read) -> Parts:
        if (read.service, read.operation) != (self.service, self.operation):
            return None
        return _texts(read.params.get(self.parameter))

    def merged(self, read: Read, parts: Sequence[str]) -> Read:
        return replace(read, params={**read.params, self.parameter: list(parts)})

    def limit(self, read: Read) -> int:
        return self.most

    def share(self, items: Sequence[Any], wanted: frozenset[str], asked: Sequence[str], read: Read) -> tuple[Any, ...]:
        return tuple(item for item in items if any(name in wanted for path in self.names for name in found(item, path)))


@dataclass(frozen=True, slots=True)
class OneFilter(ListParameter):
    """EC2's way of listing: a call with one filter, named `parameter`. Values with wildcards are asked alone."""

    def parts(self, read: Read) -> Parts:
        if (read.service, read.operation) != (self.service, self.operation):
            return None
        filters = read.params.get("Filters")
        if not isinstance(filters, list) or len(filters) != 1 or filters[0].get("Name") != self.parameter:
            return None
        values = _texts(filters[0].get("Values"))
        return None if values is None or any(WILDCARDS & set(value) for value in values) else values

    def merged(self, read: Read, parts: Sequence[str]) -> Read:
        return replace(read, params={**read.params, "Filters": [{"Name": self.parameter, "Values": list(parts)}]})


LISTS: Final[tuple[Way, ...]] = (
    ListParameter("elbv2", "describe_load_balancers", "LoadBalancerArns", 20, (("LoadBalancerArn",),)),
    ListParameter("elbv2", "describe_target_groups", "TargetGroupArns", 20, (("TargetGroupArn",),)),
    ListParameter("elbv2", "describe_tags", "ResourceArns", 20, (("ResourceArn",),)),
    ListParameter("ecs", "describe_services", "services", 10, (("serviceName",), ("serviceArn",)), by_resource=True),
    ListParameter("ecs", "describe_tasks", "tasks", 100, (("taskArn",),), by_resource=True),
    ListParameter(
        "ecs",
        "describe_container_instances",
        "containerInstances",
        100,
        (("containerInstanceArn",),),
        by_resource=True,
    ),
    OneFilter("ec2", "describe_security_groups", "group-id", 200, (("GroupId",),)),
    OneFilter("ec2", "describe_subnets", "subnet-id", 200, (("SubnetId",),)),
    OneFilter("ec2", "describe_network_acls", "association.subnet-id", 200, (("Associations", "*", "SubnetId"),)),
    OneFilter(
        "ec2",
        "describe_network_interfaces",
        "addresses.private-ip-address",
        200,
        (("PrivateIpAddress",), ("PrivateIpAddresses", "*", "PrivateIpAddress")),
    ),
    OneFilter(
        "ec2",
        "describe_network_interfaces",
        "ipv6-addresses.ipv6-address",
        200,
        (("Ipv6Addresses", "*", "Ipv6Address"),),
    ),
    OneFilter("ec2", "describe_network_interfaces", "attachment.instance-id", 200, (("Attachment", "InstanceId"),)),
    OneFilter("ec2", "describe_network_interfaces", "description", 200, (("Description",),)),
    MetricList(),
    TaskList(),
)


@dataclass(frozen=True, slots=True)
class Member:
    """A read that a call answers, with the names that it asked for."""

    read: Read
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `way` None: it is the read of its only member, as it was asked."""

    read: Read
    members: tuple[Member, ...]
    way: Way | None = None
    parts: tuple[str, ...] = ()

    @property
    def is_merged(self) -> bool:
        return self.way is not None

    def share_of(self, member: Member, items: Sequence[Any]) -> tuple[Any, ...]:
        """What the member would have got alone."""
        if self.way is None:
            return tuple(items)
        return self.way.share(items, frozenset(member.parts), self.parts, member.read)


def question(read: Read) -> str:
    """Equal for reads that have the same answer; what a gap names and the order of a list play no part in it."""
    return json.dumps([read.identity, read.key, read.missing, read.may_lack_key])


def alone(read: Read) -> Call:
    return Call(read, (Member(read, ()),))


def planned(reads: Iterable[Read], ways: Sequence[Way] = LISTS) -> tuple[Call, ...]:
    """Few calls that answer all of these; reads that ask the same are one member."""
    distinct = {question(read): read for read in reads}
    calls: list[Call] = []
    open_calls: dict[str, list[_Open]] = {}
    for read in distinct.values():
        way, parts = _way_of(read, ways)
        if way is None or not parts or len(parts) > way.limit(read):
            calls.append(alone(read))
            continue
        rest = question(way.merged(read, ()))
        _put(open_calls.setdefault(rest, []), way, Member(read, tuple(parts)))
    return (*calls, *(one.closed() for same in open_calls.values() for one in same))


@dataclass(slots=True)
class _Open:
    """A call that is still being filled."""

    way: Way
    members: list[Member] = field(default_factory=list)
    parts: dict[str, None] = field(default_factory=dict)

    def has_room(self, parts: Sequence[str], limit: int) -> bool:
        return len(self.parts) + sum(part not in self.parts for part in dict.fromkeys(parts)) <= limit

    def closed(self) -> Call:
        if len(self.members) == 1:
            return alone(self.members[0].read)
        parts = tuple(self.parts)
        return Call(self.way.merged(self.members[0].read, parts), tuple(self.members), self.way, parts)


def _put(same: list[_Open], way: Way, member: Member) -> None:
    limit = way.limit(member.read)
    there = next((one for one in same if one.has_room(member.parts, limit)), None)
    if there is None:
        there = _Open(way)
        same.append(there)
    there.members.append(member)
    there.parts.update(dict.fromkeys(member.parts))


def _way_of(read: Read, ways: Sequence[Way]) -> tuple[Way | None, Sequence[str]]:
    for way in ways:
        parts = way.parts(read)
        if parts is not None:
            return way, parts
    return None, ()


def _texts(value: object) -> Parts:
    """None for what is no list of texts, and for an empty one, which AWS takes for everything."""
    if not isinstance(value, list | tuple) or not value or not all(isinstance(one, str) for one in value):
        return None
    return tuple(value)


def found(item: object, path: Path) -> Iterator[str]:
    """The texts at `path` of an item; ``*`` goes through a list."""
    if not path:
        if isinstance(item, str):
            yield item
    elif path[0] == "*":
        for one in item if isinstance(item, list) else ():
            yield from found(one, path[1:])
    elif isinstance(item, Mapping):
        yield from found(item.get(path[0]), path[1:])
