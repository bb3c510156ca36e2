"""The timeline says what an event changed from and to, where the event or another one of its kind has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnostics.engine import diagnose
from tests.incidents.building import LISTENER, Incident, change

RULE = f"{LISTENER.replace(':listener/', ':listener-rule/')}/4444444444444444"
ENDED = {
    "instancesSet": {
        "items": [
            {"instanceId": "i-0a", "currentState": {"name": "stopping"}, "previousState": {"name": "running"}},
            *({"instanceId": f"i-{number}"} for number in range(1, 6)),
        ]
    }
}


def told(*changes: Any) -> list[str]:
    timeline = diagnose(Incident().changed(*changes).snapshot()).timeline
    return [entry.event for entry in timeline if entry.source == "cloudtrail:LookupEvents"]


def route(name: str, minutes_ago: float, **request: str) -> Any:
    asked: Mapping[str, Any] = {"routeTableId": "rtb-1", "destinationCidrBlock": "10.1.0.0/16", **request}
    return change(name, minutes_ago=minutes_ago, resources=("rtb-1",), request=dict(asked))


def test_instances_go_from_one_state_to_another() -> None:
    stopped = change("StopInstances", minutes_ago=9, resources=("i-0a", "i-1"), response=ENDED)
    assert told(stopped) == ["StopInstances on i-0a, i-1: i-0a running → stopping, i-1, i-2, and 3 more"]
    refused = change("TerminateInstances", minutes_ago=9, resources=("i-0a",), error="UnauthorizedOperation")
    assert told(refused) == ["TerminateInstances on i-0a (refused: UnauthorizedOperation)"]


def test_a_route_that_changed_tells_its_way_before_where_that_is_recorded() -> None:
    assert told(
        route("CreateRoute", 100, vpcPeeringConnectionId="pcx-1"),
        route("CreateRoute", 90, destinationCidrBlock="10.2.0.0/16", gatewayId="vgw-1"),
        route("ReplaceRoute", 50, transitGatewayId="tgw-1"),
        route("DeleteRoute", 10),
    ) == [
        "CreateRoute on rtb-1: 10.1.0.0/16 by pcx-1",
        "CreateRoute on rtb-1: 10.2.0.0/16 by vgw-1",
        "ReplaceRoute on rtb-1: 10.1.0.0/16 by pcx-1 → tgw-1",
        "DeleteRoute on rtb-1: 10.1.0.0/16 by tgw-1 → none",
    ]
    assert told(route("DeleteRoute", 10, routeTableId="rtb-2"), route("CreateRoute", 20, gatewayId="igw-1")) == [
        "CreateRoute on rtb-1: 10.1.0.0/16 by igw-1",
        "DeleteRoute on rtb-1: 10.1.0.0/16",
    ]


def test_a_deleted_rule_is_named_by_its_arn_and_who_deleted_it_is_told() -> None:
    gone = change("DeleteRule", minutes_ago=9, resources=(), request={"ruleArn": RULE})
    assert told(gone) == [f"DeleteRule: {RULE.rpartition(':')[2]}"]
    (entry,) = [one for one in diagnose(Incident().changed(gone).snapshot()).timeline if "DeleteRule" in one.event]
    assert entry.actor == "role/ops-admin"


def test_what_is_no_event_of_this_form_is_told_without() -> None:
    strange: list[dict[str, Any]] = [{"instancesSet": 7}, {"instancesSet": {"items": ["x", {"instanceId": 3}]}}]
    for response in strange:
        (words,) = told(change("StopInstances", minutes_ago=9, resources=("i-0a",), response=response))
        assert words.startswith("StopInstances on i-0a")
    odd = change("ReplaceRoute", minutes_ago=9, resources=("rtb-1",), request={"routeTableId": [1], "gatewayId": {}})
    assert told(odd) == ["ReplaceRoute on rtb-1"]
