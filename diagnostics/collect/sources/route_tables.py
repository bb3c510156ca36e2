"""Routes between the load balancer and targets that are not in its VPC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnostics.collect.answers import distinct, gaps_of, items_of, nothing_read
from diagnostics.collect.collector import Read, Reads, collector
from diagnostics.collect.sources.changes_in_doubt import OUTSIDE, cut_off
from diagnostics.facts import (
    EcsService,
    LoadBalancers,
    NetworkInterfaces,
    NotApplicable,
    RouteTable,
    RouteTables,
    StoppedTasks,
    TableRoute,
    TargetHealth,
    Unread,
)

VALUES_PER_FILTER = 200
PAGE_SIZE = 100
_VIA = (
    "GatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "NatGatewayId",
    "NetworkInterfaceId",
    "InstanceId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
    "EgressOnlyInternetGatewayId",
)


@collector(cached=True)
def route_tables(
    health: TargetHealth,
    balancers: LoadBalancers,
    interfaces: NetworkInterfaces | Unread,
    service: EcsService | Unread,
    stopped: StoppedTasks | Unread,
) -> Reads[RouteTables]:
    """Inside one VPC there is always a way, so that this is read only for targets elsewhere, and for the subnets of
    tasks that could not reach what they need to start.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRouteTables.html
    """
    outside = {target.id for _, target in health.all() if target.zone == OUTSIDE}
    starting = service.subnets if isinstance(service, EcsService) and cut_off(stopped) else ()
    if not outside and not starting:
        return NotApplicable(reason="all targets are inside the load balancer's VPC")
    there = [
        interface
        for interface in (interfaces.items if isinstance(interfaces, NetworkInterfaces) else ())
        if outside & {*interface.private_ips, *interface.ipv6_addresses}
    ]
    subnets = distinct(
        [
            *starting,
            *(zone.subnet_id for balancer in balancers.items for zone in balancer.zones if outside),
            *(interface.subnet_id for interface in there),
        ]
    )[:VALUES_PER_FILTER]
    vpcs = distinct([*(balancer.vpc_id for balancer in balancers.items), *(item.vpc_id for item in there)])
    answers = yield [
        _read({"association.subnet-id": subnets}),
        _read({"association.main": ("true",), "vpc-id": vpcs[:VALUES_PER_FILTER]}),
    ]
    if failed := nothing_read(answers):
        return failed
    tables = {table.id: table for table in map(_table, items_of(answers))}
    return RouteTables(items=tuple(tables.values()), gaps=gaps_of(answers))


def _read(filters: Mapping[str, tuple[str, ...]]) -> Read:
    listed = [{"Name": name, "Values": list(values)} for name, values in filters.items()]
    return Read("ec2", "describe_route_tables", "RouteTables", {"Filters": listed, "MaxResults": PAGE_SIZE})


def _table(raw: Mapping[str, Any]) -> RouteTable:
    associations = raw.get("Associations", ())
    return RouteTable(
        id=raw["RouteTableId"],
        vpc_id=raw["VpcId"],
        is_main=any(item.get("Main") for item in associations),
        subnet_ids=distinct(item.get("SubnetId") for item in associations),
        routes=tuple(map(_route, raw.get("Routes", ()))),
    )


def _route(raw: Mapping[str, Any]) -> TableRoute:
    destinations = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
    return TableRoute(
        destination=next((raw[name] for name in destinations if raw.get(name)), ""),
        via=next((raw[name] for name in _VIA if raw.get(name)), ""),
        state=raw.get("State", "active"),
    )
