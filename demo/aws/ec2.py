"""EC2 where moto lacks fidelity: the order of network ACL entries, and stale security group rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from moto.ec2.models import ec2_backends

from demo.aws.layer import AwsError, AwsLayer, Call


def install(layer: AwsLayer) -> None:
    """Register the corrected operations."""

    @layer.op("ec2", "DescribeNetworkAcls")
    def describe_network_acls(call: Call) -> dict[str, Any]:
        answer = layer.original(call)
        for acl in answer.get("NetworkAcls", ()):
            acl["Entries"] = sorted(acl.get("Entries", ()), key=lambda one: (one["Egress"], one["RuleNumber"]))
        return answer

    @layer.op("ec2", "DescribeStaleSecurityGroups")
    def describe_stale_security_groups(call: Call) -> dict[str, Any]:
        vpc_id = str(call.params["VpcId"])
        backend = ec2_backends[call.account][call.region]
        if vpc_id not in backend.vpcs:
            raise AwsError("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")
        groups = [_stale(group) for group in list(backend.groups.get(vpc_id, {}).values())]
        return {"StaleSecurityGroupSet": [group for group in groups if group is not None]}


def _stale(group: Any) -> dict[str, Any] | None:
    """Rules that name a group which no longer exists.

    https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html
    """
    ingress = list(_stale_rules(group.ingress_rules))
    egress = list(_stale_rules(group.egress_rules))
    if not ingress and not egress:
        return None
    return {
        "GroupId": group.id,
        "GroupName": group.name,
        "Description": group.description,
        "VpcId": group.vpc_id,
        "StaleIpPermissions": ingress,
        "StaleIpPermissionsEgress": egress,
    }


def _stale_rules(rules: Sequence[Any]) -> Iterator[dict[str, Any]]:
    for rule in rules:
        group_id = rule.source_group.get("GroupId")
        if group_id and not _exists(str(group_id)):
            yield {
                "IpProtocol": rule.ip_protocol,
                "FromPort": rule.from_port,
                "ToPort": rule.to_port,
                "UserIdGroupPairs": [dict(rule.source_group)],
            }


def _exists(group_id: str) -> bool:
    return any(
        backend.get_security_group_from_id(group_id) is not None
        for regions in list(ec2_backends.values())
        for backend in list(regions.values())
    )
