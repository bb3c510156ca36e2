"""Ways to keep the load balancer from reaching the tasks."""

from __future__ import annotations

from typing import Any, Final

from demo.page.faults import Fault
from demo.page.place import Place
from demo.world.builder import ANYWHERE, permission
from demo.world.network_acls import associate, deny_port
from demo.world.service_handle import NETWORK_ADMIN

FIRST_DEFAULT_RULE: Final = 32_767
EVERYTHING: Final = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}]


def _rules(place: Place, groups: list[str], *, leaving: bool) -> list[tuple[str, dict[str, Any]]]:
    """Each rule with its group."""
    found = place.client("ec2", NETWORK_ADMIN).describe_security_groups(GroupIds=groups)["SecurityGroups"]
    name = "IpPermissionsEgress" if leaving else "IpPermissions"
    return [(group["GroupId"], rule) for group in found for rule in group[name]]


def _covers(rule: dict[str, Any], port: int) -> bool:
    return bool(rule["IpProtocol"] == "-1" or rule.get("FromPort", 0) <= port <= rule.get("ToPort", 65_535))


def _names(rule: dict[str, Any], group: str) -> bool:
    return bool(rule.get("IpRanges")) or any(pair["GroupId"] == group for pair in rule.get("UserIdGroupPairs", ()))


def _as_given(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule that was read, as it is named to be revoked."""
    named = ("IpProtocol", "FromPort", "ToPort", "IpRanges", "UserIdGroupPairs")
    return {key: rule[key] for key in named if rule.get(key) not in (None, [])}


def _ingress(place: Place) -> list[tuple[str, dict[str, Any]]]:
    """The rules that let the load balancer in."""
    rules = _rules(place, place.task_groups, leaving=False)
    return [(group, rule) for group, rule in rules if _covers(rule, place.port) and _names(rule, place.balancer_group)]


def revoke_ingress(place: Place) -> None:
    for group, rule in _ingress(place):
        place.client("ec2", NETWORK_ADMIN).revoke_security_group_ingress(GroupId=group, IpPermissions=[_as_given(rule)])


def allow_ingress(place: Place) -> None:
    if not _ingress(place):
        rule = permission(place.port, place.port, place.balancer_group)
        place.client("ec2", NETWORK_ADMIN).authorize_security_group_ingress(
            GroupId=place.task_groups[0], IpPermissions=[rule]
        )


def _egress(place: Place) -> list[tuple[str, dict[str, Any]]]:
    rules = _rules(place, [place.balancer_group], leaving=True)
    return [
        (group, rule)
        for group, rule in rules
        if _covers(rule, place.port) and any(_names(rule, one) for one in place.task_groups)
    ]


def revoke_egress(place: Place) -> None:
    for group, rule in _egress(place):
        place.client("ec2", NETWORK_ADMIN).revoke_security_group_egress(GroupId=group, IpPermissions=[_as_given(rule)])


def allow_egress(place: Place) -> None:
    if not _egress(place):
        place.client("ec2", NETWORK_ADMIN).authorize_security_group_egress(
            GroupId=place.balancer_group, IpPermissions=EVERYTHING
        )


def _acls(place: Place) -> list[dict[str, Any]]:
    filters = [{"Name": "association.subnet-id", "Values": place.subnets}]
    found: list[dict[str, Any]] = place.client("ec2", NETWORK_ADMIN).describe_network_acls(Filters=filters)[
        "NetworkAcls"
    ]
    return found


def _denies(acl: dict[str, Any]) -> bool:
    return any(
        entry["RuleAction"] == "deny" and int(entry["RuleNumber"]) < FIRST_DEFAULT_RULE for entry in acl["Entries"]
    )


def is_denied(place: Place) -> bool:
    return any(_denies(acl) for acl in _acls(place))


def deny_subnet(place: Place) -> None:
    if not is_denied(place):
        deny_port(place.client("ec2", NETWORK_ADMIN), place.subnets[-1], place.port)


def allow_subnet(place: Place) -> None:
    """Gives the subnets back the network ACL that the VPC came with."""
    ec2 = place.client("ec2", NETWORK_ADMIN)
    for acl in filter(_denies, _acls(place)):
        filters = [{"Name": "vpc-id", "Values": [acl["VpcId"]]}, {"Name": "default", "Values": ["true"]}]
        usual = ec2.describe_network_acls(Filters=filters)["NetworkAcls"][0]["NetworkAclId"]
        for subnet in place.subnets:
            if any(one["SubnetId"] == subnet for one in acl["Associations"]):
                associate(ec2, acl, usual, subnet)


FAULTS: Final = (
    Fault(
        "ingress",
        "Revoke the security group rule",
        "the tasks' security group no longer lets the load balancer in",
        revoke_ingress,
        lambda place: not _ingress(place),
        allow_ingress,
    ),
    Fault(
        "egress",
        "Take away the load balancer's way out",
        "the load balancer's security group has no rule that lets it send to the tasks",
        revoke_egress,
        lambda place: not _egress(place),
        allow_egress,
    ),
    Fault(
        "network-acl",
        "Deny the port in a network ACL",
        "the network ACL of one of the subnets denies the application's port",
        deny_subnet,
        is_denied,
        allow_subnet,
    ),
)
