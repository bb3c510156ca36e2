"""A target group that replaces another one, since protocol, port, type and VPC of a group cannot be changed.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pydantic import JsonValue

from diagnostics.facts import Listener, Rule, TargetGroup
from diagnostics.snapshot import Subject
from remediations.plan import FROM, Call, Guard, Kept, Look, Write
from remediations.steps import listener_rules, paths
from remediations.steps.arns import arn_of

NEW: Final = "target group"
MAX_NAME: Final = 32
DEFAULTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "deregistration_delay.timeout_seconds": "300",
        "slow_start.duration_seconds": "0",
        "stickiness.enabled": "false",
        "stickiness.type": "lb_cookie",
        "stickiness.lb_cookie.duration_seconds": "86400",
        "load_balancing.algorithm.type": "round_robin",
        "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    }
)
"""Attributes that a new group does not take from the old one by itself.
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html"""


def name_for(group: TargetGroup, ending: str) -> str:
    return f"{group.name[: MAX_NAME - len(ending) - 1].rstrip('-')}-{ending}"


def arns(subject: Subject, name: str) -> tuple[str, ...]:
    """AWS adds an id to the name."""
    return (arn_of(subject, "elasticloadbalancing", f"targetgroup/{name}/*"),)


def is_free(name: str) -> Guard:
    look = Look(call=_by_name(name), path=paths.none_of("TargetGroups"))
    return Guard(look=look, expected=True, text=f"no target group is called {name}")


def create(subject: Subject, group: TargetGroup, name: str, protocol: str) -> Write:
    """Like the old one but for its protocol; the health check follows it where it asks the port of the requests."""
    check = group.health_check
    parameters: dict[str, JsonValue] = {
        "Name": name,
        "Protocol": protocol,
        "ProtocolVersion": group.protocol_version,
        "Port": group.port,
        "VpcId": group.vpc_id,
        "TargetType": group.target_type,
        "HealthCheckProtocol": check.protocol if check.port.isdigit() else protocol,
        "HealthCheckPort": check.port,
        "HealthCheckPath": check.path,
        "HealthCheckIntervalSeconds": check.interval_s,
        "HealthCheckTimeoutSeconds": check.timeout_s,
        "HealthyThresholdCount": check.healthy_threshold,
        "UnhealthyThresholdCount": check.unhealthy_threshold,
        "Matcher": {"GrpcCode": check.grpc_matcher} if check.grpc_matcher else {"HttpCode": check.matcher or "200"},
    }
    given = {key: value for key, value in parameters.items() if value is not None}
    there = Look(call=_by_name(name), path="TargetGroups[0].TargetGroupName")
    found = Look(call=_by_name(name), path="TargetGroups[0].TargetGroupArn")
    return Write(
        call=Call(service="elbv2", operation="create_target_group", parameters=given),
        resources=arns(subject, name),
        done_when=Guard(look=there, expected=name, text=f"target group {name} is there"),
        keeps=(Kept(name=NEW, in_answer="TargetGroups[0].TargetGroupArn", look=found),),
    )


def take_over(subject: Subject, name: str, attributes: Mapping[str, str]) -> Write | None:
    """Gives the new group the old one's attributes; None where they are what a new one has anyway."""
    wanted = {key: value for key, value in attributes.items() if key in DEFAULTS and value not in ("", DEFAULTS[key])}
    if not wanted:
        return None
    group: JsonValue = {FROM: NEW}
    call = Call(service="elbv2", operation="describe_target_group_attributes", parameters={"TargetGroupArn": group})
    each = ", ".join(f"Attributes[?Key == {paths.quoted(key)}].Value | [0]" for key in wanted)
    done = Guard(
        look=Look(call=call, path=f"[{each}]"),
        expected=[*wanted.values()],
        text=f"{name} has the attributes of the group that it replaces",
    )
    pairs: list[JsonValue] = [{"Key": key, "Value": value} for key, value in wanted.items()]
    parameters: dict[str, JsonValue] = {"TargetGroupArn": group, "Attributes": pairs}
    write = Call(service="elbv2", operation="modify_target_group_attributes", parameters=parameters)
    return Write(call=write, resources=arns(subject, name), done_when=done)


def forward_alone(listener: Listener, rule: Rule, group: JsonValue, name: str) -> Write:
    """For a rule that does nothing but forward to one group."""
    actions: JsonValue = [{"Type": "forward", "TargetGroupArn": group}]
    where: dict[str, JsonValue] = (
        {"ListenerArn": listener.arn, "DefaultActions": actions}
        if rule.is_default
        else {"RuleArn": rule.arn, "Actions": actions}
    )
    operation = "modify_listener" if rule.is_default else "modify_rule"
    return Write(
        call=Call(service="elbv2", operation=operation, parameters=where),
        resources=(listener.arn if rule.is_default else rule.arn,),
        done_when=forwards_alone(listener, rule, group, name),
    )


def forwards_alone(listener: Listener, rule: Rule, group: JsonValue, name: str) -> Guard:
    groups = "TargetGroupArn || ForwardConfig.TargetGroups[0].TargetGroupArn"
    single = "length(ForwardConfig.TargetGroups || `[1]`)"
    return Guard(
        look=Look(call=listener_rules.describe(rule.arn), path=f"Rules[0].Actions[].[Type, {groups}, {single}]"),
        expected=[["forward", group, 1]],
        text=f"{listener_rules.name_of(listener, rule)} forwards to {name} alone",
    )


def _by_name(name: str) -> Call:
    return Call(service="elbv2", operation="describe_target_groups", parameters={"Names": [name]})
