"""Put a rule that answers errors by itself behind those of the services."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from diagnostics.causes.error_source.fixed_response_5xx import fixed_code
from diagnostics.facts import Change, EcsService, Gap, Listener, Listeners, Rule, TargetHealth
from diagnostics.report import SettingChange
from diagnostics.rules.listener_overlap import before, may_meet, takes_all_of
from diagnostics.rules.observations import ELB_CODES
from diagnostics.rules.put_rules import PUT_USES, put_there
from remediations.fix import Case, fix
from remediations.plan import Plan, Success, Undo
from remediations.steps import healthy, listener_rules, own_errors, swaps
from remediations.steps.own_errors import NOT_TOLD

EFFECT_S = 30
COUNTED_AFTER_S = 420
FROM_THEN_ON = "from then on the new rule decides about these requests, and no later change of the default rule does"


@fix(
    id="fixed-response-last",
    title="Put the rule that answers an error itself behind the services' rules",
    risk="medium",
    causes=("fixed-response-5xx",),
    calls=(
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing:CreateRule",
        "elasticloadbalancing:DeleteRule",
        "elasticloadbalancing:SetRulePriorities",
    ),
    needs=(Listeners,),
    uses=(TargetHealth, EcsService, *PUT_USES),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-update-rules.html",),
    prepare=listener_rules.STAND_IN,
)
def fixed_response_last(case: Case) -> Iterator[Plan]:
    """Gives a maintenance rule that was left on a priority behind every other rule, so that the rules that it hides get
    their requests again. Nothing is deleted: the next maintenance moves it to the front. A narrower choice puts it just
    behind the service's own rule, where it goes on to answer for rules further down.

    Nothing can stand behind the default rule. Where that one forwards to the service, a new rule with the same
    conditions is put before the maintenance rule, which does what the default rule does. That is not done where
    CodeDeploy, another controller or ECS swaps the default rule's target group for another one: the new rule would lead
    to the old one then. Nor is any rule moved in front of such a service while it is deployed.

    Offered where the rule takes every request of a rule that forwards, or a part of them since a change that brought
    the errors. Whether the maintenance is over only its owner knows. The undo gives the rule its priority again, and
    deletes the new one.
    """
    for listener in case.facts[Listeners].items:
        for rule in listener.rules:
            code = fixed_code(rule) if rule.arn in case.cause.resources and not rule.is_default else None
            if code is None or case.cause.band == "possible":
                continue
            put = put_there(case.facts, listener, rule)
            hidden = _hidden(case, listener, rule, partly=put is not None)
            default = listener.rules[-1] if listener.rules else None
            if hidden:
                yield from _plans(case, listener, rule, code, hidden, put)
            elif default is not None and _stays(case) and _hides_default(case, rule, default, put):
                yield from _beside_default(case, listener, rule, code, default, put)


def _hides_default(case: Case, rule: Rule, default: Rule, put: Change | None) -> bool:
    """Whether the default rule forwards to the subject, and loses all of its requests, or some since a change."""
    own = default.is_default and any(
        to.weight > 0 and to.target_group_arn in case.facts.subject.target_groups for to in default.forwards_to
    )
    plain = all(action.type == "forward" for action in default.actions)
    return own and plain and (put is not None or _takes_all(rule))


def _stays(case: Case) -> bool:
    """Whether nobody swaps the target group of the default rule for another one."""
    service = case.facts.maybe(EcsService)
    return not isinstance(service, Gap) and not swaps.swaps_groups(service)


def _takes_all(rule: Rule) -> bool:
    return all(
        condition.field in {"path-pattern", "host-header"} and {"*", "/*"}.intersection(condition.values)
        for condition in rule.conditions
    )


def _beside_default(
    case: Case, listener: Listener, rule: Rule, code: int, default: Rule, put: Change | None
) -> Iterator[Plan]:
    free = max(other.priority or 0 for other in listener.rules) + 1
    if free + 1 > listener_rules.MAX_PRIORITY:
        return
    moved = _plan(case, listener, rule, code, [default], put, free + 1)
    new, is_free = (
        listener_rules.stand_in(listener, rule, default, free),
        listener_rules.priority_is_free(listener, free),
    )
    groups = ", ".join(to.target_group_arn.split("/")[-2] for to in default.forwards_to)
    yield moved.model_copy(
        update={
            "changes": (
                *moved.changes,
                SettingChange(
                    resource=listener.arn,
                    setting=f"rule with priority {free} and the conditions of rule {rule.priority}",
                    before=None,
                    after=f"forward to {groups}, as the default rule",
                ),
            ),
            "guards": (*moved.guards, is_free),
            "writes": (*moved.writes, new),
            "undo": moved.undo.model_copy(
                update={
                    "text": f"{moved.undo.text}, and deletes the new one",
                    "writes": (*moved.undo.writes, listener_rules.delete_new(listener, is_free)),
                    "guards": (*moved.undo.guards, listener_rules.stands_in(listener, rule, default, free)),
                }
            ),
            "warnings": (*moved.warnings, FROM_THEN_ON),
        }
    )


def _hidden(case: Case, listener: Listener, rule: Rule, *, partly: bool) -> list[Rule]:
    """Rules of the subject that lose requests to it; of a load balancer or of the rule itself, any rules."""
    subject = case.facts.subject
    anybody = subject.kind == "load-balancer" or subject.rule_arn == rule.arn
    found = []
    for other in listener.rules:
        own = any(
            to.weight > 0 and (anybody or to.target_group_arn in subject.target_groups) for to in other.forwards_to
        )
        behind = not other.is_default and rule in tuple(before(listener.rules, other))
        if own and behind and (takes_all_of(rule, other) or (partly and may_meet(rule, other))):
            found.append(other)
    return found


def _plans(
    case: Case, listener: Listener, rule: Rule, code: int, hidden: Sequence[Rule], put: Change | None
) -> Iterator[Plan]:
    taken = {other.priority for other in listener.rules if other.priority is not None}
    last = max(taken) + 1
    behind = max(other.priority or 0 for other in hidden)
    near = next(number for number in range(behind + 1, behind + len(taken) + 2) if number not in taken)
    if last > listener_rules.MAX_PRIORITY:
        return
    whole = _plan(case, listener, rule, code, hidden, put, last)
    if near == last:
        yield whole
        return
    names = " and ".join(f"rule {other.priority}" for other in hidden)
    yield whole.model_copy(
        update={
            "narrower": (
                _plan(case, listener, rule, code, hidden, put, near).model_copy(
                    update={"label": f"just behind {names}: it still answers for rules further down"}
                ),
            )
        }
    )


def _plan(
    case: Case, listener: Listener, rule: Rule, code: int, hidden: Sequence[Rule], put: Change | None, to: int
) -> Plan:
    name = listener_rules.name_of(listener, rule)
    there, moved = (listener_rules.has_priority(listener, rule, number) for number in (rule.priority, to))
    metric = f"HTTPCode_ELB_{code}_Count" if str(code) in ELB_CODES else "HTTP_Fixed_Response_Count"
    own = {to.target_group_arn for other in hidden for to in other.forwards_to}
    alone = own_errors.are_own(case, listener.load_balancer_arn, own)
    by_whom = f"it is there since {put.at:%H:%M} UTC, by {put.actor[:80]}: " if put else ""
    return Plan(
        fix="fixed-response-last",
        title=f"Rule {rule.priority} of port {listener.port}, which answers {code}: priority {rule.priority} → {to}",
        risk="medium",
        resource=rule.arn,
        changes=(SettingChange(resource=rule.arn, setting="Priority", before=rule.priority, after=to),),
        guards=(
            there,
            listener_rules.answers_itself(listener, rule, code),
            listener_rules.priority_is_free(listener, to),
            *(listener_rules.has_priority(listener, other, other.priority) for other in hidden if other.priority),
            *(listener_rules.divides(listener, other) for other in hidden),
            *swaps.not_swapping(case.facts.maybe(EcsService)),
        ),
        writes=(listener_rules.set_priority(listener, rule, to),),
        success=Success(
            text=f"{name} answers nobody with {code} any more" if alone else f"{moved.text}; {NOT_TOLD}",
            within_s=COUNTED_AFTER_S if alone else EFFECT_S,
            guards=(moved,),
            quiet=(healthy.load_balancer_quiet(listener.load_balancer_arn, metric),) if alone else (),
        ),
        undo=Undo(
            kind="exact",
            text=f"gives the rule the priority {rule.priority} again",
            writes=(listener_rules.set_priority(listener, rule, rule.priority or 1),),
            guards=(moved,),
        ),
        touches=f"every service of port {listener.port} whose requests {name} answers now",
        warnings=(f"{by_whom}make sure that the maintenance is over", *_unwell(case, hidden)),
        eta_s=EFFECT_S,
        not_now=swaps.not_now(case.facts.maybe(EcsService)),
    )


def _unwell(case: Case, hidden: Sequence[Rule]) -> Iterator[str]:
    """Somebody may have put the rule there for a reason that lasts."""
    health = case.facts.maybe(TargetHealth)
    known = health.by_group if isinstance(health, TargetHealth) else {}
    for arn in dict.fromkeys(to.target_group_arn for other in hidden for to in other.forwards_to if to.weight > 0):
        if arn in known and not any(target.state == "healthy" for target in known[arn]):
            yield f"no target of {arn.split('/')[-2]} is healthy; requests will reach it again all the same"
