"""The policy of the role that fixes are carried out with: what each fix calls, on which kind of thing, and no more.

It is the ceiling. For each plan the session is cut further, to the ARNs of that plan.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from pydantic import JsonValue

from diagnostics.aws_access.read_policy import reader_policy
from remediations.catalogue import catalogue
from remediations.plan import PLAN_TAG, WITHOUT_RESOURCE, Grant, Plan
from remediations.session_policy import statements

_ELB: Final = "elasticloadbalancing"

_KINDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "application-autoscaling:RegisterScalableTarget": ("scalable-target/*",),
        "cloudwatch:DeleteAlarms": ("alarm:alb502-*",),
        "cloudwatch:PutMetricAlarm": ("alarm:alb502-*",),
        "cloudwatch:TagResource": ("alarm:alb502-*",),
        "codedeploy:StopDeployment": ("*",),
        "ec2:AuthorizeSecurityGroupEgress": ("security-group/*", "security-group-rule/*"),
        "ec2:AuthorizeSecurityGroupIngress": ("security-group/*", "security-group-rule/*"),
        "ec2:CreateNetworkAclEntry": ("network-acl/*",),
        "ec2:CreateTags": ("security-group-rule/*",),
        "ec2:DeleteNetworkAclEntry": ("network-acl/*",),
        "ec2:RevokeSecurityGroupEgress": ("security-group/*",),
        "ec2:RevokeSecurityGroupIngress": ("security-group/*",),
        "ecs:DescribeServices": ("service/*",),
        "ecs:RegisterTaskDefinition": ("task-definition/*:*",),
        "ecs:StopServiceDeployment": ("service/*", "service-deployment/*"),
        "ecs:StopTask": ("task/*",),
        "ecs:TagResource": ("task-definition/*:*",),
        "ecs:UpdateClusterSettings": ("cluster/*",),
        "ecs:UpdateService": ("service/*",),
        f"{_ELB}:AddTags": ("targetgroup/*", "listener-rule/app/*"),
        f"{_ELB}:CreateRule": ("listener/app/*", "listener-rule/app/*"),
        f"{_ELB}:CreateTargetGroup": ("targetgroup/*",),
        f"{_ELB}:DeleteRule": ("listener-rule/app/*",),
        f"{_ELB}:DeleteTargetGroup": ("targetgroup/*",),
        f"{_ELB}:DeregisterTargets": ("targetgroup/*",),
        f"{_ELB}:ModifyListener": ("listener/app/*",),
        f"{_ELB}:ModifyLoadBalancerAttributes": ("loadbalancer/app/*",),
        f"{_ELB}:ModifyRule": ("listener-rule/app/*",),
        f"{_ELB}:ModifyTargetGroup": ("targetgroup/*",),
        f"{_ELB}:ModifyTargetGroupAttributes": ("targetgroup/*",),
        f"{_ELB}:RegisterTargets": ("targetgroup/*",),
        f"{_ELB}:SetRulePriorities": ("listener-rule/app/*",),
        f"{_ELB}:SetSubnets": ("loadbalancer/app/*",),
        "iam:PassRole": ("role/*",),
        "lambda:AddPermission": ("function:*",),
        "lambda:DeleteFunctionConcurrency": ("function:*",),
        "lambda:PublishVersion": ("function:*",),
        "lambda:PutFunctionConcurrency": ("function:*",),
        "lambda:RemovePermission": ("function:*",),
        "lambda:UpdateAlias": ("function:*",),
        "lambda:UpdateFunctionConfiguration": ("function:*",),
    }
)
"""The kinds of things that an action may touch, as in ARNs.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

