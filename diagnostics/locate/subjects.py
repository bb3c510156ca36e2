"""From the thing that was found to the Subject: its load balancers, target groups and the service behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from diagnostics.aws_access import explain
from diagnostics.facts.lambda_targets import unqualified
from diagnostics.facts.load_balancing import Listener
from diagnostics.locate.arns import load_balancer_type, name_in
from diagnostics.locate.candidates import Thing, load_balancers_of
from diagnostics.locate.ecs import all_services
from diagnostics.locate.inquiry import Inquiry, Result, refused
from diagnostics.locate.lookups.containers import clusters
from diagnostics.locate.lookups.functions import function_behind
from diagnostics.locate.lookups.load_balancing import (
    all_load_balancers,
    all_target_groups,
    listeners_of,
    target_groups_behind,
    with_rules,
)
from diagnostics.locate.lookups.security_groups import let_in_by
from diagnostics.locate.search import Step, of_kind
from diagnostics.locate.seen import (
    SeenCluster,
    SeenFunction,
    SeenLoadBalancer,
    SeenService,
    SeenTargetGroup,
    Where,
)
from diagnostics.question import Refused
from diagnostics.snapshot import Subject, SubjectKind

MAX_LAMBDA_GROUPS: Final = 100
MAX_LOAD_BALANCERS: Final = 10


def of_thing(inquiry: Inquiry, thing: Thing) -> Result:
    if isinstance(thing, SeenService):
        return of_service(inquiry, thing)
    if isinstance(thing, SeenTargetGroup):
        return of_groups(inquiry, thing.where, (thing,))
    if isinstance(thing, SeenLoadBalancer):
        return of_load_balancer(inquiry, thing)
    return of_function(inquiry, thing)


def of_service(inquiry: Inquiry, service: SeenService, groups: Sequence[SeenTargetGroup] | None = None) -> Result:
    """One delay, none when the target groups are known; one more when no load balancer forwards to them."""
    label = f"Service {service.cluster}/{service.name}"
    if not service.target_groups:
        if service.classic:
            return only_application(f"{label} is behind the classic load balancer {service.classic[0]}")
        return refused(f"{label} registers with no load balancer, so no load balancer's error can come from it.")
    known = inquiry.groups(service.where, service.target_groups) if groups is None else groups
    if not known and inquiry.search.gaps:
        return unreadable(inquiry, f"The target groups of service {service.cluster}/{service.name}")
    forwarding = load_balancers_of(known)
    balancers = _application(forwarding) or (() if forwarding else _that_may_reach(inquiry, service))
    if forwarding and not balancers:
        return only_application(f"{label} is behind {_described(forwarding[0])}")
    elsewhere = {group.arn for group in known if group.load_balancers and not _application(group.load_balancers)}
    if not forwarding:
        inquiry = inquiry.noting(f"no listener forwards to the target groups of {label.lower()}")
    return _subject(
        inquiry,
        "ecs-service",
        service.where,
        load_balancers=balancers,
        target_groups=tuple(arn for arn in service.target_groups if arn not in elsewhere),
        cluster=service.cluster,
        service=service.name,
    )


def of_groups(
    inquiry: Inquiry,
    where: Where,
    groups: Sequence[SeenTargetGroup],
    *,
    kind: SubjectKind = "target-group",
    load_balancer: str | None = None,
    rule_arn: str | None = None,
) -> Result:
    """Three delays to find the service that feeds them, none when the index knows it; one for a function's group."""
    forwarding = (load_balancer,) if load_balancer else load_balancers_of(groups)
    balancers = _application(forwarding)
    if forwarding and not balancers:
        return only_application(f"Target group {groups[0].name} is behind {_described(forwarding[0])}")
    arns = tuple(group.arn for group in groups)
    if all(group.target_type == "lambda" for group in groups):
        targets = inquiry.search.together([(inquiry.search.place(where), function_behind(group)) for group in groups])
        behind = {"function": _only({function for _, function in targets})}
    else:
        behind = _fed_by(_feeders(inquiry, where, arns))
    return _subject(inquiry, kind, where, load_balancers=balancers, target_groups=arns, rule_arn=rule_arn, **behind)


def of_load_balancer(inquiry: Inquiry, balancer: SeenLoadBalancer) -> Result:
    """Three delays, none when the index knows it. Its listeners are read only when nothing stands behind it."""
    if not balancer.is_application:
        return only_application(f"{balancer.name} is a {balancer.type} load balancer")
    where = balancer.where
    known = [group for group in inquiry.catalogue.target_groups((where,)) if balancer.arn in group.load_balancers]
    if not known:
        place = inquiry.search.place(where)
        steps: list[Step[Any]] = [(place, target_groups_behind(balancer.arn)), (place, listeners_of(balancer.arn))]
        if inquiry.clusters is None and not inquiry.catalogue.covers((where,)):
            steps.append((place, clusters))
        found = inquiry.search.together(steps)
        if inquiry.clusters is None:
            inquiry = inquiry.knowing(of_kind(found, SeenCluster))
        known = [*of_kind(found, SeenTargetGroup)]
        if not known and not inquiry.search.gaps:
            return _without_groups(inquiry, balancer, of_kind(found, Listener))
    arns = tuple(group.arn for group in known)
    behind = _fed_by(_feeders(inquiry, where, arns))
    return _subject(inquiry, "load-balancer", where, load_balancers=(balancer.arn,), target_groups=arns, **behind)


