"""Put a rule of somebody else behind the one of the service that it hides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from diagnostics.facts import Change, EcsService, Gap, Listener, Listeners, Rule, TargetHealth
from diagnostics.report import SettingChange
from diagnostics.rules.listener_overlap import before, takes_all_of
from diagnostics.rules.put_rules import PUT_USES, put_there
from diagnostics.rules.routing import service_rolls, short_name
from remediations.fix import Case, fix
from remediations.plan import Plan, Success, Undo
from remediations.steps import healthy, listener_rules, swaps

EFFECT_S = 60


@fix(
    id="rule-behind-service",
    title="Put a rule that hides the service's own behind it",
    risk="medium",
    causes=("target-group-not-in-rule",),
    calls=("elasticloadbalancing:SetRulePriorities",),
    needs=(Listeners, TargetHealth),
    uses=(EcsService, *PUT_USES),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-update-rules.html",),
)
def rule_behind_service(case: Case) -> Iterator[Plan]:
    """Gives the rule that takes every request of the service's own one the next free priority behind that. Nothing
    else moves: the other rule keeps all requests but those that fit the service's rule too.

    Offered where CloudTrail shows who put the other rule there shortly before the requests stopped, and targets of the
    service are healthy; not where CodeDeploy or another controller keeps the rules. If the other service was meant to
    take these requests, it no longer does. The undo gives the rule its priority again.
    """
    service = case.facts.maybe(EcsService)
    if isinstance(service, Gap) or (isinstance(service, EcsService) and not service_rolls(service)):
        return
    for listener in case.facts[Listeners].items:
        for rule in listener.rules:
            put = put_there(case.facts, listener, rule) if rule.arn in case.cause.resources else None
            hidden = _hidden(case, listener, rule)
            if put is not None and hidden and not rule.is_default and case.cause.band != "possible":
                yield from _plans(case, listener, rule, hidden, put)


def _hidden(case: Case, listener: Listener, rule: Rule) -> list[Rule]:
    own = case.facts.subject.target_groups
    return [
        other
        for other in listener.rules
        if not other.is_default
        and any(to.weight > 0 and to.target_group_arn in own for to in other.forwards_to)
        and rule in tuple(before(listener.rules, other))
        and takes_all_of(rule, other)
    ]


def _plans(case: Case, listener: Listener, rule: Rule, hidden: Sequence[Rule], put: Change) -> Iterator[Plan]:
    health = case.facts[TargetHealth].by_group
    groups = list(dict.fromkeys(to.target_group_arn for other in hidden for to in other.forwards_to if to.weight > 0))
    well = all(any(target.state == "healthy" for target in health.get(arn, ())) for arn in groups)
    taken = {other.priority for other in listener.rules}
    last = max(other.priority or 0 for other in hidden)
    free = next(number for number in range(last + 1, last + len(taken) + 2) if number not in taken)
    if not well or free > listener_rules.MAX_PRIORITY or rule.priority is None:
        return
    there, moved = (listener_rules.has_priority(listener, rule, number) for number in (rule.priority, free))
    name = listener_rules.name_of(listener, rule)
    yield Plan(
        fix="rule-behind-service",
        title=f"Put {name} behind the rule of {', '.join(map(short_name, groups))}: priority {rule.priority} → {free}",
        risk="medium",
        resource=rule.arn,
        changes=(SettingChange(resource=rule.arn, setting="Priority", before=rule.priority, after=free),),
        guards=(
            there,
            listener_rules.divides(listener, rule),
            listener_rules.priority_is_free(listener, free),
            *(listener_rules.has_priority(listener, other, other.priority) for other in hidden),
            *(listener_rules.divides(listener, other) for other in hidden),
            *(healthy.some_healthy(arn) for arn in groups),
            *swaps.not_swapping(case.facts.maybe(EcsService)),
        ),
        writes=(listener_rules.set_priority(listener, rule, free),),
        success=Success(
            text="the service's own rule takes its requests again",
            within_s=EFFECT_S,
            guards=(moved, *(healthy.some_healthy(arn) for arn in groups)),
        ),
        undo=Undo(
            kind="exact",
            text=f"gives the rule the priority {rule.priority} again",
            writes=(listener_rules.set_priority(listener, rule, rule.priority),),
            guards=(moved,),
        ),
        touches=f"the requests that fit both rules: {', '.join(arn.split('/')[-2] for arn in groups)} answers them",
        warnings=(f"it is there since {put.at:%H:%M} UTC, by {put.actor[:80]}: ask whether that is meant",),
        eta_s=EFFECT_S,
        not_now=swaps.not_now(case.facts.maybe(EcsService)),
    )