_CONDITIONS: Final[Mapping[str, dict[str, dict[str, JsonValue]]]] = MappingProxyType(
    {
        "ec2:CreateTags": {
            "StringEquals": {
                "ec2:CreateAction": ["AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress"],
            }
        },
        "ecs:TagResource": {"StringEquals": {"ecs:CreateAction": "RegisterTaskDefinition"}},
        f"{_ELB}:AddTags": {"StringEquals": {f"{_ELB}:CreateAction": ["CreateRule", "CreateTargetGroup"]}},
        f"{_ELB}:CreateRule": {"StringLike": {f"aws:RequestTag/{PLAN_TAG}": "*"}},
        f"{_ELB}:CreateTargetGroup": {"StringLike": {f"aws:RequestTag/{PLAN_TAG}": "*"}},
        f"{_ELB}:DeleteRule": {"StringLike": {f"aws:ResourceTag/{PLAN_TAG}": "*"}},
        f"{_ELB}:DeleteTargetGroup": {"StringLike": {f"aws:ResourceTag/{PLAN_TAG}": "*"}},
        "iam:PassRole": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        "lambda:AddPermission": {"StringEquals": {"lambda:Principal": "elasticloadbalancing.amazonaws.com"}},
    }
)
"""A target group or a rule that is deleted must have the tag with which alb502 makes its own; nobody else's is
touched."""
_GLOBAL_SERVICES: Final = frozenset({"iam"})
SESSION_ACTIONS: Final = ("sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession")
"""What assuming a role in somebody's name takes, of whoever assumes it and in the role's trust policy.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html"""


def published_policy(
    fixes: Collection[str] | None = None, *, account: str = "*", region: str = "*", partition: str = "aws"
) -> dict[str, Any]:
    """The policy document for these fixes; None: all."""
    known = catalogue()
    wanted = known.values() if fixes is None else [known[fix] for fix in fixes]
    actions = sorted({action for spec in wanted for action in spec.calls})
    grants = (_grant(action, account, region, partition) for action in actions)
    return {"Version": "2012-10-17", "Statement": statements(grants)}


def undeclared(plan: Plan) -> str | None:
    """Why this is no plan of the catalogue: it calls, or has prepared, what its fix does not. None for one that could
    be."""
    spec = catalogue().get(plan.fix)
    if spec is None:
        return f"there is no fix {plan.fix}"
    strange = sorted({grant.action for grant in plan.grants} - set(spec.calls))
    if strange:
        return f"{plan.fix} never calls {', '.join(strange)}"
    prepared = {write.prepared_by for write in (*plan.writes, *plan.undo.writes)} - {None, *spec.prepare}
    return f"{plan.fix} prepares nothing as {', '.join(map(repr, sorted(map(str, prepared))))}" if prepared else None


def trust_policy(executor: str, external_id: str | None = None) -> dict[str, Any]:
    """Who may assume the role: the identity of the executor, in somebody's name, and nobody else."""
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"AWS": executor}}
    word = {} if external_id is None else {"StringEquals": {"sts:ExternalId": external_id}}
    # A request for a tag or a source identity alone carries nothing to compare, and gives nobody the role.
    condition = {**word, "StringLike": {"sts:SourceIdentity": "*"}}
    assume = {**statement, "Action": SESSION_ACTIONS[0], "Condition": condition}
    return {"Version": "2012-10-17", "Statement": [assume, {**statement, "Action": list(SESSION_ACTIONS[1:])}]}


def executor_policy(roles: Iterable[str], read_roles: Iterable[str] = ()) -> dict[str, Any]:
    """What the executor's own identity needs. Nobody else's may assume `roles`; it looks around a fix, and watches it,
    with the roles that read."""
    statement = {"Effect": "Allow", "Action": list(SESSION_ACTIONS), "Resource": sorted(roles)}
    reading = reader_policy(read_roles)["Statement"] if (read_roles := sorted(read_roles)) else []
    return {"Version": "2012-10-17", "Statement": [*reading, statement]}


def _grant(action: str, account: str, region: str, partition: str) -> Grant:
    service = action.split(":", 1)[0]
    place = "" if service in _GLOBAL_SERVICES else region
    arns = tuple(f"arn:{partition}:{service}:{place}:{account}:{kind}" for kind in _KINDS[action])
    wanted = ("*",) if action in WITHOUT_RESOURCE else arns
    return Grant(action=action, resources=wanted, condition=_CONDITIONS.get(action, {}))
