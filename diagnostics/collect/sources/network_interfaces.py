"""Network interfaces of the targets and of the load balancers' nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from diagnostics.collect.answers import distinct, gaps_of, is_instance, items_of, nothing_read
from diagnostics.collect.collector import Read, Reads, collector
from diagnostics.collect.ec2_filters import filtered
from diagnostics.collect.sources.load_balancers import MAX_LOAD_BALANCERS
from diagnostics.facts import (
    NetworkInterface,
    NetworkInterfaces,
    TargetGroups,
    TargetHealth,
    Unread,
)
from diagnostics.snapshot import Subject

MAX_TARGETS = 1000
MAX_PAGES = 2


@collector(cached=True)
def network_interfaces(
    subject: Subject, health: TargetHealth, groups: TargetGroups | Unread
) -> Reads[NetworkInterfaces]:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaces.html"""
    targets = distinct(target.id for _, target in health.all())[:MAX_TARGETS]
    nodes = [f"ELB {arn.split(':loadbalancer/', 1)[-1]}" for arn in subject.load_balancers[:MAX_LOAD_BALANCERS]]
    reads = [
        *_reads("addresses.private-ip-address", filter(_is_ipv4, targets)),
        *_reads("ipv6-addresses.ipv6-address", filter(_is_ipv6, targets)),
        *_reads("attachment.instance-id", filter(is_instance, targets)),
        *_reads("description", nodes),
    ]
    answers = yield reads
    if failed := nothing_read(answers):
        return failed
    found = {interface.id: interface for interface in map(_interface, items_of(answers))}
    ours = {group.vpc_id for group in groups.items} if isinstance(groups, TargetGroups) else set()
    # Addresses repeat between VPCs: the target groups' own VPC comes first, so that a search by address finds it.
    ordered = sorted(found.values(), key=lambda interface: interface.vpc_id not in ours)
    return NetworkInterfaces(items=tuple(ordered), gaps=gaps_of(answers))


def _reads(name: str, values: Iterable[str]) -> list[Read]:
    return filtered("describe_network_interfaces", "NetworkInterfaces", name, values, MAX_PAGES)


def _is_ipv4(target: str) -> bool:
    return target.count(".") == 3 and target.replace(".", "").isdigit()


def _is_ipv6(target: str) -> bool:
    return ":" in target and not target.startswith("arn:")


def _interface(raw: Mapping[str, Any]) -> NetworkInterface:
    listed = [item["PrivateIpAddress"] for item in raw.get("PrivateIpAddresses", ()) if item.get("PrivateIpAddress")]
    return NetworkInterface(
        id=raw["NetworkInterfaceId"],
        subnet_id=raw["SubnetId"],
        vpc_id=raw["VpcId"],
        zone=raw.get("AvailabilityZone"),
        private_ips=distinct([raw.get("PrivateIpAddress"), *listed]),
        ipv6_addresses=tuple(item["Ipv6Address"] for item in raw.get("Ipv6Addresses", ())),
        security_groups=tuple(group["GroupId"] for group in raw.get("Groups", ())),
        description=raw.get("Description", ""),
        status=raw.get("Status", ""),
        instance_id=raw.get("Attachment", {}).get("InstanceId"),
        device_index=raw.get("Attachment", {}).get("DeviceIndex"),
    )
