from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Literal

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Change, Changes, Gap, Listener, Listeners, Metrics, NotApplicable, Rule
from diagnostics.printable import line
from diagnostics.rules.balancer_counts import counted as counted_by_balancer
from diagnostics.rules.changes import change_evidence, changes_before_onset
from diagnostics.rules.counters import own_requests
from diagnostics.rules.listener_overlap import before, may_meet, takes_all_of
from diagnostics.rules.observations import ELB_CODES, NOISE_ERRORS
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import ROW_USES, clusters, record, share_words

PARTITION_SHARE = 0.1
NEARLY_ALL = 0.9
MAX_VALUE = 60
MAX_VALUES = 3
_CHANGES = ("CreateRule", "ModifyRule", "SetRulePriorities", "CreateListener", "ModifyListener", "DeleteRule")

Relation = Literal["asked", "hides", "takes-some", "missing", "default", "balancer"]


@cause(
    code="fixed-response-5xx",
    title="A listener rule answers with a fixed error",
    needs=(),
    uses=(Listeners, Metrics, Changes, *ROW_USES),
    clear_needs=(Listeners, Metrics, *ROW_USES),
    shows=tuple(f"elb_{code}" for code in ELB_CODES),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html",
    ),
)
def fixed_response_5xx(facts: Facts) -> Iterator[Finding]:
    """Decided by a rule with a fixed 5xx answer that stands before the service's own rule and meets its requests (a
    maintenance rule left on), or by a default rule that answers because no rule takes the requests, together with a
    count of fixed answers. A fixed answer that nobody got is no cause: as a default rule it is good practice. Access
    log rows with the action fixed-response and the rule's priority confirm it, and tell also of a rule that is gone.
    """
    fixed = facts.observed.counts.fixed_responses
    listeners = facts.maybe(Listeners)
    yield from _by_unknown_rule(facts, listeners)
    if not isinstance(listeners, Listeners):
        return
    for listener, rule in listeners.rules():
        code = fixed_code(rule)
        if code is None or listener.load_balancer_arn not in facts.subject.load_balancers:
            continue
        relation = _relation(facts, listeners, listener, rule)
        if relation is None:
            continue
        rows = _rows_of(facts, rule, code)
        if (rows or _was_given(facts, code, fixed)) and _is_ours(facts, relation):
            yield _finding(facts, listener, rule, code, relation, fixed or 0, rows)
        elif relation in {"asked", "hides"} and not fixed and _gets_nothing(facts):
            yield _risk(listener, rule, code)


def fixed_code(rule: Rule) -> int | None:
    """The 5xx code with which the rule answers by itself."""
    last = max(rule.actions, key=lambda action: action.order, default=None)
    if last is None or last.type != "fixed-response" or last.status_code is None:
        return None
    return last.status_code if 500 <= last.status_code <= 599 else None


def _relation(facts: Facts, listeners: Listeners, listener: Listener, rule: Rule) -> Relation | None:
    """How the rule stands to the subject's own requests; None: it cannot meet them."""
    subject = facts.subject
    if subject.rule_arn == rule.arn:
        return "asked"
    if subject.kind == "load-balancer":
        return "balancer"
    own = [
        other
        for other in listener.rules
        if any(to.target_group_arn in subject.target_groups and to.weight > 0 for to in other.forwards_to)
    ]
    shadowed = [other for other in own if rule in tuple(before(listener.rules, other)) and may_meet(rule, other)]
    if any(takes_all_of(rule, other) for other in shadowed):
        return "hides"
    if shadowed:
        return "takes-some"
    if not rule.is_default:
        return None
    anywhere = any(listeners.rules_to(arn) for arn in subject.target_groups)
    return "default" if anywhere else "missing"


def _rows_of(facts: Facts, rule: Rule, code: int) -> tuple[RowCluster, ...]:
    """Rows that this rule answered; of several listeners' rules with one priority, any of them may have."""
    priority = str(rule.priority or 0)
    return tuple(
        cluster
        for cluster in clusters(facts, "rule-action", elb_status=code)
        if cluster.count >= NOISE_ERRORS
        and facts.observed.saw(cluster.symptom)
        and any(row.rule_priority == priority and "fixed-response" in row.actions for row in cluster.rows)
    )


def _other_rows(facts: Facts, code: int) -> str:
    asked = f"alb502 logs {shlex.quote(facts.subject.label)} --where 'status={code} and actions!=fixed-response'"
    return f"access log rows of these errors whose actions_executed is not fixed-response: {asked}"


