"""Security groups of the load balancers and the targets, and whether the groups that their rules name exist."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from diagnostics.collect.answers import distinct, gaps_of, items_of, nothing_read
from diagnostics.collect.collector import Read, Reads, collector
from diagnostics.collect.ec2_filters import filtered
from diagnostics.facts import (
    EcsService,
    Gap,
    GroupReference,
    LoadBalancers,
    NetworkInterfaces,
    NotApplicable,
    Permission,
    SecurityGroup,
    SecurityGroups,
    Unread,
)
from diagnostics.snapshot import Subject

MAX_REFERENCED = 200


@collector(cached=True)
def security_groups(
    subject: Subject,
    balancers: LoadBalancers | Unread,
    interfaces: NetworkInterfaces | Unread,
    service: EcsService | Unread,
) -> Reads[SecurityGroups]:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroups.html"""
    for source in (balancers, interfaces):
        if isinstance(source, Gap) and not isinstance(service, EcsService):
            return source
    wanted = _wanted(balancers, interfaces, service)
    if not wanted:
        return NotApplicable(reason="nothing on the way has a security group")
    answers = yield _reads(wanted)
    if failed := nothing_read(answers):
        return failed
    groups = {group.id: group for group in map(_group, items_of(answers))}
    referenced = [name for name in _referenced(groups.values(), subject.account) if name not in wanted]
    second = (yield _reads(referenced[:MAX_REFERENCED])) if referenced else ()
    groups |= {group.id: group for group in map(_group, items_of(second))}
    asked = (*wanted, *referenced[:MAX_REFERENCED]) if not gaps_of(second) else wanted
    incomplete = [source for source in (balancers, interfaces) if isinstance(source, Gap)]
    return SecurityGroups(
        by_id=groups,
        missing=tuple(name for name in asked if name not in groups) if not gaps_of(answers) else (),
        gaps=(*incomplete, *gaps_of([*answers, *second])),
    )


def _wanted(
    balancers: LoadBalancers | Unread, interfaces: NetworkInterfaces | Unread, service: EcsService | Unread
) -> tuple[str, ...]:
    of_balancers = balancers.items if isinstance(balancers, LoadBalancers) else ()
    of_interfaces = interfaces.items if isinstance(interfaces, NetworkInterfaces) else ()
    return distinct(
        [
            *(group for balancer in of_balancers for group in balancer.security_groups),
            *(service.security_groups if isinstance(service, EcsService) else ()),
            *(group for interface in of_interfaces for group in interface.security_groups),
        ]
    )


def _reads(ids: Iterable[str]) -> list[Read]:
    return filtered("describe_security_groups", "SecurityGroups", "group-id", ids)


def _referenced(groups: Iterable[SecurityGroup], account: str) -> tuple[str, ...]:
    """Groups that rules name and that this account can look up; those across a peering may be somebody else's."""
    return distinct(
        reference.group_id
        for group in groups
        for permission in (*group.ingress, *group.egress)
        for reference in permission.groups
        if reference.account in {None, account} and reference.peering_status is None
    )


def _group(raw: Mapping[str, Any]) -> SecurityGroup:
    return SecurityGroup(
        id=raw["GroupId"],
        name=raw["GroupName"],
        vpc_id=raw.get("VpcId"),
        ingress=tuple(map(_permission, raw.get("IpPermissions", ()))),
        egress=tuple(map(_permission, raw.get("IpPermissionsEgress", ()))),
    )


def _permission(raw: Mapping[str, Any]) -> Permission:
    return Permission(
        protocol=str(raw["IpProtocol"]),
        from_port=raw.get("FromPort"),
        to_port=raw.get("ToPort"),
        cidrs=tuple(item["CidrIp"] for item in raw.get("IpRanges", ())),
        ipv6_cidrs=tuple(item["CidrIpv6"] for item in raw.get("Ipv6Ranges", ())),
        prefix_list_ids=tuple(item["PrefixListId"] for item in raw.get("PrefixListIds", ())),
        groups=tuple(
            GroupReference(
                group_id=item["GroupId"],
                account=item.get("UserId"),
                vpc_id=item.get("VpcId"),
                peering_status=item.get("PeeringStatus"),
            )
            for item in raw.get("UserIdGroupPairs", ())
            if item.get("GroupId")
        ),
    )
