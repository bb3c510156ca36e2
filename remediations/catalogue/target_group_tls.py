"""Reach the targets over TLS, with a target group that speaks it."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from diagnostics.causes.connection.target_protocol_mismatch import TLS_PORTS
from diagnostics.facts import (
    ApplicationLogs,
    EcsService,
    Listeners,
    TargetGroup,
    TargetGroupAttributes,
    TargetGroups,
    TargetHealth,
)
from diagnostics.report import SettingChange
from diagnostics.rules.routing import Route, routes_to, service_rolls
from diagnostics.rules.written import written
from remediations.fix import Case, fix
from remediations.plan import FROM, Guard, Plan, Success, Undo
from remediations.steps import ecs_services, healthy, listener_rules, new_target_groups
from remediations.steps.new_target_groups import NEW

PROTOCOL = "HTTPS"
MEMBERS = ("targetGroupArn", "containerName", "containerPort")
TASKS_S = 900
"""A deployment with its drains."""


@fix(
    id="target-group-tls",
    title="Reach the targets over TLS, with a new target group",
    risk="high",
    causes=("target-protocol-mismatch",),
    calls=(
        "elasticloadbalancing:CreateTargetGroup",
        "elasticloadbalancing:ModifyTargetGroupAttributes",
        "elasticloadbalancing:ModifyListener",
        "elasticloadbalancing:ModifyRule",
        "ecs:UpdateService",
    ),
    needs=(TargetGroups, TargetGroupAttributes, TargetHealth, Listeners, EcsService),
    uses=(ApplicationLogs,),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html",),
)
def target_group_tls(case: Case) -> Iterator[Plan]:
    """Makes a target group like the present one but of protocol HTTPS, lets the rule forward to it, and lets the ECS
    service register its tasks there, which is a deployment. The protocol of a target group cannot be changed.

    Offered where every request fails and the application says that it gets plain HTTP on a port of TLS, or the port is
    one of TLS; for services that ECS rolls, and for a rule that does nothing but forward to the one group. Until tasks
    are registered in the new group requests get 503 instead of 502. The certificate of the targets is not checked. The
    undo is another deployment back to the old group; the new one stays, empty.
    """
    service, groups = case.facts[EcsService], case.facts[TargetGroups]
    if case.cause.band != "confirmed" or not service_rolls(service) or service.deployment_strategy != "ROLLING":
        return
    for arn in case.cause.resources:
        group, routes = groups.of(arn), routes_to(case.facts[Listeners], arn) or ()
        fills = [one for one in service.load_balancers if one.target_group_arn == arn]
        if group is None or group.protocol != "HTTP" or len(routes) != 1 or len(fills) != 1:
            continue
        if _is_plain(routes[0]) and _speaks_tls(case, group):
            yield _plan(case, service, group, routes[0])


def _is_plain(route: Route) -> bool:
    """The rule forwards to this group, and nothing else."""
    return len(route.rule.actions) == 1 and len(route.rule.forwards_to) == 1


def _speaks_tls(case: Case, group: TargetGroup) -> bool:
    targets = case.facts[TargetHealth].by_group.get(group.arn, ())
    ports = {target.port for target in targets if target.port}
    return bool(written(case.facts, "plain-to-tls-port")) or (bool(ports) and ports <= TLS_PORTS)


def _plan(case: Case, service: EcsService, group: TargetGroup, route: Route) -> Plan:
    subject, listener, rule = case.facts.subject, route.listener, route.rule
    name = new_target_groups.name_for(group, "https")
    attributes = case.facts[TargetGroupAttributes].by_arn.get(group.arn, {})
    taken_over = new_target_groups.take_over(subject, name, attributes)
    new: JsonValue = {FROM: NEW}
    moved = new_target_groups.forward_alone(listener, rule, new, name)
    back = new_target_groups.forward_alone(listener, rule, group.arn, group.name)
    registers, registered = (_settings(service, group.arn, one) for one in (new, group.arn))
    busy = any(one.rollout_state == "IN_PROGRESS" for one in service.deployments)
    dimension = listener.load_balancer_arn.split(":loadbalancer/", 1)[-1]
    return Plan(
        fix="target-group-tls",
        title=f"Reach the targets of {group.name} over TLS, through a new target group {name}",
        risk="high",
        resource=listener.arn if rule.is_default else rule.arn,
        judged_by_tags_of=(service.arn, group.arn),
        changes=(
            SettingChange(resource=name, setting="target group", before=None, after=f"like {group.name}, {PROTOCOL}"),
            SettingChange(resource=rule.arn, setting="forward to target group", before=group.name, after=name),
            SettingChange(resource=service.arn, setting="loadBalancers", before=group.name, after=name),
        ),
        guards=(
            new_target_groups.is_free(name),
            back.done_when,
            _has(service, registered),
            ecs_services.is_active(service),
            ecs_services.deployed_by_ecs(service),
            healthy.not_deploying(service.cluster, service.service),
        ),
        writes=(
            new_target_groups.create(subject, group, name, PROTOCOL),
            *((taken_over,) if taken_over else ()),
            moved,
            ecs_services.update(service, {"loadBalancers": registers}, _has(service, registers)),
        ),
        success=Success(
            text=f"the deployment of {service.service} is complete, and nobody gets 502 any more",
            within_s=TASKS_S,
            guards=(healthy.deployed(service.cluster, service.service),),
            quiet=(healthy.load_balancer_quiet(dimension, "HTTPCode_ELB_502_Count"),),
            fails=(healthy.deployment_failed(service.cluster, service.service),),
        ),
        undo=Undo(
            kind="compensating",
            text=f"registers the tasks in {group.name} again, with a deployment; {name} stays, empty",
            writes=(back, ecs_services.update(service, {"loadBalancers": registered}, _has(service, registered))),
            guards=(moved.done_when,),
        ),
        touches=f"all requests of {listener_rules.name_of(listener, rule)}, and all tasks of {service.service}",
        warnings=(
            "requests get 503 until the first task is registered and healthy in the new group",
            "alarms and dashboards that name the old target group see nothing any more",
        ),
        eta_s=TASKS_S,
        not_now=f"a deployment of {service.service} is in progress" if busy else None,
    )


def _settings(service: EcsService, old: str, new: JsonValue) -> list[JsonValue]:
    """All of the service's registrations, as the list is replaced."""
    return [
        {
            "targetGroupArn": new if one.target_group_arn == old else one.target_group_arn,
            "containerName": one.container_name,
            "containerPort": one.container_port,
        }
        for one in service.load_balancers
    ]


def _has(service: EcsService, settings: list[JsonValue]) -> Guard:
    members = f"loadBalancers[].{{{', '.join(f'{name}: {name}' for name in MEMBERS)}}}"
    text = f"{service.service} registers its tasks as it was read"
    return Guard(look=ecs_services.looked_up(service, members), expected=settings, text=text)
