"""Rules of security groups: one that admits a group on some ports, and its removal by its id."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from diagnostics.facts import SecurityGroups
from diagnostics.printable import line
from diagnostics.snapshot import Subject
from remediations.plan import FROM, PLAN, PLAN_TAG, Call, Grant, Guard, Kept, Look, Write
from remediations.steps import paths
from remediations.steps.arns import arn_of, ec2_arns

Direction = Literal["ingress", "egress"]
RULE_ID = "security group rule"
MAX_NAME = 40


def named(groups: SecurityGroups, group_id: str) -> str:
    """``checkout-tasks (sg-0a1b2c)``; the name is somebody's text, so that it is bounded and the id always stands."""
    group = groups.by_id.get(group_id)
    name = line(group.name, MAX_NAME) if group else ""
    return f"{name} ({group_id})" if name and name != group_id else group_id


def admits(direction: Direction, group_id: str, other: str, first: int, last: int, *, is_so: bool) -> Guard:
    """Whether the group has a rule of its own for exactly this."""
    way = "from" if direction == "ingress" else "to"
    ports = str(first) if first == last else f"{first}-{last}"
    verb = "has a" if is_so else "has no"
    return Guard(
        look=Look(call=_rules(group_id), path=f"length({_matching(direction, other, first, last)}) > `0`"),
        expected=is_so,
        text=f"{group_id} {verb} rule for tcp {ports} {way} {other}",
    )


def add_rule(
    subject: Subject, direction: Direction, group_id: str, other: str, first: int, last: int, kept_as: str = RULE_ID
) -> Write:
    """A described and tagged rule that names the other group, whose id is kept as `kept_as`. A reference stays right
    when addresses change. https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"""
    operation = f"authorize_security_group_{direction}"
    words = "load balancer" if direction == "ingress" else "targets"
    pair: JsonValue = {"GroupId": other, "Description": f"{words}, added by alb502"}
    permission: JsonValue = {"IpProtocol": "tcp", "FromPort": first, "ToPort": last, "UserIdGroupPairs": [pair]}
    tags: JsonValue = [{"Key": PLAN_TAG, "Value": {FROM: PLAN}}]
    call = Call.of(
        "ec2",
        operation,
        GroupId=group_id,
        IpPermissions=[permission],
        TagSpecifications=[{"ResourceType": "security-group-rule", "Tags": tags}],
    )
    found = Look(call=_rules(group_id), path=f"{_matching(direction, other, first, last)} | [0].SecurityGroupRuleId")
    any_rule = arn_of(subject, "ec2", "security-group-rule/*")
    created = {"StringEquals": {"ec2:CreateAction": f"AuthorizeSecurityGroup{direction.capitalize()}"}}
    return Write(
        call=call,
        resources=(*ec2_arns(subject, "security-group", [group_id]), any_rule),
        also=(Grant(action="ec2:CreateTags", resources=(any_rule,), condition=dict(created)),),
        done_when=admits(direction, group_id, other, first, last, is_so=True),
        keeps=(Kept(name=kept_as, in_answer="SecurityGroupRules[0].SecurityGroupRuleId", look=found),),
    )


def remove_rule(subject: Subject, direction: Direction, group_id: str, gone: Guard, kept_as: str = RULE_ID) -> Write:
    """Removes the rule that `add_rule` made, by its id."""
    call = Call.of(
        "ec2", f"revoke_security_group_{direction}", GroupId=group_id, SecurityGroupRuleIds=[{FROM: kept_as}]
    )
    return Write(call=call, resources=ec2_arns(subject, "security-group", [group_id]), done_when=gone)


def _rules(group_id: str) -> Call:
    filters: JsonValue = [{"Name": "group-id", "Values": [group_id]}]
    return Call.of("ec2", "describe_security_group_rules", Filters=filters)


def _matching(direction: Direction, other: str, first: int, last: int) -> str:
    is_egress = "IsEgress" if direction == "egress" else "!IsEgress"
    return (
        f"SecurityGroupRules[?{is_egress} && IpProtocol == 'tcp' && FromPort == {paths.number(first)}"
        f" && ToPort == {paths.number(last)} && ReferencedGroupInfo.GroupId == {paths.quoted(other)}]"
    )