def _by_unknown_rule(facts: Facts, listeners: Listeners | Gap | NotApplicable) -> Iterator[Finding]:
    """Rows say that a rule answered, and no such rule is known: it was taken away since, or the rules were not read."""
    if not facts.observed.errors_are_ours:
        return
    known = isinstance(listeners, Listeners)
    rules = listeners.rules() if isinstance(listeners, Listeners) else ()
    present = {str(rule.priority or 0) for _, rule in rules if _is_fixed(rule)}
    for cluster in clusters(facts, "rule-action"):
        given = [row for row in cluster.rows if "fixed-response" in row.actions]
        if cluster.elb_status < 500 or cluster.count < NOISE_ERRORS or not facts.observed.saw(cluster.symptom):
            continue
        if not given or present.intersection(row.rule_priority or "" for row in given):
            continue
        code, name = cluster.elb_status, f"rule {given[0].rule_priority or '?'}"
        gone = f"; no such rule is there any more, the last was at {cluster.last:%H:%M} UTC" if known else ""
        yield Finding(
            resource=facts.subject.load_balancers[0] if facts.subject.load_balancers else facts.subject.label,
            summary=f"{name} of a listener answered {code} itself{gone}",
            supports=(
                record(facts, cluster, f"{code} with the action fixed-response, {_by(cluster)}"),
                *_counted(facts),
            ),
            against=() if known else (supporting("the rules themselves were not read", "elbv2:DescribeRules"),),
            effect_seen=True,
            explains=frozenset({cluster.symptom, cluster.key}),
            since=cluster.first,
            overturned_by=_other_rows(facts, cluster.elb_status),
            advice=(
                "Nothing is left to mend: find out who put the rule there (CloudTrail: CreateRule, ModifyRule)."
                if known
                else "Is the maintenance over? Then remove the rule, or put it behind the service's own."
            ),
        )


def _counted(facts: Facts) -> Iterator[Evidence]:
    fixed = facts.observed.counts.fixed_responses
    if fixed:
        yield supporting(f"{fixed} fixed answers were given by all rules", "cloudwatch:GetMetricData", value=fixed)


def _was_given(facts: Facts, code: int, fixed: int | None) -> bool:
    """True when fixed answers were counted and make a share of the errors with this code worth naming; rows that tell
    of this code and show none contradict it."""
    if facts.observed.rows_tell(f"elb_{code}") or fixed is None or fixed < NOISE_ERRORS:
        return False
    if str(code) not in ELB_CODES:
        return True
    errors = facts.observed.counts.elb(str(code))
    return facts.observed.saw(f"elb_{code}") and fixed >= PARTITION_SHARE * errors


def _is_ours(facts: Facts, relation: Relation) -> bool:
    """On a shared load balancer, requests that no rule takes belong to nobody in particular."""
    return facts.observed.errors_are_ours or relation in {"asked", "hides", "balancer", "missing"}


def _finding(
    facts: Facts,
    listener: Listener,
    rule: Rule,
    code: int,
    relation: Relation,
    fixed: int,
    rows: tuple[RowCluster, ...],
) -> Finding:
    surely, refused = _surely_its(facts, rule, fixed)
    alone = _is_only_one(facts.maybe(Listeners)) or surely
    counted = (decisive if alone else supporting)(
        f"{fixed} fixed answers were given" + (refused if surely else "" if alone else " by all rules together"),
        "cloudwatch:GetMetricData",
        value=fixed,
    )
    lost = _takes_them_all(facts, relation, code, fixed) and _gets_nothing(facts)
    without_rule = {"unused"} if relation == "missing" else set()
    explains = frozenset({f"elb_{code}", *without_rule}) & facts.observed.symptoms | {c.key for c in rows}
    return Finding(
        resource=rule.arn,
        summary=f"{_name(listener, rule)} answers {code} itself{_why(relation)}",
        supports=(
            decisive(f"{_name(listener, rule)}: fixed-response {code}", "elbv2:DescribeRules", value=code),
            counted,
            *(record(facts, cluster, f"{code} with the action fixed-response, {_by(cluster)}") for cluster in rows),
            *_lost(lost),
            *_changed(facts, listener, rule),
        ),
        against=() if rows else tuple(_against(relation)),
        effect_seen=True,
        explains=explains | ({"no-requests"} if lost else set()),
        since=facts.observed.onset,
        overturned_by=_other_rows(facts, code),
        advice=_advice(rule, relation),
        at_most="likely" if not rows and (relation in {"default", "takes-some"} or not alone) else None,
    )


def _gets_nothing(facts: Facts) -> bool:
    return own_requests(facts.maybe(Metrics), facts.subject, facts.window) == 0


