"""Make a listener rule again that somebody deleted."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import (
    DeletedRule,
    DeletedRules,
    EcsService,
    FormerRule,
    Gap,
    Listener,
    Listeners,
    Rule,
    TargetGroup,
    TargetGroups,
)
from diagnostics.report import SettingChange
from diagnostics.rules import deleted_rules
from diagnostics.rules.listener_overlap import before, takes_all_of
from remediations.fix import Case, fix
from remediations.plan import Guard, Plan, Success, Undo
from remediations.steps import healthy, listener_rules, swaps, target_groups

ATTACHED_S = 60
"""Health checks of a group begin when a rule uses it."""


@fix(
    id="rule-restore",
    title="Make the deleted listener rule again",
    risk="medium",
    aim="back",
    causes=("target-group-not-in-rule",),
    calls=(
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:CreateRule",
        "elasticloadbalancing:DeleteRule",
    ),
    needs=(DeletedRules, Listeners, TargetGroups),
    uses=(EcsService,),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-update-rules.html",),
)
def rule_restore(case: Case) -> Iterator[Plan]:
    """Makes a rule that was deleted again, with its former priority, conditions and target groups.

    Offered only where CloudTrail tells all of the rule for certain: the newest record of its making or of a change
    describes it in full, and no later one was missed. Not for a rule that did more than to forward, as no record keeps
    a client secret, nor for one with the value of a secret header. Its priority must be free, its target groups must be
    there, no other rule may have taken its requests over, and CodeDeploy or another controller must not keep the rules.

    The new rule has another ARN, and no tag but alb502's own: what names the old ARN, such as Terraform's state, does
    not know it. Who deleted the rule may have meant to. The undo deletes the new rule, and nothing else.
    """
    service = case.facts.maybe(EcsService)
    if case.cause.band == "possible" or isinstance(service, Gap) or swaps.swaps_groups(service):
        return
    listeners = case.facts[Listeners]
    for group in case.cause.resources:
        for one, former in deleted_rules.known_rules_of(case.facts[DeletedRules], group):
            listener = next((item for item in listeners.items if item.arn == one.listener_arn), None)
            groups = [case.facts[TargetGroups].of(to.target_group_arn) for to in former.rule.forwards_to]
            known = [group for group in groups if group is not None]
            if listener and not listeners.gaps and len(known) == len(groups) and _has_room(listener, former):
                yield _plan(case, listener, one, former, known)
                break


def _has_room(listener: Listener, former: FormerRule) -> bool:
    """Its priority is free, no earlier rule takes all of its requests, and none has its very conditions."""
    rules = [rule for rule in listener.rules if not rule.is_default]
    return (
        all(rule.priority != former.rule.priority for rule in rules)
        and not any(takes_all_of(earlier, former.rule) for earlier in before(rules, former.rule))
        and not any(_key(rule) == _key(former.rule) for rule in rules)
    )


def _key(rule: Rule) -> list[tuple[str, str, tuple[str, ...]]]:
    return sorted(
        (one.field, one.header_name or "", tuple(sorted((*one.values, *one.regex_values)))) for one in rule.conditions
    )


def _plan(case: Case, listener: Listener, one: DeletedRule, former: FormerRule, groups: list[TargetGroup]) -> Plan:
    rule, words = former.rule, deleted_rules.in_words(former)
    names = ", ".join(group.name for group in groups)
    there = listener_rules.is_there_again(listener, former)
    free = listener_rules.priority_is_free(listener, rule.priority or 0)
    within_s = ATTACHED_S + max(healthy.becomes_healthy_s(group) for group in groups)
    return Plan(
        fix="rule-restore",
        title=f"Make {words} of port {listener.port} again, to {names}",
        risk="medium",
        resource=listener.arn,
        judged_by_tags_of=tuple(group.arn for group in groups),
        changes=(SettingChange(resource=listener.arn, setting=words, before=None, after=f"forward to {names}"),),
        guards=(
            free,
            *(listener_rules.leads_nowhere(listener, group) for group in _lost(case, groups)),
            *(_exists(group) for group in groups),
        ),
        writes=(listener_rules.make_again(listener, former),),
        success=Success(
            text=f"the targets of {names} get requests and are healthy",
            within_s=within_s,
            guards=(there, *(healthy.some_healthy(group) for group in _lost(case, groups))),
        ),
        undo=Undo(
            kind="exact",
            text="deletes the new rule",
            writes=(listener_rules.delete_new(listener, free),),
            guards=(there,),
        ),
        touches=f"the requests of port {listener.port} that fit {words}, which go elsewhere now",
        warnings=(
            f"{one.actor[:80]} deleted it at {one.at:%H:%M} UTC: ask whether that was meant",
            f"it is made as {deleted_rules.told_in(former)} describes it, with a new ARN and without its tags",
        ),
        eta_s=within_s,
    )


def _lost(case: Case, groups: list[TargetGroup]) -> list[str]:
    """Those that the cause says no rule leads to."""
    return [group.arn for group in groups if group.arn in case.cause.resources]


def _exists(group: TargetGroup) -> Guard:
    return target_groups.setting(group.arn, "TargetGroupArn", group.arn, f"target group {group.name} is there")
