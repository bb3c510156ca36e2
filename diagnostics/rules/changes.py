"""Which recorded change may be blamed: it touches this path, it succeeded, and it came before the trouble.

CloudTrail's field names: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from diagnostics.causes.cause import Evidence, Facts, Strength
from diagnostics.facts import Change, Changes, Read
from diagnostics.facts.network import Permission
from diagnostics.rules.change_words import change_in_words, event_name, is_of_people
from diagnostics.rules.own_changes import is_repair

SOURCE = "cloudtrail:LookupEvents"
ONSET_TOLERANCE = timedelta(minutes=1)
"""Metrics are aligned to minutes, so a change may look up to a minute younger than its first effect."""
EFFECT_WITHIN = timedelta(minutes=15)
"""A change this close before the onset explains it by itself; an older one only fits."""
MAX_NESTING = 8


_RULE_ARN = re.compile(
    r"(?P<before>arn:[^:]+:elasticloadbalancing:[^:]*:[^:]*):listener-rule/"
    r"(?P<balancer>[a-z]+/[^/]+/[^/]+)/(?P<listener>[^/]+)/[^/]+"
)


def changes_before_onset(
    changes: Read[Changes],
    *,
    resources: Iterable[str],
    names: Iterable[str],
    onset: datetime | None,
    tolerance: timedelta = ONSET_TOLERANCE,
    by_services_too: bool = False,
) -> tuple[Change, ...]:
    """Successful changes with one of these event names to one of these resources before the onset, newest first.

    `resources` are ids, names or ARNs. Without a known onset nothing can be said about the order, so nothing is
    returned. Calls that a service made as part of its daily work are left out unless `by_services_too`. A repair was
    made for what was there before, so that it counts only where it surely was first.
    """
    if not isinstance(changes, Changes) or onset is None:
        return ()
    wanted, touched = frozenset(names), frozenset(resources)
    found = (
        change
        for change in changes.items
        if event_name(change) in wanted
        and change.error is None
        and change.at <= onset + (timedelta(0) if is_repair(change) else tolerance)
        and (by_services_too or is_of_people(change))
        and touched.intersection(_touched(change))
    )
    return tuple(sorted(found, key=lambda change: change.at, reverse=True))


def change_evidence(change: Change, onset: datetime | None = None) -> Evidence:
    """The change in words: ``rule removed 03:10 by role/ops-admin``.

    With `onset` given and the change at most a quarter of an hour before it, the record is decisive.
    """
    close = onset is not None and timedelta(0) <= onset + ONSET_TOLERANCE - change.at <= EFFECT_WITHIN + ONSET_TOLERANCE
    return Evidence(
        text=change_in_words(change),
        source=SOURCE,
        strength=Strength.DECISIVE if close else Strength.SUPPORTING,
        at=change.at,
    )


def newest_before_onset(facts: Facts, resources: Iterable[str], names: Iterable[str]) -> tuple[Evidence, ...]:
    """The newest such change before the trouble as the one record, for a cause that declares `Changes`."""
    onset = facts.observed.onset
    found = changes_before_onset(facts.maybe(Changes), resources=resources, names=names, onset=onset)
    return tuple(change_evidence(change, onset) for change in found[:1])


def permissions_in(change: Change) -> tuple[Permission, ...]:
    """The security group permissions that the event names; empty when it named rules by id only.

    The request holds ``ipPermissions`` unless the caller gave rule ids; the answer then lists the rules themselves.
    """
    return tuple(_permission(raw) for raw in _with_protocol([change.request, change.response], MAX_NESTING))


def attributes_in(record: Mapping[str, object]) -> dict[str, str]:
    """The attributes of a load balancer or target group that a request or an answer names, by key."""
    listed = record.get("attributes")
    named = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    pairs = ((one.get("key"), one.get("value")) for one in named)
    return {key: value for key, value in pairs if isinstance(key, str) and isinstance(value, str)}


def load_balancer_of(rule_arn: str) -> str | None:
    """The ARN of the load balancer that a listener rule belongs to."""
    found = _RULE_ARN.fullmatch(rule_arn)
    return f"{found['before']}:loadbalancer/{found['balancer']}" if found else None


def listener_of(rule_arn: str) -> str | None:
    """The ARN of the listener that a rule belongs to."""
    found = _RULE_ARN.fullmatch(rule_arn)
    return f"{found['before']}:listener/{found['balancer']}/{found['listener']}" if found else None


def _touched(change: Change) -> Iterator[str]:
    yield from change.resources
    yield from (value for value in change.request.values() if isinstance(value, str))
    if event_name(change) == "DeleteRule":
        # Nothing lists a deleted rule any more: what is left of it is the listener that its ARN names.
        listener = listener_of(str(change.request.get("ruleArn", "")))
        if listener:
            yield listener


def _with_protocol(value: object, depth: int) -> Iterator[Mapping[str, Any]]:
    if depth == 0:
        return
    if isinstance(value, Mapping):
        if "ipProtocol" in value:
            yield value
            return
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _with_protocol(item, depth - 1)


def _permission(raw: Mapping[str, Any]) -> Permission:
    groups = [item.get("groupId") for item in _items(raw.get("groups"))] + [raw.get("referencedGroupId")]
    cidrs = [item.get("cidrIp") for item in _items(raw.get("ipRanges"))] + [raw.get("cidrIpv4")]
    ipv6 = [item.get("cidrIpv6") for item in _items(raw.get("ipv6Ranges"))] + [raw.get("cidrIpv6")]
    return Permission.model_validate(
        {
            "protocol": str(raw["ipProtocol"]),
            "from_port": _port(raw.get("fromPort")),
            "to_port": _port(raw.get("toPort")),
            "cidrs": [cidr for cidr in cidrs if isinstance(cidr, str)],
            "ipv6_cidrs": [cidr for cidr in ipv6 if isinstance(cidr, str)],
            "groups": [{"group_id": group} for group in groups if isinstance(group, str)],
        }
    )


def _items(value: object) -> tuple[Mapping[str, Any], ...]:
    items = value.get("items") if isinstance(value, Mapping) else value
    return tuple(item for item in items if isinstance(item, Mapping)) if isinstance(items, list) else ()


def _port(value: object) -> int | None:
    return value if isinstance(value, int) else None
