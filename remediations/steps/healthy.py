"""How it is seen that targets and services work again."""

from __future__ import annotations

from pydantic import JsonValue

from diagnostics.facts import TargetGroup
from remediations.plan import Call, Guard, Look, Quiet
from remediations.steps import paths

_UNDER_WAY = "services[0].deployments[?rolloutState == 'IN_PROGRESS']"
MARGIN_S = 30
"""What a health check may take beyond its interval until the state shows it."""


def targets_healthy(group_arn: JsonValue, name: str = "") -> Guard:
    """The group has targets, and all that are not leaving are healthy. Draining ones do not count: they leave. `name`:
    of a group that has yet to be made."""
    path = "TargetHealthDescriptions[?TargetHealth.State != 'draining']"
    unwell = f"{path} | [?TargetHealth.State != 'healthy']"
    return Guard(
        look=Look(
            call=Call(service="elbv2", operation="describe_target_health", parameters={"TargetGroupArn": group_arn}),
            path=f"length({path}) > `0` && {paths.none_of(unwell)}",
        ),
        expected=True,
        text=f"all targets of {name or str(group_arn).split('/')[-2]} are healthy",
    )


def none_healthy(group_arn: str) -> Guard:
    """No target passes its health checks as they are, so that none can be lost by changing them."""
    call = Call(service="elbv2", operation="describe_target_health", parameters={"TargetGroupArn": group_arn})
    well = "TargetHealthDescriptions[?TargetHealth.State == 'healthy']"
    name = group_arn.split("/")[-2]
    return Guard(look=Look(call=call, path=paths.none_of(well)), expected=True, text=f"no target of {name} is healthy")


def some_healthy(group_arn: str) -> Guard:
    """There is somebody to take requests."""
    call = Call(service="elbv2", operation="describe_target_health", parameters={"TargetGroupArn": group_arn})
    path = "length(TargetHealthDescriptions[?TargetHealth.State == 'healthy'] || `[]`) > `0`"
    name = group_arn.split("/")[-2]
    return Guard(look=Look(call=call, path=path), expected=True, text=f"{name} has a healthy target")


def nobody_registered(group_arn: str) -> Guard:
    """The group has no targets but such as are leaving."""
    call = Call(service="elbv2", operation="describe_target_health", parameters={"TargetGroupArn": group_arn})
    path = paths.none_of("TargetHealthDescriptions[?TargetHealth.State != 'draining']")
    name = group_arn.split("/")[-2]
    return Guard(look=Look(call=call, path=path), expected=True, text=f"{name} has no targets")


def becomes_healthy_s(group: TargetGroup) -> int:
    """How long a target that answers needs at most to be healthy."""
    check = group.health_check
    return check.interval_s * check.healthy_threshold + check.timeout_s + MARGIN_S


def deployed(cluster: str, service: str) -> Guard:
    """The service's only deployment is complete and its tasks run."""
    path = (
        "length(services[0].deployments) == `1` && services[0].deployments[0].rolloutState == 'COMPLETED'"
        " && services[0].runningCount == services[0].desiredCount"
    )
    return Guard(look=_service(cluster, service, path), expected=True, text=f"the deployment of {service} is complete")


def deployment_failed(cluster: str, service: str) -> Guard:
    """The newest deployment of the service was given up."""
    path = "services[0].deployments[?status == 'PRIMARY'] | [0].rolloutState"
    return Guard(look=_service(cluster, service, path), expected="FAILED", text=f"the deployment of {service} failed")


def not_deploying(cluster: str, service: str) -> Guard:
    """No deployment of the service is in progress: a second one would cut it short. Where ECS does not deploy, two task
    sets stand beside each other meanwhile."""
    sets = "length(services[0].taskSets[?status != 'DRAINING'] || `[]`) < `2`"
    path = f"{paths.none_of(_UNDER_WAY)} && {sets}"
    text = f"no deployment of {service} is in progress"
    return Guard(look=_service(cluster, service, path), expected=True, text=text)


def registers_into(cluster: str, service: str, group_arn: str) -> Guard:
    """The service's load balancer settings name this target group, and no other."""
    path = "services[0].loadBalancers[].targetGroupArn"
    name = group_arn.split("/")[-2]
    return Guard(look=_service(cluster, service, path), expected=[group_arn], text=f"{service} registers into {name}")


def load_balancer_quiet(dimension: str, metric: str, group_dimension: str | None = None) -> Quiet:
    """No errors of this kind at the load balancer, or at one of its target groups."""
    dimensions = {"LoadBalancer": dimension} | ({"TargetGroup": group_dimension} if group_dimension else {})
    return Quiet(namespace="AWS/ApplicationELB", metric=metric, dimensions=dimensions)


def _service(cluster: str, service: str, path: str) -> Look:
    parameters = {"cluster": cluster, "services": [service]}
    return Look(call=Call(service="ecs", operation="describe_services", parameters=parameters), path=path)
