"""Send no requests to an empty group of a weighted rule."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from diagnostics.facts import (
    EcsService,
    ForwardTarget,
    Gap,
    Listener,
    Listeners,
    Rule,
    SiblingHealth,
    Target,
    TargetHealth,
)
from diagnostics.report import SettingChange
from diagnostics.rules.routing import has_nobody, registers_into, service_rolls, short_name
from remediations.fix import Case, fix
from remediations.plan import Plan, Success, Undo
from remediations.steps import healthy, listener_rules, own_errors, swaps
from remediations.steps.own_errors import NOT_TOLD

MOST = 0.5
EFFECT_S = 30
COUNTED_AFTER_S = 420
"""A rule works at once; CloudWatch tells of it minutes later."""


@fix(
    id="rule-weight-zero",
    title="Give the empty target group no share of the requests",
    risk="medium",
    causes=("weighted-target-group-empty",),
    calls=("elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyRule"),
    needs=(Listeners, TargetHealth),
    uses=(SiblingHealth, EcsService),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html",),
    prepare=listener_rules.PREPARES,
)
def rule_weight_zero(case: Case) -> Iterator[Plan]:
    """Sets the weight of the empty group to 0 in the rule that names several; the other groups get its share, so that
    they must have healthy targets. Everything else of the rule stays: it is read anew and sent back in full, and the
    client secret of an identity provider is kept without being read. Shown, and not carried out, for a rule that signs
    users in with Cognito.

    Not offered for a group that the service itself should fill, nor where CodeDeploy or another controller keeps the
    rule, nor while ECS moves requests from one colour to the other. The undo gives the group its weight again.
    """
    service = case.facts.maybe(EcsService)
    if isinstance(service, Gap) or (isinstance(service, EcsService) and not service_rolls(service)):
        return
    own = registers_into(service) if isinstance(service, EcsService) else frozenset()
    health = _health(case)
    for listener, rule in case.facts[Listeners].rules():
        for target in rule.forwards_to:
            arn = target.target_group_arn
            if arn in case.cause.resources and arn not in own and target.weight > 0 and has_nobody(health.get(arn, ())):
                yield from _plan(case, listener, rule, target, health)


def _health(case: Case) -> dict[str, tuple[Target, ...]]:
    """Of every group whose targets are known."""
    siblings = case.facts.maybe(SiblingHealth)
    known = dict(siblings.by_group) if isinstance(siblings, SiblingHealth) else {}
    return known | case.facts[TargetHealth].by_group


def _plan(
    case: Case, listener: Listener, rule: Rule, empty: ForwardTarget, health: dict[str, tuple[Target, ...]]
) -> Iterator[Plan]:
    weights = {one.target_group_arn: one.weight for one in rule.forwards_to}
    others = [arn for arn, weight in weights.items() if weight > 0 and arn != empty.target_group_arn]
    well = [arn for arn in others if any(target.state == "healthy" for target in health.get(arn, ()))]
    if len(weights) != len(rule.forwards_to) or not well or well != others or empty.target_group_arn not in health:
        return
    name, where = short_name(empty.target_group_arn), listener_rules.name_of(listener, rule)
    after = weights | {empty.target_group_arn: 0}
    share = empty.weight / sum(weights.values())
    divided, undivided = listener_rules.divides(listener, rule), listener_rules.forwards(listener, rule, after)
    arguments: dict[str, JsonValue] = {"group": empty.target_group_arn, "before": empty.weight, "to": 0}
    back: dict[str, JsonValue] = {"group": empty.target_group_arn, "before": 0, "to": empty.weight}
    no_503 = healthy.load_balancer_quiet(listener.load_balancer_arn, "HTTPCode_ELB_503_Count")
    alone = own_errors.are_own(case, listener.load_balancer_arn, weights)
    service = case.facts.maybe(EcsService)
    yield Plan(
        fix="rule-weight-zero",
        title=f"Weight of target group {name} in {where}: {empty.weight} → 0",
        risk="medium",
        resource=listener.arn if rule.is_default else rule.arn,
        changes=(
            SettingChange(resource=rule.arn, setting=f"weight of target group {name}", before=empty.weight, after=0),
        ),
        guards=(
            divided,
            healthy.nobody_registered(empty.target_group_arn),
            *(healthy.some_healthy(arn) for arn in well),
            *swaps.not_swapping(service),
        ),
        writes=(listener_rules.change_forward(listener, rule, "weight", arguments, undivided),),
        success=Success(
            text="nobody gets 503 any more" if alone else f"{undivided.text}; {NOT_TOLD}",
            within_s=COUNTED_AFTER_S if alone else EFFECT_S,
            guards=(undivided,),
            quiet=(no_503,) if alone and case.facts.observed.saw("elb_503") else (),
        ),
        undo=Undo(
            kind="exact",
            text=f"gives {name} the weight {empty.weight} again",
            writes=(listener_rules.change_forward(listener, rule, "weight", back, divided),),
            guards=(undivided,),
        ),
        touches=f"all requests of {where}: the other groups get {share:.0%} more of them",
        warnings=tuple(_warnings(rule, name, share, well)),
        eta_s=EFFECT_S,
        not_now=listener_rules.not_for_us(listener, rule) or swaps.not_now(service),
    )


def _warnings(rule: Rule, name: str, share: float, well: list[str]) -> Iterator[str]:
    """A cookie of the rule's stickiness goes before its weights."""
    if share > MOST:
        yield f"{share:.0%} of the requests move to {', '.join(map(short_name, well))}"
    sticky_s = max((action.sticky_s or 0 for action in rule.actions), default=0)
    if sticky_s:
        yield (
            f"the rule is sticky: clients that were sent to {name} before go on to get 503 until their cookie ends, up"
            f" to {sticky_s} s; to help them at once, take {name} out of the rule"
        )
