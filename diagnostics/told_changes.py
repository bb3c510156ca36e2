"""What CloudTrail's events say in places of their own: states of instances, ways of routes, the rule that is gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from diagnostics.facts import Change

MAX_INSTANCES: Final = 3
_STATES: Final = frozenset({"StopInstances", "TerminateInstances", "StartInstances"})
_ROUTES: Final = frozenset({"CreateRoute", "ReplaceRoute", "DeleteRoute"})
_DESTINATIONS: Final = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")
_WAYS: Final = (
    "gatewayId",
    "natGatewayId",
    "transitGatewayId",
    "vpcPeeringConnectionId",
    "networkInterfaceId",
    "instanceId",
    "egressOnlyInternetGatewayId",
    "localGatewayId",
    "carrierGatewayId",
    "coreNetworkArn",
)


def details(change: Change, recorded: Iterable[Change]) -> str:
    """``: i-0a running → stopping`` and the like; empty for other events. `recorded`: what else was found."""
    if change.name in _STATES:
        told = ", ".join(_states(change))
    elif change.name in _ROUTES:
        told = _route(change, recorded)
    elif change.name == "DeleteRule" and not change.resources:
        told = _text(change.request, "ruleArn").rpartition(":")[2]
    else:
        told = ""
    return f": {told}" if told else ""


def _states(change: Change) -> Iterator[str]:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceStateChange.html"""
    answered = _instances(change.response)
    for item in answered[:MAX_INSTANCES]:
        before, after = (_text(_mapping(item.get(f"{when}State")), "name") for when in ("previous", "current"))
        states = f" {before} → {after}" if before and after else ""
        yield f"{_text(item, 'instanceId')}{states}"
    if len(answered) > MAX_INSTANCES:
        yield f"and {len(answered) - MAX_INSTANCES} more"


def _route(change: Change, recorded: Iterable[Change]) -> str:
    place = _destination(change)
    if not place:
        return ""
    before = next(
        (
            _way(other)
            for other in sorted(recorded, key=lambda other: other.at, reverse=True)
            if other.at < change.at and other.error is None and other.name in _ROUTES
            if _table(other) == _table(change) and _destination(other) == place
        ),
        "",
    )
    after = "" if change.name == "DeleteRoute" else _way(change)
    steps = " → ".join(step for step in (before, after or ("none" if before else "")) if step)
    return f"{place}{f' by {steps}' if steps else ''}"


def _destination(change: Change) -> str:
    return next((found for name in _DESTINATIONS if (found := _text(change.request, name))), "")


def _way(change: Change) -> str:
    return next((found for name in _WAYS if (found := _text(change.request, name))), "")


def _table(change: Change) -> str:
    return _text(change.request, "routeTableId")


def _instances(answer: Mapping[str, object]) -> list[Mapping[str, object]]:
    items = _mapping(answer.get("instancesSet")).get("items")
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _text(raw: Mapping[str, object], name: str) -> str:
    value = raw.get(name)
    return value if isinstance(value, str) else ""
