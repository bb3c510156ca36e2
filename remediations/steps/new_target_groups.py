"""A target group that replaces another one, since protocol, port, type and VPC of a group cannot be changed.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from pydantic import JsonValue

from diagnostics.facts import HealthCheck, Target, TargetGroup
from diagnostics.snapshot import Subject
from remediations.plan import FROM, PLAN, PLAN_TAG, Call, Grant, Guard, Kept, Look, Write
from remediations.steps import paths, target_groups, targets
from remediations.steps.arns import arn_of

NEW: Final = "target group"
ARN: Final[JsonValue] = {FROM: NEW}
"""Stands for the ARN of the group that a plan makes."""
MAX_NAME: Final = 32
TRAFFIC_PORT: Final = "traffic-port"
_CHECKED: Final = "target_group_health.{}.minimum_healthy_targets.{}"
DEFAULTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "deregistration_delay.timeout_seconds": "300",
        "slow_start.duration_seconds": "0",
        "stickiness.enabled": "false",
        "stickiness.type": "lb_cookie",
        "stickiness.lb_cookie.duration_seconds": "86400",
        "stickiness.app_cookie.cookie_name": "",
        "stickiness.app_cookie.duration_seconds": "86400",
        "load_balancing.algorithm.type": "round_robin",
        "load_balancing.algorithm.anomaly_mitigation": "off",
        "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
        _CHECKED.format("dns_failover", "count"): "1",
        _CHECKED.format("dns_failover", "percentage"): "off",
        _CHECKED.format("unhealthy_state_routing", "count"): "1",
        _CHECKED.format("unhealthy_state_routing", "percentage"): "off",
    }
)
"""Attributes that a new group does not take from the old one by itself.
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html"""


def name_for(group: TargetGroup, ending: str) -> str:
    return f"{group.name[: MAX_NAME - len(ending) - 1].rstrip('-')}-{ending}"


def arns(subject: Subject, name: str) -> tuple[str, ...]:
    """AWS adds an id to the name."""
    return (arn_of(subject, "elasticloadbalancing", f"targetgroup/{name}/*"),)


def can_be_copied(group: TargetGroup) -> bool:
    """Of a target optimizer's group the port of the agents would have to be set as well."""
    return group.target_type in ("ip", "instance") and group.control_port is None


def asks_port_of_requests(check: HealthCheck, ports: Iterable[int | None]) -> bool:
    """Whether the check asks on the port to which the requests go."""
    return check.port == TRAFFIC_PORT or {check.port} == {str(port) for port in ports}


def is_free(name: str) -> Guard:
    look = Look(call=_by_name(name), path=paths.none_of("TargetGroups"))
    return Guard(look=look, expected=True, text=f"no target group is called {name}")


def has_ipv4_addresses(group: TargetGroup) -> Guard:
    """A new group is made for them."""
    return target_groups.setting(group.arn, "IpAddressType || 'ipv4'", "ipv4", f"{group.name} has IPv4 addresses")


def create(subject: Subject, group: TargetGroup) -> Write:
    """Makes this group, tagged; its ARN is not looked at."""
    name, check = group.name, group.health_check
    parameters: dict[str, JsonValue] = {
        "Name": name,
        "Protocol": group.protocol,
        "ProtocolVersion": group.protocol_version,
        "Port": group.port,
        "VpcId": group.vpc_id,
        "TargetType": group.target_type,
        "HealthCheckProtocol": check.protocol,
        "HealthCheckPort": check.port,
        "HealthCheckPath": check.path,
        "HealthCheckIntervalSeconds": check.interval_s,
        "HealthCheckTimeoutSeconds": check.timeout_s,
        "HealthyThresholdCount": check.healthy_threshold,
        "UnhealthyThresholdCount": check.unhealthy_threshold,
        "Matcher": {"GrpcCode": check.grpc_matcher} if check.grpc_matcher else {"HttpCode": check.matcher or "200"},
        "Tags": [{"Key": PLAN_TAG, "Value": {FROM: PLAN}}],
    }
    given = {key: value for key, value in parameters.items() if value is not None}
    there = Look(call=_by_name(name), path="TargetGroups[0].TargetGroupName")
    found = Look(call=_by_name(name), path="TargetGroups[0].TargetGroupArn")
    created = {"StringEquals": {"elasticloadbalancing:CreateAction": "CreateTargetGroup"}}
    own = arns(subject, name)
    return Write(
        call=Call.of("elbv2", "create_target_group", **given),
        resources=own,
        also=(Grant(action="elasticloadbalancing:AddTags", resources=own, condition=dict(created)),),
        done_when=Guard(look=there, expected=name, text=f"target group {name} is there"),
        keeps=(Kept(name=NEW, in_answer="TargetGroups[0].TargetGroupArn", look=found),),
    )


def take_over(subject: Subject, name: str, attributes: Mapping[str, str]) -> Write | None:
    """Gives the new group the old one's attributes; None where they are what a new one has anyway."""
    wanted = {key: value for key, value in attributes.items() if key in DEFAULTS and value not in ("", DEFAULTS[key])}
    if not wanted:
        return None
    call = Call.of("elbv2", "describe_target_group_attributes", TargetGroupArn=ARN)
    each = ", ".join(f"Attributes[?Key == {paths.quoted(key)}].Value | [0]" for key in wanted)
    done = Guard(
        look=Look(call=call, path=f"[{each}]"),
        expected=[*wanted.values()],
        text=f"{name} has the attributes of the group that it replaces",
    )
    pairs: list[JsonValue] = [{"Key": key, "Value": value} for key, value in wanted.items()]
    write = Call.of("elbv2", "modify_target_group_attributes", TargetGroupArn=ARN, Attributes=pairs)
    return Write(call=write, resources=arns(subject, name), done_when=done)


def register(subject: Subject, name: str, members: Sequence[Target]) -> Write:
    """Into the new group, what is in the old one as well."""
    return targets.register(ARN, members, arns(subject, name)[0], targets.registered(ARN, members, name))


def is_ours(name: str) -> Guard:
    """It is the one that this very plan made."""
    call = Call.of("elbv2", "describe_tags", ResourceArns=[ARN])
    path = f"TagDescriptions[0].Tags[?Key == {paths.quoted(PLAN_TAG)}].Value | [0]"
    return Guard(look=Look(call=call, path=path), expected={FROM: PLAN}, text=f"{name} is the group that alb502 made")


def delete(subject: Subject, name: str, after_s: int) -> Write:
    """Deletes the group that `create` made, when no rule uses it any more and its requests had time to end. Its targets
    stay in it until then: where somebody else's rule uses it by now AWS refuses, and those requests go on."""
    call = Call.of("elbv2", "delete_target_group", TargetGroupArn=ARN)
    gone = is_free(name)
    return Write(call=call, resources=arns(subject, name), done_when=gone, after_s=after_s)


def _by_name(name: str) -> Call:
    return Call.of("elbv2", "describe_target_groups", Names=[name])
