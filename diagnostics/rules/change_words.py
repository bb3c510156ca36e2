"""A recorded change in words, and whether it is somebody's or a service's daily work."""

from __future__ import annotations

import re

from diagnostics.facts import Change

MAX_ACTOR_CHARS = 160
ACT_BY_THEMSELVES = frozenset(
    {
        "autoscaling.amazonaws.com",
        "ecs.amazonaws.com",
        "ecs.application-autoscaling.amazonaws.com",
        "elasticloadbalancing.amazonaws.com",
    }
)
"""Services whose calls are their daily work: part of the timeline, not somebody's change."""

_API_DATE = re.compile(r"\d{8}(v\d+)?\Z")
_WORDS = {
    "AddPermission": "permission to invoke the function added",
    "AssociateRouteTable": "another route table given to the subnet",
    "AuthorizeSecurityGroupEgress": "outbound rule added",
    "AuthorizeSecurityGroupIngress": "rule added",
    "CreateNetworkAclEntry": "network ACL entry added",
    "CreateRoute": "route added",
    "CreateRule": "listener rule added",
    "DeleteAlias": "function's alias deleted",
    "DeleteFunction": "function or version deleted",
    "DeleteFunctionConcurrency": "function's reserved concurrency removed",
    "DeleteNetworkAclEntry": "network ACL entry removed",
    "DeleteRoute": "route removed",
    "DeleteRule": "listener rule removed",
    "DeleteTargetGroup": "target group deleted",
    "DeleteVpcPeeringConnection": "VPC peering deleted",
    "DeregisterTargets": "targets deregistered",
    "ModifyListener": "listener changed",
    "ModifyLoadBalancerAttributes": "load balancer attributes changed",
    "ModifyNetworkInterfaceAttribute": "network interface changed",
    "ModifyRule": "listener rule changed",
    "ModifySecurityGroupRules": "rules changed",
    "ModifyTargetGroup": "target group changed",
    "ModifyTargetGroupAttributes": "target group attributes changed",
    "PutFunctionConcurrency": "function's reserved concurrency changed",
    "RegisterTaskDefinition": "task definition registered",
    "RemovePermission": "permission to invoke the function removed",
    "ReplaceNetworkAclAssociation": "another network ACL put before the subnet",
    "ReplaceNetworkAclEntry": "network ACL entry changed",
    "ReplaceRoute": "route changed",
    "ReplaceRouteTableAssociation": "another route table given to the subnet",
    "RevokeSecurityGroupEgress": "outbound rule removed",
    "RevokeSecurityGroupIngress": "rule removed",
    "SetIpAddressType": "load balancer's address type changed",
    "SetSecurityGroups": "load balancer's security groups changed",
    "SetSubnets": "load balancer's subnets changed",
    "StopInstances": "instances stopped",
    "StopTask": "task stopped",
    "TerminateInstances": "instances terminated",
    "UpdateAlias": "function's alias moved",
    "UpdateFunctionCode": "function's code updated",
    "UpdateFunctionConfiguration": "function's configuration changed",
    "UpdateService": "service changed",
}


def change_in_words(change: Change) -> str:
    """``rule removed 03:10 by role/ops-admin``"""
    what = _WORDS.get(event_name(change)) or event_name(change)
    via = f" through {change.by_service}" if change.by_service else ""
    return f"{what} {change.at:%H:%M} by {change.actor[:MAX_ACTOR_CHARS]}{via}"


def is_of_people(change: Change) -> bool:
    """Whether somebody made it, and no service as part of its daily work."""
    return change.by_service not in ACT_BY_THEMSELVES


def is_path_change(change: Change) -> bool:
    """Whether it is of a kind that can break requests, and mend them."""
    return event_name(change) in _WORDS and event_name(change) != "RegisterTaskDefinition"


def event_name(change: Change) -> str:
    """The event's name without the API date that Lambda appends (``AddPermission20150331v2``)."""
    return _API_DATE.sub("", change.name)
