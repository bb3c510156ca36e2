"""Subnets on the way, and the network ACLs that guard them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnostics.collect.answers import distinct, gaps_of, items_of, nothing_read
from diagnostics.collect.collector import Reads, collector
from diagnostics.collect.ec2_filters import filtered
from diagnostics.facts import (
    EcsService,
    Gap,
    LoadBalancers,
    NetworkAcl,
    NetworkAclEntry,
    NetworkAcls,
    NetworkInterfaces,
    NotApplicable,
    Subnet,
    Subnets,
    Unread,
)

NO_SUBNET = NotApplicable(reason="nothing on the way is in a subnet")


@collector(cached=True)
def subnets(
    balancers: LoadBalancers | Unread, interfaces: NetworkInterfaces | Unread, service: EcsService | Unread
) -> Reads[Subnets]:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSubnets.html"""
    ids = _subnet_ids(balancers, interfaces, service)
    if isinstance(ids, Unread):
        return ids
    answers = yield filtered("describe_subnets", "Subnets", "subnet-id", ids)
    if failed := nothing_read(answers):
        return failed
    by_id = {subnet.id: subnet for subnet in map(_subnet, items_of(answers))}
    return Subnets(by_id=by_id, gaps=(*_gaps(balancers, interfaces), *gaps_of(answers)))


@collector(cached=True)
def network_acls(
    balancers: LoadBalancers | Unread, interfaces: NetworkInterfaces | Unread, service: EcsService | Unread
) -> Reads[NetworkAcls]:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkAcls.html"""
    ids = _subnet_ids(balancers, interfaces, service)
    if isinstance(ids, Unread):
        return ids
    answers = yield filtered("describe_network_acls", "NetworkAcls", "association.subnet-id", ids)
    if failed := nothing_read(answers):
        return failed
    acls = {acl.id: acl for acl in map(_acl, items_of(answers))}
    return NetworkAcls(items=tuple(acls.values()), gaps=(*_gaps(balancers, interfaces), *gaps_of(answers)))


def _subnet_ids(
    balancers: LoadBalancers | Unread, interfaces: NetworkInterfaces | Unread, service: EcsService | Unread
) -> tuple[str, ...] | Unread:
    of_balancers = balancers.items if isinstance(balancers, LoadBalancers) else ()
    of_interfaces = interfaces.items if isinstance(interfaces, NetworkInterfaces) else ()
    found = distinct(
        [
            *(zone.subnet_id for balancer in of_balancers for zone in balancer.zones),
            *(service.subnets if isinstance(service, EcsService) else ()),
            *(interface.subnet_id for interface in of_interfaces),
        ]
    )
    gaps = _gaps(balancers, interfaces)
    return found or (gaps[0] if gaps else NO_SUBNET)


def _gaps(*sources: object) -> tuple[Gap, ...]:
    return tuple(source for source in sources if isinstance(source, Gap))


def _subnet(raw: Mapping[str, Any]) -> Subnet:
    associations = raw.get("Ipv6CidrBlockAssociationSet", ())
    return Subnet(
        id=raw["SubnetId"],
        vpc_id=raw["VpcId"],
        zone=raw["AvailabilityZone"],
        cidr=raw.get("CidrBlock", ""),
        ipv6_cidrs=tuple(
            item["Ipv6CidrBlock"]
            for item in associations
            if item.get("Ipv6CidrBlockState", {}).get("State", "associated") == "associated"
        ),
        available_ips=raw.get("AvailableIpAddressCount"),
    )


def _acl(raw: Mapping[str, Any]) -> NetworkAcl:
    entries = sorted(map(_entry, raw["Entries"]), key=lambda entry: (entry.egress, entry.rule_number))
    return NetworkAcl(
        id=raw["NetworkAclId"],
        vpc_id=raw["VpcId"],
        is_default=raw["IsDefault"],
        subnet_ids=tuple(item["SubnetId"] for item in raw.get("Associations", ())),
        entries=tuple(entries),
    )


def _entry(raw: Mapping[str, Any]) -> NetworkAclEntry:
    ports = raw.get("PortRange", {})
    return NetworkAclEntry(
        rule_number=raw["RuleNumber"],
        egress=raw["Egress"],
        protocol=str(raw["Protocol"]),
        allow=raw["RuleAction"] == "allow",
        cidr=raw.get("CidrBlock"),
        ipv6_cidr=raw.get("Ipv6CidrBlock"),
        from_port=ports.get("From"),
        to_port=ports.get("To"),
    )
