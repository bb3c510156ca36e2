"""How it is seen that targets and services work again."""

from __future__ import annotations

from pydantic import JsonValue

from diagnostics.facts import EcsService, TargetGroup
from diagnostics.rules.routing import short_name
from remediations.plan import Call, Guard, Look, Quiet
from remediations.steps import ecs_services, paths

STAYING = "TargetHealthDescriptions[?TargetHealth.State != 'draining']"
"""Targets but such as are leaving."""
_WELL = "TargetHealthDescriptions[?TargetHealth.State == 'healthy']"
_UNDER_WAY = "services[0].deployments[?rolloutState == 'IN_PROGRESS']"
MARGIN_S = 30
"""What a health check may take beyond its interval until the state shows it."""


def targets(group_arn: JsonValue, path: str, text: str) -> Guard:
    """An expression over the targets of the group is true."""
    call = Call.of("elbv2", "describe_target_health", TargetGroupArn=group_arn)
    return Guard(look=Look(call=call, path=path), expected=True, text=text)


def targets_healthy(group_arn: JsonValue, name: str = "") -> Guard:
    """The group has targets, and all that are not leaving are healthy. Draining ones do not count: they leave. `name`:
    of a group that has yet to be made."""
    unwell = f"{STAYING} | [?TargetHealth.State != 'healthy']"
    text = f"all targets of {name or short_name(str(group_arn))} are healthy"
    return targets(group_arn, f"length({STAYING}) > `0` && {paths.none_of(unwell)}", text)


def none_healthy(group_arn: str) -> Guard:
    """No target passes its health checks as they are, so that none can be lost by changing them."""
    return targets(group_arn, paths.none_of(_WELL), f"no target of {short_name(group_arn)} is healthy")


def some_healthy(group_arn: str) -> Guard:
    """There is somebody to take requests."""
    return targets(group_arn, f"length({_WELL} || `[]`) > `0`", f"{short_name(group_arn)} has a healthy target")


def nobody_registered(group_arn: str) -> Guard:
    """The group has no targets but such as are leaving."""
    return targets(group_arn, paths.none_of(STAYING), f"{short_name(group_arn)} has no targets")


def becomes_healthy_s(group: TargetGroup) -> int:
    """How long a target that answers needs at most to be healthy."""
    check = group.health_check
    return check.interval_s * check.healthy_threshold + check.timeout_s + MARGIN_S


def deployed(service: EcsService) -> Guard:
    """The service's only deployment is complete and its tasks run."""
    path = (
        "length(services[0].deployments) == `1` && services[0].deployments[0].rolloutState == 'COMPLETED'"
        " && services[0].runningCount == services[0].desiredCount"
    )
    return ecs_services.holds(service, path, f"the deployment of {service.service} is complete")


def deployment_failed(service: EcsService) -> Guard:
    """The newest deployment of the service was given up."""
    path = "deployments[?status == 'PRIMARY'] | [0].rolloutState"
    return ecs_services.setting(service, path, "FAILED", f"the deployment of {service.service} failed")


def not_deploying(service: EcsService) -> Guard:
    """No deployment of the service is in progress: a second one would cut it short. Where ECS does not deploy, two task
    sets stand beside each other meanwhile."""
    sets = "length(services[0].taskSets[?status != 'DRAINING'] || `[]`) < `2`"
    path = f"{paths.none_of(_UNDER_WAY)} && {sets}"
    return ecs_services.holds(service, path, f"no deployment of {service.service} is in progress")


def registers_into(service: EcsService, group_arn: str) -> Guard:
    """The service's load balancer settings name this target group, and no other."""
    text = f"{service.service} registers into {short_name(group_arn)}"
    return ecs_services.setting(service, "loadBalancers[].targetGroupArn", [group_arn], text)


def load_balancer_quiet(arn: str, metric: str, group_arn: str | None = None, *, for_s: int = 120) -> Quiet:
    """No errors of this kind at the load balancer, or at one of its target groups."""
    dimensions = {"LoadBalancer": arn.split(":loadbalancer/", 1)[-1]}
    if group_arn is not None:
        dimensions["TargetGroup"] = group_arn.rsplit(":", 1)[-1]
    return Quiet(namespace="AWS/ApplicationELB", metric=metric, dimensions=dimensions, for_s=for_s)