def of_rule_answer(inquiry: Inquiry, where: Where, load_balancer: str, rule_arn: str) -> Subject:
    """A load balancer that answers by itself, by this rule."""
    return _subject(inquiry, "load-balancer", where, load_balancers=(load_balancer,), rule_arn=rule_arn)


def of_function(inquiry: Inquiry, function: SeenFunction) -> Result:
    """Two delays: the target groups, then the target of each that calls a function."""
    place = inquiry.search.place(function.where)
    groups = [one for one in inquiry.search.together([(place, all_target_groups)]) if one.target_type == "lambda"]
    targets = inquiry.search.together([(place, function_behind(group)) for group in groups[:MAX_LAMBDA_GROUPS]])
    ours = [(group, arn) for group, arn in targets if _is_same_function(function, arn)]
    if not ours:
        if inquiry.search.gaps:
            return unreadable(inquiry, f"The target groups that call function {function.name}")
        return refused(f"No target group of {function.where.label} calls the function {function.name}.")
    mine = tuple(group for group, _ in ours)
    return _subject(
        inquiry,
        "lambda",
        function.where,
        load_balancers=_application(load_balancers_of(mine)),
        target_groups=tuple(group.arn for group in mine),
        function=_only({arn for _, arn in ours}) or function.arn,
    )


def unreadable(inquiry: Inquiry, what: str) -> Refused:
    """What was found cannot be followed, which is not the question's fault; the line says why."""
    if not inquiry.search.gaps:
        return Refused(message=f"{what} changed while being read: ask again.")
    return Refused(message=f"{what} could not be read. {explain(inquiry.search.gaps[0])}", gaps=inquiry.search.gaps)


def only_application(what: str) -> Refused:
    return refused(f"{what}; alb502 reads application load balancers only.")


def _subject(inquiry: Inquiry, kind: SubjectKind, where: Where, **parts: Any) -> Subject:
    return inquiry.subject(Subject(query=inquiry.question.words, kind=kind, **where.model_dump(), **parts))


def _feeders(inquiry: Inquiry, where: Where, groups: Iterable[str]) -> tuple[SeenService, ...]:
    wanted = set(groups)
    remembered = inquiry.catalogue.covers((where,))
    if not wanted:
        return ()
    if remembered:
        services = inquiry.catalogue.services((where,))
    else:
        inquiry.tell("looking for the service behind it")
        services = all_services(inquiry.search, _clusters_in(inquiry, where))
    return tuple(service for service in services if wanted.intersection(service.target_groups))


def _clusters_in(inquiry: Inquiry, where: Where) -> tuple[SeenCluster, ...]:
    if inquiry.clusters is not None:
        return tuple(cluster for cluster in inquiry.clusters if cluster.where == where)
    return inquiry.search.together([(inquiry.search.place(where), clusters)])


def _fed_by(services: Sequence[SeenService]) -> dict[str, str | None]:
    """The service, when it is one: several behind a shared load balancer have no common story."""
    return {"cluster": services[0].cluster, "service": services[0].name} if len(services) == 1 else {}


def _that_may_reach(inquiry: Inquiry, service: SeenService) -> tuple[str, ...]:
    """Load balancers that the tasks' security groups let in: one of them should be forwarding to this service."""
    if not service.security_groups:
        return ()
    place = inquiry.search.place(service.where)
    steps: list[Step[Any]] = [(place, let_in_by(service.security_groups)), (place, all_load_balancers)]
    found = inquiry.search.together(steps)
    let_in = set(of_kind(found, str)) - set(service.security_groups)
    return tuple(
        item.arn
        for item in of_kind(found, SeenLoadBalancer)
        if item.is_application and let_in.intersection(item.security_groups)
    )[:MAX_LOAD_BALANCERS]


def _without_groups(inquiry: Inquiry, balancer: SeenLoadBalancer, listeners: Sequence[Listener]) -> Result:
    if not listeners:
        return refused(f"Load balancer {balancer.name} has no listener, so it answers nobody.")
    place = inquiry.search.place(balancer.where)
    full = inquiry.search.together([(place, with_rules(listener)) for listener in listeners])
    fixed = [
        rule
        for listener in full
        for rule in listener.rules
        if any(action.type == "fixed-response" for action in rule.actions)
    ]
    if not fixed:
        return refused(f"Load balancer {balancer.name} only redirects: it has no targets, and no rule that fails.")
    return _subject(inquiry, "load-balancer", balancer.where, load_balancers=(balancer.arn,))


def _is_same_function(function: SeenFunction, arn: str) -> bool:
    own = unqualified(arn)
    qualifier = arn.removeprefix(own).removeprefix(":") or None
    return own == function.arn and function.qualifier in (None, qualifier)


def _application(arns: Iterable[str]) -> tuple[str, ...]:
    return tuple(arn for arn in arns if load_balancer_type(arn) == "application")


def _only(values: set[str]) -> str | None:
    return next(iter(values)) if len(values) == 1 else None


def _described(arn: str) -> str:
    return f"the {load_balancer_type(arn)} load balancer {name_in(arn)}"
