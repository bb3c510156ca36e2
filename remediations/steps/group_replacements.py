"""Plans that put one target group in the place of another in every rule: one that is there, or one that is made.

Weights, stickiness and all other actions of a rule stay. Tasks of ECS are registered by ECS, which is a deployment;
targets that nobody keeps are registered as they are in the old group.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/update-service-parameters.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from diagnostics.facts import (
    EcsService,
    Fact,
    Gap,
    HealthCheck,
    Hosts,
    Listeners,
    NotApplicable,
    Tags,
    TargetGroup,
    TargetGroupAttributes,
)
from diagnostics.report import SettingChange
from diagnostics.rules.kubernetes import from_tags
from diagnostics.rules.routing import Route, registered_groups, routes_to
from remediations.fix import Case
from remediations.plan import MAX_AFTER_S, Guard, Plan, Quiet, Success, Undo, Write
from remediations.steps import (
    deployments,
    ecs_services,
    healthy,
    listener_rules,
    new_target_groups,
    own_errors,
    registrations,
    spoken,
    swaps,
    targets,
)
from remediations.steps.new_target_groups import ARN
from remediations.steps.spoken import SPOKEN_NEEDS, SPOKEN_USES, members

REPLACEMENT_NEEDS: tuple[type[Fact], ...] = (*SPOKEN_NEEDS, TargetGroupAttributes, Listeners)
REPLACEMENT_USES: tuple[type[Fact], ...] = (*SPOKEN_USES, Tags, Hosts)
"""What a fix declares that makes such plans."""
CALLS: Final = (
    "elasticloadbalancing:AddTags",
    "elasticloadbalancing:CreateTargetGroup",
    "elasticloadbalancing:DeleteTargetGroup",
    "elasticloadbalancing:ModifyListener",
    "elasticloadbalancing:ModifyRule",
    "elasticloadbalancing:ModifyTargetGroupAttributes",
    "elasticloadbalancing:RegisterTargets",
    "ecs:UpdateService",
)
MAX_RULES: Final = 3
MAX_TARGETS: Final = 10
ATTACHED_S: Final = 60
"""Health checks of a group begin when a rule uses it."""
NO_ALARMS: Final = "alarms and dashboards that name the old target group see nothing any more"


@dataclass(frozen=True, slots=True)
class Swap:
    """`old` gives its place to `new`, which is made unless `is_there`. `quiet`: counts of errors that have to end."""

    fix: str
    title: str
    old: TargetGroup
    new: TargetGroup
    is_there: bool
    why: str
    quiet: tuple[str, ...]

    @property
    def arn(self) -> JsonValue:
        return self.new.arn if self.is_there else ARN


def plans(case: Case, swap: Swap) -> Iterator[Plan]:
    """One plan, or none where it would not be sound."""
    routes = _routes(case, swap)
    service = case.facts.maybe(EcsService)
    if not routes or isinstance(service, Gap) or swaps.swaps_groups(service):
        return
    if swap.is_there:
        if _keeps_both(case, swap, service):
            yield _switch(case, swap, routes, service)
    elif not new_target_groups.can_be_copied(swap.old):
        return
    elif isinstance(service, EcsService) and any(swap.old.arn in registered_groups(s) for s in service.load_balancers):
        if deployments.is_deployed_by_ecs(service) and _fills_once(service, swap.old):
            yield _with_tasks(case, swap, routes, service)
    elif isinstance(service, NotApplicable) and _is_nobodys(case, swap.old):
        yield _with_targets(case, swap, routes)


def made_like(group: TargetGroup, ending: str, check: HealthCheck, **changes: str) -> TargetGroup:
    """A new group like this one, but for its name, its health check and what is named."""
    update = {"name": new_target_groups.name_for(group, ending), "health_check": check, **changes}
    return group.model_copy(update=update)


def _routes(case: Case, swap: Swap) -> tuple[Route, ...]:
    """Every rule that sends requests to the old group; none where there are too many, or the new one is in one."""
    listeners = case.facts[Listeners]
    routes = routes_to(listeners, swap.old.arn) or ()
    known = [[one.target_group_arn for one in route.rule.forwards_to] for route in routes]
    twice = any(arns.count(swap.old.arn) != 1 or (swap.is_there and swap.new.arn in arns) for arns in known)
    balancers = {route.listener.load_balancer_arn for route in routes}
    elsewhere = swap.is_there and not set(swap.new.load_balancer_arns) <= balancers
    return () if listeners.gaps or twice or elsewhere or len(routes) > MAX_RULES else routes


def _fills_once(service: EcsService, group: TargetGroup) -> bool:
    return sum(one.target_group_arn == group.arn for one in service.load_balancers) == 1


def _is_nobodys(case: Case, group: TargetGroup) -> bool:
    """No load balancer controller and no Auto Scaling group registers the targets."""
    tags, hosts = case.facts.maybe(Tags), case.facts.maybe(Hosts)
    scaled = {host.id for host in hosts.items if host.scaling_group} if isinstance(hosts, Hosts) else set[str]()
    found = members(case.facts, group)
    return (
        isinstance(tags, Tags)
        and from_tags(tags.by_arn.get(group.arn, {})) is None
        and 0 < len(found) <= MAX_TARGETS
        and not scaled & {target.id for target in found}
    )


def _keeps_both(case: Case, swap: Swap, service: EcsService | NotApplicable) -> bool:
    """Whoever registers tomorrow's targets in the old group does so in the other one, too: requests must not go to a
    group that is left alone."""
    if isinstance(service, EcsService):
        old, new = (
            {(one.container_name, one.container_port) for one in service.load_balancers if one.target_group_arn == arn}
            for arn in (swap.old.arn, swap.new.arn)
        )
        return bool(old) and old == new
    tags = case.facts.maybe(Tags)
    told = tags.by_arn.get(swap.new.arn, {}) if isinstance(tags, Tags) else {}
    return from_tags(told) is None and _is_nobodys(case, swap.old)


def _switch(case: Case, swap: Swap, routes: tuple[Route, ...], service: EcsService | NotApplicable) -> Plan:
    within_s = ATTACHED_S + healthy.becomes_healthy_s(swap.new)
    own = (service.arn,) if isinstance(service, EcsService) else ()
    fills = _fills_both(swap, service) if isinstance(service, EcsService) else ()
    moved = tuple(_moved(swap, route) for route in routes)
    return Plan(
        fix=swap.fix,
        title=swap.title,
        risk="high",
        resource=_resource(routes[0]),
        judged_by_tags_of=(*own, swap.old.arn, swap.new.arn),
        changes=_rule_changes(swap, routes),
        guards=(
            *_as_read(routes),
            spoken.still_serves_nobody(case.facts, swap.old),
            *fills,
            healthy.targets_healthy(swap.new.arn),
        ),
        writes=tuple(_change(swap, route) for route in routes),
        success=Success(
            text=f"the targets of {swap.new.name} get the requests and are healthy",
            within_s=within_s,
            guards=(*moved, healthy.targets_healthy(swap.new.arn)),
            quiet=_quiet(case, swap),
        ),
        undo=Undo(
            kind="exact",
            text=f"lets {_names(routes)} forward to {swap.old.name} again",
            writes=tuple(_change_back(swap, route) for route in routes),
            guards=moved,
        ),
        touches=f"all requests of {_names(routes)} for {swap.old.name}",
        warnings=(swap.why,),
        eta_s=within_s,
        not_now=_not_for_us(routes),
    )


def _fills_both(swap: Swap, service: EcsService) -> tuple[Guard, ...]:
    both = f"{swap.old.name} and {swap.new.name}"
    return (registrations.has(service, registrations.settings(service, swap.old.arn, swap.old.arn), both),)


def _with_tasks(case: Case, swap: Swap, routes: tuple[Route, ...], service: EcsService) -> Plan:
    takes_s = deployments.takes_s(case.facts, service)
    registers, registered = (registrations.settings(service, swap.old.arn, one) for one in (ARN, swap.old.arn))
    return Plan(
        fix=swap.fix,
        title=swap.title,
        risk="high",
        resource=_resource(routes[0]),
        judged_by_tags_of=(service.arn, swap.old.arn),
        changes=(
            *_made(swap),
            *_rule_changes(swap, routes),
            SettingChange(resource=service.arn, setting="loadBalancers", before=swap.old.name, after=swap.new.name),
        ),
        guards=(
            *_can_be_made(swap),
            *_as_read(routes),
            spoken.still_serves_nobody(case.facts, swap.old),
            registrations.has(service, registered, swap.old.name),
            ecs_services.is_active(service),
            ecs_services.deployed_by_ecs(service),
            healthy.not_deploying(service),
        ),
        writes=(
            *_making(case, swap),
            *(_change(swap, route) for route in routes),
            registrations.register(service, registers, swap.new.name),
        ),
        success=Success(
            text=f"the deployment of {service.service} is complete, and all targets of {swap.new.name} are healthy",
            within_s=2 * takes_s,
            guards=(
                healthy.deployed(service),
                healthy.targets_healthy(ARN, swap.new.name),
            ),
            quiet=_quiet(case, swap),
            fails=(healthy.deployment_failed(service),),
        ),
        undo=Undo(
            kind="compensating",
            text=f"registers the tasks in {swap.old.name} again, with a deployment, and requests get 503 until the"
            f" first of them is healthy there; {swap.new.name} stays, empty, and can be deleted when its last task has"
            " left",
            writes=(
                *(_change_back(swap, route) for route in routes),
                registrations.register(service, registered, swap.old.name),
            ),
            guards=(*(_moved(swap, route) for route in routes), registrations.has(service, registers, swap.new.name)),
        ),
        touches=f"all requests of {_names(routes)} for {swap.old.name}; {deployments.replaced(service)}",
        warnings=(
            swap.why,
            "requests get 503 until the first task is registered and healthy in the new group",
            *_not_taken_over(),
        ),
        eta_s=takes_s,
        not_now=_not_for_us(routes) or deployments.not_now(service) or ecs_services.registrations_not_now(service),
    )


def _with_targets(case: Case, swap: Swap, routes: tuple[Route, ...]) -> Plan:
    subject, name, found = case.facts.subject, swap.new.name, members(case.facts, swap.old)
    within_s = ATTACHED_S + healthy.becomes_healthy_s(swap.new)
    moved = tuple(_moved(swap, route) for route in routes)
    drain_s = min(case.facts[TargetGroupAttributes].deregistration_delay_s(swap.old.arn), MAX_AFTER_S)
    return Plan(
        fix=swap.fix,
        title=swap.title,
        risk="high",
        resource=_resource(routes[0]),
        judged_by_tags_of=(swap.old.arn,),
        changes=(
            *_made(swap),
            *(SettingChange(resource=name, setting="target", before=None, after=one.key) for one in found),
            *_rule_changes(swap, routes),
        ),
        guards=(
            *_can_be_made(swap),
            *_as_read(routes),
            spoken.still_serves_nobody(case.facts, swap.old),
            targets.registered(swap.old.arn, found),
            *targets.kept_by_nobody(swap.old, found),
        ),
        writes=(
            *_making(case, swap),
            new_target_groups.register(subject, name, found),
            *(_change(swap, route) for route in routes),
        ),
        success=Success(
            text=f"the targets of {name} get the requests and are healthy",
            within_s=within_s,
            guards=(*moved, healthy.targets_healthy(ARN, name)),
            quiet=_quiet(case, swap),
        ),
        undo=Undo(
            kind="exact",
            text=f"lets {_names(routes)} forward to {swap.old.name} again, and {drain_s} s later deletes {name}",
            writes=(
                *(_change_back(swap, route) for route in routes),
                new_target_groups.delete(subject, name, drain_s),
            ),
            guards=(new_target_groups.is_ours(name), *moved, targets.registered(ARN, found, name)),
        ),
        touches=f"all requests of {_names(routes)} for {swap.old.name}",
        warnings=(
            swap.why,
            f"the targets stay in {swap.old.name}, which gets no requests; from then on register them in {name}",
            *_not_taken_over(),
        ),
        eta_s=within_s,
        not_now=_not_for_us(routes),
    )


def _making(case: Case, swap: Swap) -> tuple[Write, ...]:
    subject = case.facts.subject
    attributes = case.facts[TargetGroupAttributes].by_arn.get(swap.old.arn, {})
    given = new_target_groups.take_over(subject, swap.new.name, attributes)
    return (new_target_groups.create(subject, swap.new), *((given,) if given else ()))


def _made(swap: Swap) -> tuple[SettingChange, ...]:
    new, check = swap.new, swap.new.health_check
    version = f" ({new.protocol_version})" if new.protocol_version not in (None, "HTTP1") else ""
    words = f"like {swap.old.name}, {new.protocol}{version}; health check {check.protocol} {check.path} on {check.port}"
    return (SettingChange(resource=new.name, setting="target group", before=None, after=words),)


def _not_taken_over() -> tuple[str, ...]:
    return (NO_ALARMS, "the new group has none of the old one's tags")


def _can_be_made(swap: Swap) -> tuple[Guard, ...]:
    return (new_target_groups.is_free(swap.new.name), new_target_groups.has_ipv4_addresses(swap.old))


def _as_read(routes: Iterable[Route]) -> tuple[Guard, ...]:
    return tuple(listener_rules.divides(route.listener, route.rule) for route in routes)


def _rule_changes(swap: Swap, routes: Iterable[Route]) -> tuple[SettingChange, ...]:
    return tuple(
        SettingChange(
            resource=route.rule.arn, setting="forward to target group", before=swap.old.name, after=swap.new.name
        )
        for route in routes
    )


def _moved(swap: Swap, route: Route) -> Guard:
    return listener_rules.forwards_instead(route.listener, route.rule, swap.old.arn, swap.arn, swap.new.name)


def _change(swap: Swap, route: Route) -> Write:
    arguments: dict[str, JsonValue] = {"group": swap.old.arn, "to": swap.arn}
    return listener_rules.change_forward(route.listener, route.rule, "group", arguments, _moved(swap, route))


def _change_back(swap: Swap, route: Route) -> Write:
    arguments: dict[str, JsonValue] = {"group": swap.arn, "to": swap.old.arn}
    as_read = listener_rules.divides(route.listener, route.rule)
    return listener_rules.change_forward(route.listener, route.rule, "group", arguments, as_read)


def _resource(route: Route) -> str:
    return route.listener.arn if route.rule.is_default else route.rule.arn


def _names(routes: Iterable[Route]) -> str:
    return " and ".join(listener_rules.name_of(route.listener, route.rule) for route in routes)


def _not_for_us(routes: Iterable[Route]) -> str | None:
    return next(filter(None, (listener_rules.not_for_us(route.listener, route.rule) for route in routes)), None)


def _quiet(case: Case, swap: Swap) -> tuple[Quiet, ...]:
    """Counts of the whole load balancer, where nobody else stands behind it."""
    return tuple(
        healthy.load_balancer_quiet(balancer, metric)
        for balancer in case.facts.subject.load_balancers
        if own_errors.are_own(case, balancer, (swap.old.arn,))
        for metric in swap.quiet
    )