def _takes_them_all(facts: Facts, relation: Relation, code: int, fixed: int) -> bool:
    """Whether it is this rule that gets what the service no longer gets: no rule is left that would take the requests
    before it, or nearly every error of this code is a fixed answer."""
    if relation in {"hides", "asked", "missing"}:
        return True
    errors = facts.observed.counts.elb(str(code))
    return relation == "default" and fixed >= NEARLY_ALL * errors > 0


def _by(cluster: RowCluster) -> str:
    """The rule and the route that most of them are of."""
    priority = next((row.rule_priority for row in cluster.rows if row.rule_priority), "?")
    route = share_words(cluster.top_route, "route")
    return f"rule {priority}" + (f"; {route}" if route else "")


def _risk(listener: Listener, rule: Rule, code: int) -> Finding:
    return Finding(
        resource=rule.arn,
        summary=f"{_name(listener, rule)} would answer every request with {code}; none came yet",
        supports=(decisive(f"{_name(listener, rule)}: fixed-response {code}", "elbv2:DescribeRules", value=code),),
        effect_seen=False,
        advice="Remove the rule when the maintenance is over.",
    )


def _name(listener: Listener, rule: Rule) -> str:
    if rule.is_default:
        return f"the default rule of port {listener.port}"
    conditions = [
        f"{condition.field} {', '.join(line(value, MAX_VALUE) for value in condition.values[:MAX_VALUES])}"
        for condition in rule.conditions
    ]
    return f"rule {rule.priority} of port {listener.port} ({' and '.join(conditions[:MAX_VALUES]) or 'no condition'})"


def _why(relation: Relation) -> str:
    return {
        "asked": ", and it is the rule that takes these requests",
        "hides": ", and it stands before the service's own rule and takes all of its requests",
        "takes-some": ", and it stands before the service's own rule and takes a part of its requests",
        "missing": ": no rule sends requests to the service",
        "default": " to requests that no other rule takes",
        "balancer": "",
    }[relation]


def _advice(rule: Rule, relation: Relation) -> str:
    if relation in {"missing", "default"} or rule.is_default:
        return "Add the rule for the missing host or path, or leave it, when these requests belong to no service."
    return (
        "Is the maintenance over? Then remove the rule, or put it behind the service's own:"
        f" `aws elbv2 delete-rule --rule-arn {rule.arn}`"
    )


def _against(relation: Relation) -> Iterator[Evidence]:
    if relation == "default":
        text = "scanners and old names get this answer too; which hosts and paths, only access log rows tell"
        yield supporting(text, "elbv2:DescribeRules")


def _lost(lost: bool) -> Iterator[Evidence]:
    if lost:
        yield supporting("no request reaches the service's own target group any more", "cloudwatch:GetMetricData")


def _changed(facts: Facts, listener: Listener, rule: Rule) -> Iterator[Evidence]:
    onset = facts.observed.onset
    changes = changes_before_onset(
        facts.maybe(Changes), resources=(rule.arn, listener.arn), names=_CHANGES, onset=onset
    )
    mine = [change for change in changes if change.name != "CreateRule" or _priority(change) == rule.priority]
    yield from (change_evidence(change, onset) for change in mine[:1])


def _priority(change: Change) -> int | None:
    """Of a rule that was created; the listener that the event names has others."""
    priority = str(change.request.get("priority", ""))
    return int(priority) if priority.isdigit() else None


def _surely_its(facts: Facts, rule: Rule, fixed: int) -> tuple[bool, str]:
    """Where all other fixed answers are 4xx, those beyond the load balancer's own 4xx can only be this rule's."""
    listeners = facts.maybe(Listeners)
    if not isinstance(listeners, Listeners):
        return False, ""
    others = [other for _, other in listeners.rules() if _is_fixed(other) and other.arn != rule.arn]
    codes = [action.status_code or 0 for other in others for action in other.actions if action.type == "fixed-response"]
    if not codes or not all(400 <= code <= 499 for code in codes):
        return False, ""
    own = counted_by_balancer(facts, "HTTPCode_ELB_4XX_Count")
    if own is None:
        return False, ""
    surely = fixed - own >= max(NOISE_ERRORS, NEARLY_ALL * fixed)
    return surely, f", and the load balancer itself answered {own} requests with 4xx, as all other fixed answers do"


def _is_only_one(listeners: Listeners | Gap | NotApplicable) -> bool:
    return isinstance(listeners, Listeners) and sum(_is_fixed(rule) for _, rule in listeners.rules()) == 1


def _is_fixed(rule: Rule) -> bool:
    return any(action.type == "fixed-response" for action in rule.actions)
