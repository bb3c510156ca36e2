"""Let a rule forward to the target group that the service fills."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import EcsService, Listener, Listeners, Rule, TargetGroup, TargetGroups, TargetHealth
from diagnostics.report import SettingChange
from diagnostics.rules.routing import Route, registers_into, routes_to, service_rolls, short_name
from remediations.fix import Case, fix
from remediations.plan import Plan, Success, Undo
from remediations.steps import healthy, listener_rules
from remediations.steps.arns import arn_of

ATTACHED_S = 60
"""Health checks of a group begin when a rule uses it."""


@fix(
    id="rule-forward-to-service",
    title="Let the rule forward to the target group that the service fills",
    risk="high",
    causes=("service-target-group-mismatch",),
    calls=("elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyRule"),
    needs=(EcsService, Listeners, TargetHealth, TargetGroups),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-load-balancing.html",),
    prepare=listener_rules.PREPARES,
)
def rule_forward_to_service(case: Case) -> Iterator[Plan]:
    """Puts the one target group into which the service registers its tasks in the place of the empty one. Everything
    else of the rule stays: it is read anew and sent back in full. Shown, and not carried out, for a rule that signs
    users in with Cognito.

    Offered where one rule alone forwards to the empty group, and to no other, the service rolls its tasks itself into a
    single group of the same VPC and protocol version, and tasks are registered there. The new group's health is only
    known once a rule uses it; before, every request of the rule gets 503 anyway. If the service was meant to move to
    the empty group, its owner has to say so in the service instead. The undo puts the empty group back.
    """
    service, groups = case.facts[EcsService], case.facts[TargetGroups]
    fed = registers_into(service)
    if case.cause.band == "possible" or len(fed) != 1 or not service_rolls(service):
        return
    filled = groups.of(next(iter(fed)))
    if filled is None or service.deployment_strategy != "ROLLING" or routes_to(case.facts[Listeners], filled.arn):
        return
    waiting = [one for one in case.facts[TargetHealth].by_group.get(filled.arn, ()) if one.state != "draining"]
    for arn in case.cause.resources:
        empty, routes = groups.of(arn), routes_to(case.facts[Listeners], arn) or ()
        alone = len(routes) == 1 and routes[0].share == 1 and not case.facts[Listeners].gaps
        if empty is not None and alone and waiting and _alike(empty, filled) and _is_free_for(filled, routes[0]):
            yield _plan(case, routes[0].listener, routes[0].rule, empty, filled)


def _alike(one: TargetGroup, other: TargetGroup) -> bool:
    return (one.vpc_id, one.protocol_version) == (other.vpc_id, other.protocol_version)


def _is_free_for(group: TargetGroup, route: Route) -> bool:
    """A group belongs to one load balancer at most."""
    return set(group.load_balancer_arns) <= {route.listener.load_balancer_arn}


def _plan(case: Case, listener: Listener, rule: Rule, empty: TargetGroup, filled: TargetGroup) -> Plan:
    service, where = case.facts[EcsService], listener_rules.name_of(listener, rule)
    before = {one.target_group_arn: one.weight for one in rule.forwards_to}
    after = {filled.arn if arn == empty.arn else arn: weight for arn, weight in before.items()}
    as_read, moved = listener_rules.forwards(listener, rule, before), listener_rules.forwards(listener, rule, after)
    within_s = ATTACHED_S + healthy.becomes_healthy_s(filled)
    return Plan(
        fix="rule-forward-to-service",
        title=f"Let {where} forward to {filled.name} instead of {empty.name}",
        risk="high",
        resource=listener.arn if rule.is_default else rule.arn,
        judged_by_tags_of=(arn_of(case.facts.subject, "ecs", f"service/{service.cluster}/{service.service}"),),
        changes=(
            SettingChange(resource=rule.arn, setting="forward to target group", before=empty.arn, after=filled.arn),
        ),
        guards=(
            as_read,
            healthy.nobody_registered(empty.arn),
            healthy.registers_into(service, filled.arn),
            healthy.not_deploying(service),
        ),
        writes=(listener_rules.change_forward(listener, rule, "group", {"group": empty.arn, "to": filled.arn}, moved),),
        success=Success(
            text=f"the targets of {filled.name} get requests and are healthy",
            within_s=within_s,
            guards=(moved, healthy.targets_healthy(filled.arn)),
        ),
        undo=Undo(
            kind="exact",
            text=f"lets the rule forward to {short_name(empty.arn)} again",
            writes=(
                listener_rules.change_forward(listener, rule, "group", {"group": filled.arn, "to": empty.arn}, as_read),
            ),
            guards=(moved,),
        ),
        touches=f"all requests of {where}",
        warnings=(
            f"if {service.service} is to move to {empty.name}, the service has to name it instead (a deployment)",
        ),
        eta_s=within_s,
        not_now=listener_rules.not_for_us(listener, rule) or _deploying(service),
    )


def _deploying(service: EcsService) -> str | None:
    busy = any(one.rollout_state == "IN_PROGRESS" for one in service.deployments)
    return f"a deployment of {service.service} is in progress" if busy else None
