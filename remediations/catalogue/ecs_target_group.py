"""Let the service register its tasks in the target group that took the place of a deleted one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from diagnostics.facts import (
    Change,
    Changes,
    EcsService,
    Listeners,
    SiblingHealth,
    Subnets,
    TargetGroup,
    TargetGroups,
    TargetHealth,
    TaskDefinitions,
)
from diagnostics.report import SettingChange
from diagnostics.rules.changes import changes_before_onset
from diagnostics.rules.routing import has_nobody, registers_into, routes_to, short_name
from remediations.fix import Case, fix
from remediations.plan import Guard, Plan, Success, Undo
from remediations.steps import deployments, ecs_services, healthy, listener_rules, registrations, target_groups
from remediations.steps.deployments import DEPLOYMENT_USES

TOGETHER: Final = timedelta(hours=1)
"""What is part of one piece of work of one person or tool."""
LEADS_THERE: Final = ("CreateListener", "CreateRule", "ModifyListener", "ModifyRule")
TYPE_FOR: Final = {"awsvpc": "ip", "bridge": "instance", "host": "instance"}
"""https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb.html"""


@fix(
    id="ecs-target-group",
    title="Let the service register its tasks in the group that took the place of the deleted one",
    risk="high",
    causes=("target-group-missing",),
    calls=("ecs:UpdateService",),
    needs=(EcsService, TargetHealth, TargetGroups, Listeners, SiblingHealth, TaskDefinitions, Subnets),
    uses=(*DEPLOYMENT_USES, Changes),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/update-service-parameters.html",),
)
def ecs_target_group(case: Case) -> Iterator[Plan]:
    """Gives the service the ARN of the target group that the listener rule uses now, in place of the deleted one, which
    is a deployment. The old ARN does not come back.

    Offered where exactly one group is known to be its successor: a rule forwards to it, nobody is in it, it is of the
    service's VPC and of the type that its network mode takes, and either it has the deleted group's very name, or
    CloudTrail says that whoever deleted the one had a rule forward to the other in the hour before: AWS deletes no
    group that a rule still uses. Whether another service was to fill it no record says, so that has to be asked. Only
    for services that ECS rolls. Where no group is left that takes its place, one has to be made by whoever knows its
    settings: no record tells them all. There is no undo: the service cannot go back to a group that does not exist.
    """
    service = case.facts[EcsService]
    if case.cause.band == "possible" or service.deployment_strategy != "ROLLING":
        return
    if not deployments.is_deployed_by_ecs(service):
        return
    for missing in case.cause.resources:
        named = sum(one.target_group_arn == missing for one in service.load_balancers)
        gone = missing not in case.facts[TargetHealth].by_group and case.facts[TargetGroups].of(missing) is None
        found = list(_successors(case, service, missing)) if named == 1 and gone else []
        if len(found) == 1:
            yield _plan(case, service, missing, *found[0])


def _successors(case: Case, service: EcsService, missing: str) -> Iterator[tuple[TargetGroup, str]]:
    """Empty groups that a rule uses and that fit the tasks, each with the record that it took the other's place."""
    definition = case.facts[TaskDefinitions].of(service.task_definition)
    vpcs = {subnet.vpc_id for name, subnet in case.facts[Subnets].by_id.items() if name in service.subnets}
    wanted = TYPE_FOR.get(definition.network_mode) if definition else None
    for group in case.facts[TargetGroups].items:
        there = case.facts[SiblingHealth].by_group.get(group.arn)
        if there is None or not has_nobody(there) or group.arn in registers_into(service):
            continue
        fits = group.target_type == wanted and (not vpcs or {group.vpc_id} == vpcs) and group.control_port is None
        why = _why(case, missing, group)
        if fits and why and routes_to(case.facts[Listeners], group.arn):
            yield group, why


def _why(case: Case, missing: str, group: TargetGroup) -> str | None:
    if group.name == short_name(missing):
        return "it has the name of the deleted group"
    deleted = _changes(case, ("DeleteTargetGroup",), missing, short_name(missing))
    rules = [routed for routed in _changes(case, LEADS_THERE) if group.arn in str(routed.request)]
    for one in deleted:
        for rule in rules:
            if rule.actor == one.actor and timedelta(0) <= one.at - rule.at <= TOGETHER:
                who = one.actor[:80]
                return f"{who} deleted the other one at {one.at:%H:%M} UTC, and a rule leads here since {rule.at:%H:%M}"
    return None


def _changes(case: Case, names: tuple[str, ...], *resources: str) -> tuple[Change, ...]:
    known = case.facts.maybe(Changes)
    if not isinstance(known, Changes):
        return ()
    asked = resources or tuple({name for change in known.items for name in change.resources})
    return changes_before_onset(known, resources=asked, names=names, onset=case.facts.window.end)


def _plan(case: Case, service: EcsService, missing: str, group: TargetGroup, why: str) -> Plan:
    takes_s = deployments.takes_s(case.facts, service)
    before, after = (registrations.settings(service, missing, one) for one in (missing, group.arn))
    name = short_name(missing)
    return Plan(
        fix="ecs-target-group",
        title=f"Let {service.service} register its tasks in {group.name}, which took the place of the deleted {name}",
        risk="high",
        resource=service.arn,
        judged_by_tags_of=(group.arn,),
        changes=(SettingChange(resource=service.arn, setting="loadBalancers", before=missing, after=group.arn),),
        guards=(
            _is_gone(missing),
            healthy.nobody_registered(group.arn),
            *(listener_rules.divides(r.listener, r.rule) for r in routes_to(case.facts[Listeners], group.arn) or ()),
            registrations.has(service, before, name),
            ecs_services.is_active(service),
            ecs_services.deployed_by_ecs(service),
            healthy.not_deploying(service),
        ),
        writes=(registrations.register(service, after, group.name),),
        success=Success(
            text=f"the deployment of {service.service} is complete, and all targets of {group.name} are healthy",
            within_s=2 * takes_s,
            guards=(healthy.deployed(service), healthy.targets_healthy(group.arn)),
            fails=(healthy.deployment_failed(service),),
        ),
        undo=Undo(kind="none", text=f"the service cannot go back to {name}: it does not exist any more"),
        touches=deployments.replaced(service),
        warnings=(f"{group.name}: {why}", *_somebody_elses(case, missing, group)),
        eta_s=takes_s,
        not_now=deployments.not_now(service) or ecs_services.registrations_not_now(service),
    )


def _somebody_elses(case: Case, missing: str, group: TargetGroup) -> Iterator[str]:
    """Whoever deploys everything with one role may have made it for another service in the same hour."""
    if group.name != short_name(missing):
        routes = routes_to(case.facts[Listeners], group.arn) or ()
        where = " and ".join(listener_rules.name_of(route.listener, route.rule) for route in routes)
        yield f"{where} would lead to this service: make sure that {group.name} is meant for it, and for no other one"


def _is_gone(missing: str) -> Guard:
    text = f"target group {short_name(missing)} does not exist"
    return target_groups.setting(missing, "TargetGroupArn", None, text)
