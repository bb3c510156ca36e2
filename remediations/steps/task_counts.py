"""How many tasks a service runs, by its own count or, where Application Auto Scaling owns it, by its minimum.

Application Auto Scaling brings a count that is below its minimum up to it, and undoes a count that somebody else set.
https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
"""

from __future__ import annotations

from pydantic import JsonValue

from diagnostics.facts import EcsService, ScalingLimits
from diagnostics.report import SettingChange
from remediations.plan import Call, Grant, Guard, Look, Write
from remediations.steps import ecs_services

DESIRED, MINIMUM, MAXIMUM = "desiredCount", "MinCapacity", "MaxCapacity"
ASKED_OF_THE_CALLER = ("ecs:DescribeServices", "ecs:UpdateService")
_NAMESPACE = "ecs"
_DIMENSION = "ecs:service:DesiredCount"


def desired_is(service: EcsService, count: int) -> Guard:
    return ecs_services.setting(service, DESIRED, count, f"the desired count of {service.service} is {count}")


def set_desired(service: EcsService, count: int) -> Write:
    return ecs_services.update(service, {DESIRED: count}, desired_is(service, count))


def limits_are(service: EcsService, minimum: int, maximum: int) -> Guard:
    name = scalable_id(service)
    call = Call.of("application-autoscaling", "describe_scalable_targets", **_dimension(), ResourceIds=[name])
    look = Look(call=call, path=f"ScalableTargets[0].[{MINIMUM}, {MAXIMUM}]")
    text = f"Application Auto Scaling may choose between {minimum} and {maximum} tasks for {service.service}"
    return Guard(look=look, expected=[minimum, maximum], text=text)


def is_not_scaled(service: EcsService) -> Guard:
    """Nobody has set scaling up in the meantime."""
    call = Call.of(
        "application-autoscaling", "describe_scalable_targets", **_dimension(), ResourceIds=[scalable_id(service)]
    )
    text = f"Application Auto Scaling does not own the count of {service.service}"
    return Guard(look=Look(call=call, path="length(ScalableTargets)"), expected=0, text=text)


def set_limits(service: EcsService, arn: str, minimum: int, maximum: int) -> Write:
    """What is not passed stays. The caller must be allowed to change the service, too:
    https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_id-based-policy-examples.html"""
    call = Call.of(
        "application-autoscaling",
        "register_scalable_target",
        **{
            **_dimension(),
            "ResourceId": scalable_id(service),
            MINIMUM: minimum,
            MAXIMUM: maximum,
        },
    )
    return Write(
        call=call,
        resources=(arn,),
        also=tuple(Grant(action=action, resources=(service.arn,)) for action in ASKED_OF_THE_CALLER),
        done_when=limits_are(service, minimum, maximum),
    )


def changes_of_limits(service: EcsService, limits: ScalingLimits, minimum: int, maximum: int) -> list[SettingChange]:
    name = scalable_id(service)
    shown = [SettingChange(resource=name, setting=MINIMUM, before=limits.minimum, after=minimum)]
    if maximum != limits.maximum:
        shown.append(SettingChange(resource=name, setting=MAXIMUM, before=limits.maximum, after=maximum))
    return shown


def scalable_id(service: EcsService) -> str:
    return f"service/{service.cluster.rsplit('/', 1)[-1]}/{service.service}"


def _dimension() -> dict[str, JsonValue]:
    return {"ServiceNamespace": _NAMESPACE, "ScalableDimension": _DIMENSION}
