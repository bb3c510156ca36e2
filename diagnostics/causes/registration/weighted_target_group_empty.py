"""A rule divides requests by weight, and one of the groups has nobody in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import (
    Changes,
    EcsService,
    Listener,
    Listeners,
    Metrics,
    Rule,
    SiblingHealth,
    Target,
    TargetHealth,
)
from diagnostics.printable import percent
from diagnostics.report import Role
from diagnostics.rules.changes import newest_before_onset
from diagnostics.rules.routing import Route, has_nobody, registers_into, short_name
from diagnostics.rules.row_evidence import ROW_USES, clusters, record

FITS_WITHIN = 2.0
"""The counted share of 503 may be so many times the weight, either way: people come back, and sessions stick."""
UNSEEN = supporting("no counter of 503 was read, so that nobody may ask for it", "cloudwatch:GetMetricData")
CHANGES = ("ModifyRule", "CreateRule", "ModifyListener", "DeregisterTargets")


@cause(
    code="weighted-target-group-empty",
    title="A weighted rule sends a share of the requests to an empty target group",
    needs=(Listeners, TargetHealth),
    uses=(SiblingHealth, EcsService, Metrics, Changes, *ROW_USES),
    clear_needs=(SiblingHealth,),
    shows=("elb_503", "no-targets"),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
    ),
    replaces=("no-registered-targets",),
)
def weighted_target_group_empty(facts: Facts) -> Iterator[Finding]:
    """A forward action names several target groups, and one with a weight above 0 has no targets: the load balancer
    answers its share of the requests with 503 and does not fail over to the other groups.

    Decided by the rule's weights and DescribeTargetHealth; a share of 503 near the weight, or rows that name the
    empty group, confirm it. Refuted by weight 0, which may be empty, and by all groups of the rule being empty, which
    is no matter of weights.
    """
    siblings = facts.maybe(SiblingHealth)
    known = dict(siblings.by_group) if isinstance(siblings, SiblingHealth) else {}
    known |= facts[TargetHealth].by_group
    own = frozenset(facts[TargetHealth].by_group)
    done: set[str] = set()
    for listener, rule in facts[Listeners].rules():
        for route, group in _empty_parts(listener, rule, known, own):
            if group not in done:
                done.add(group)
                yield _finding(facts, route, group, draining=bool(known[group]), own=group in own)


def _empty_parts(
    listener: Listener, rule: Rule, known: Mapping[str, tuple[Target, ...]], own: frozenset[str]
) -> Iterator[tuple[Route, str]]:
    """Empty groups of a rule that also sends a share to a group with targets, one of them the subject's own."""
    weights: dict[str, int] = {}
    for target in rule.forwards_to:
        weights[target.target_group_arn] = weights.get(target.target_group_arn, 0) + target.weight
    used = {arn: weight for arn, weight in weights.items() if weight > 0}
    if len(used) < 2 or not own & used.keys():
        return
    empty = [arn for arn in used if arn in known and has_nobody(known[arn])]
    if any(arn in known and not has_nobody(known[arn]) for arn in used):
        for arn in empty:
            yield Route(listener, rule, used[arn] / sum(used.values())), arn


def _finding(facts: Facts, route: Route, group: str, *, draining: bool, own: bool) -> Finding:
    name, where = short_name(group), route.in_words()
    state = "has only draining targets" if draining else "has no targets"
    rows = tuple(item for item in clusters(facts, "no-target", elb_status=503) if item.target_group == group)
    counted, fits = _counted(facts, route.share)
    changed = newest_before_onset(facts, (group, name, route.rule.arn, route.listener.arn), CHANGES)
    unseen = facts.observed.counts.elb_503 is None and not rows and not own
    nobody_hurt = facts.observed.counts.elb_503 == 0 and not rows and not own
    return Finding(
        resource=group,
        summary=f"{percent(route.share)} of the requests of {_rule(route)} go to target group {name}, which {state}",
        supports=(
            decisive(f"target group {name} {state}", "elbv2:DescribeTargetHealth", value=0),
            decisive(f"{where} forwards to {name}", "elbv2:DescribeRules", value=round(route.share, 3)),
            *counted,
            *(record(facts, item, f"503 for target group {name}, which had no target") for item in rows),
            *changed,
        ),
        against=(*(() if fits else (_misfit(facts, route.share),)), *((UNSEEN,) if unseen else ())),
        effect_seen=not nobody_hurt,
        role=_role(facts, group),
        affects=frozenset({group}),
        explains=frozenset({"no-targets"} | ({"elb_503"} if rows or fits else set())) | {item.key for item in rows},
        since=changed[0].at if changed else None,
        overturned_by=f"A registered target: aws elbv2 describe-target-health --target-group-arn {group}",
        at_most="possible" if unseen else None if rows or fits else "likely",
        advice=f"Give {name} the weight 0 (the call replaces groups and stickiness): `{_call(route, group)}`;"
        " or fill it. The load balancer does not fail over between weighted groups.",
    )


def _call(route: Route, group: str) -> str:
    actions = _actions(route, group)
    if route.rule.is_default:
        return f"aws elbv2 modify-listener --listener-arn {route.listener.arn} --default-actions {actions}"
    return f"aws elbv2 modify-rule --rule-arn {route.rule.arn} --actions {actions}"


def _actions(route: Route, group: str) -> str:
    """All that the rule does, with weight 0 for the group; a word to fill in where it does more than forward."""
    if any(action.type != "forward" for action in route.rule.actions):
        return "ACTIONS"
    weights = [
        {"TargetGroupArn": one.target_group_arn, "Weight": 0 if one.target_group_arn == group else one.weight}
        for one in route.rule.forwards_to
    ]
    actions = [{"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}]
    return f"'{json.dumps(actions, separators=(',', ':'))}'"


def _rule(route: Route) -> str:
    name = "the default rule" if route.rule.is_default else f"rule {route.rule.priority}"
    return f"{name} of port {route.listener.port}"


def _role(facts: Facts, group: str) -> Role:
    """Where the subject's own service should fill it, what keeps it empty is the root, if that is known."""
    service = facts.maybe(EcsService)
    return "consequence" if isinstance(service, EcsService) and group in registers_into(service) else "root"


def _counted(facts: Facts, share: float) -> tuple[tuple[Evidence, ...], bool]:
    """The 503s as a record, and whether their share is what the weight makes of it (also where it is not known)."""
    errors, seen = facts.observed.counts.elb("503"), facts.observed.error_share
    if not errors or not facts.observed.errors_are_ours:
        return (), True
    text = f"{errors:,} answers of 503 by the load balancer itself"
    if seen is None:
        return (supporting(text, "cloudwatch:GetMetricData", value=errors),), True
    fits = share / FITS_WITHIN <= seen <= min(share * FITS_WITHIN, 1.0)
    kind = decisive if fits else supporting
    return (kind(f"{text}, {percent(seen)} of the requests", "cloudwatch:GetMetricData", value=errors),), fits


def _misfit(facts: Facts, share: float) -> Evidence:
    expected, seen = percent(share), percent(facts.observed.error_share or 0.0)
    text = f"the weight would make {expected} of the requests fail, {seen} did: other rules have requests too"
    return supporting(text, "cloudwatch:GetMetricData")
