"""Settings and attributes of a target group, one at a time."""

from __future__ import annotations

from pydantic import JsonValue

from remediations.plan import Call, Guard, Look, Write


def setting(group_arn: str, name: str, value: JsonValue, text: str) -> Guard:
    """A member of the target group has this value; `name` as in the API (``HealthCheckPath``, ``Matcher``)."""
    call = Call.of("elbv2", "describe_target_groups", TargetGroupArns=[group_arn])
    return Guard(look=Look(call=call, path=f"TargetGroups[0].{name}"), expected=value, text=text)


def set_settings(group_arn: str, values: dict[str, JsonValue], done_when: Guard) -> Write:
    """Only the members that are passed change.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyTargetGroup.html"""
    call = Call.of("elbv2", "modify_target_group", TargetGroupArn=group_arn, **values)
    return Write(call=call, resources=(group_arn,), done_when=done_when)


def attribute(group_arn: str, key: str, value: str, text: str) -> Guard:
    """An attribute, whose values are text throughout, has this value."""
    call = Call.of("elbv2", "describe_target_group_attributes", TargetGroupArn=group_arn)
    return Guard(look=Look(call=call, path=f"Attributes[?Key == '{key}'].Value | [0]"), expected=value, text=text)


def set_attribute(group_arn: str, key: str, value: str, done_when: Guard) -> Write:
    call = Call.of(
        "elbv2", "modify_target_group_attributes", TargetGroupArn=group_arn, Attributes=[{"Key": key, "Value": value}]
    )
    return Write(call=call, resources=(group_arn,), done_when=done_when)
