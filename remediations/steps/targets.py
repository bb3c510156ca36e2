"""Targets of a group: registered, taken out, and who has their address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import JsonValue

from diagnostics.facts import Target, TargetGroup
from remediations.plan import Call, Guard, Look, Write
from remediations.steps import healthy, paths

AUTO_SCALING_TAG = "aws:autoscaling:groupName"


def fails(group_arn: str, target: Target) -> Guard:
    return Guard(
        look=Look(call=_health(group_arn, target), path="TargetHealthDescriptions[0].TargetHealth.State"),
        expected="unhealthy",
        text=f"{target.key} is unhealthy",
    )


def leaves(group_arn: str, target: Target) -> Guard:
    """It is out, or on its way. A target that is not registered is called unused."""
    state = "TargetHealthDescriptions[0].TargetHealth.State"
    return Guard(
        look=Look(call=_health(group_arn, target), path=f"contains(['draining', 'unused'], {state})"),
        expected=True,
        text=f"{target.key} is out of the target group",
    )


def others_are_healthy(group_arn: str, target: Target) -> Guard:
    other = f"Target.Id != {paths.quoted(target.id)} && TargetHealth.State == 'healthy'"
    path = f"length(TargetHealthDescriptions[?{other}] || `[]`) > `0`"
    return healthy.targets(group_arn, path, "another target of the group is healthy")


def address_belongs_to(address: str, vpc_id: str | None, owner: str | None) -> Guard:
    """The network interface that has the address; None: nobody has it."""
    text = f"{address} belongs to {owner}" if owner else f"no network interface has {address}"
    look = Look(call=_interfaces(address, vpc_id), path="NetworkInterfaces[0].NetworkInterfaceId")
    return Guard(look=look, expected=owner, text=text)


def kept_by_nobody(group: TargetGroup, members: Iterable[Target]) -> tuple[Guard, ...]:
    """As far as only a look just before can tell. An address outside the VPC is nobody's of ours."""
    return tuple(
        runs_by_itself(one.id) if group.target_type == "instance" else address_is_in_use(one.id, group.vpc_id)
        for one in members
        if one.zone != "all"
    )


def runs_by_itself(instance_id: str) -> Guard:
    """The instance runs, and no Auto Scaling group would register or end it."""
    call = Call.of("ec2", "describe_instances", InstanceIds=[instance_id])
    owned = f"length((Reservations[0].Instances[0].Tags || `[]`)[?Key == {paths.quoted(AUTO_SCALING_TAG)}]) == `0`"
    path = f"Reservations[0].Instances[0].State.Name == 'running' && {owned}"
    text = f"{instance_id} runs and belongs to no Auto Scaling group"
    return Guard(look=Look(call=call, path=path), expected=True, text=text)


def address_is_in_use(address: str, vpc_id: str | None) -> Guard:
    """An interface has the address that belongs to no task of ECS and to no load balancer."""
    words = "NetworkInterfaces[0].Description"
    path = (
        f"length(NetworkInterfaces) == `1` && NetworkInterfaces[0].Status == 'in-use'"
        f" && !contains({words} || '', ':attachment/') && !starts_with({words} || '', 'ELB ')"
    )
    text = f"{address} belongs to one network interface, and to no task of ECS or load balancer"
    return Guard(look=Look(call=_interfaces(address, vpc_id), path=path), expected=True, text=text)


def registered(group_arn: JsonValue, members: Sequence[Target], name: str = "the group") -> Guard:
    """Exactly these are in the group, healthy or not."""
    call = Call.of("elbv2", "describe_target_health", TargetGroupArn=group_arn)
    wanted = sorted(target.id for target in members)
    look = Look(call=call, path=f"sort({healthy.STAYING}.Target.Id)")
    return Guard(look=look, expected=[*wanted], text=f"{name} has the targets {', '.join(wanted)}")


def register(group_arn: JsonValue, members: Sequence[Target], resource: str, done_when: Guard) -> Write:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RegisterTargets.html"""
    call = Call.of("elbv2", "register_targets", TargetGroupArn=group_arn, Targets=[_named(one) for one in members])
    return Write(call=call, resources=(resource,), done_when=done_when)


def deregister(group_arn: str, members: Sequence[Target], done_when: Guard) -> Write:
    """The port is named, as one id may be registered with several.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeregisterTargets.html"""
    given = [{name: value for name, value in _named(one).items() if name != "AvailabilityZone"} for one in members]
    call = Call.of("elbv2", "deregister_targets", TargetGroupArn=group_arn, Targets=[*given])
    return Write(call=call, resources=(group_arn,), done_when=done_when)


def _health(group_arn: str, target: Target) -> Call:
    return Call.of("elbv2", "describe_target_health", TargetGroupArn=group_arn, Targets=[_named(target)])


def _interfaces(address: str, vpc_id: str | None) -> Call:
    filters: list[JsonValue] = [{"Name": "addresses.private-ip-address", "Values": [address]}]
    if vpc_id:
        filters.append({"Name": "vpc-id", "Values": [vpc_id]})
    return Call.of("ec2", "describe_network_interfaces", Filters=filters)


def _named(target: Target) -> dict[str, JsonValue]:
    named: dict[str, JsonValue] = {"Id": target.id}
    if target.port is not None:
        named["Port"] = target.port
    if target.zone == "all":
        named["AvailabilityZone"] = "all"
    return named
