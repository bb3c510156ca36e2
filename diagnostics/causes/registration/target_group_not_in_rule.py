"""Targets wait, and no rule sends them a request."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import (
    Change,
    Changes,
    DeletedRules,
    EcsService,
    Gap,
    Listener,
    Listeners,
    Metrics,
    Rule,
    Target,
    TargetHealth,
)
from diagnostics.printable import line, part_of
from diagnostics.rules import deleted_rules
from diagnostics.rules.changes import change_evidence, changes_before_onset
from diagnostics.rules.counters import own_requests
from diagnostics.rules.listener_overlap import before, takes_all_of
from diagnostics.rules.routing import is_idle_colour, routes_to, short_name

_ZONE_WORDS = "Availability Zone"
MAX_DESCRIPTION = 160
CHANGES = (
    "DeleteRule",
    "ModifyRule",
    "SetRulePriorities",
    "ModifyListener",
    "DeleteListener",
    "UpdateService",
)
UNREAD = supporting("what uses this group was not read in full; it may rest on purpose", "ecs:DescribeServices")
_CONSEQUENCES = frozenset({"unused", "elb_503", "no-requests", "no-targets"})


@cause(
    code="target-group-not-in-rule",
    title="No rule sends requests to the target group",
    needs=(TargetHealth,),
    uses=(Listeners, EcsService, Changes, DeletedRules, Metrics),
    clear_needs=(Listeners, Metrics),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-update-rules.html",
    ),
    leads_to=("fixed-response-5xx", "no-registered-targets", "all-targets-unused", "deployment-failing-loop"),
)
def target_group_not_in_rule(facts: Facts) -> Iterator[Finding]:
    """Targets are registered and `unused`, because no listener rule forwards to their group: requests go elsewhere or
    nowhere, and health checks are not made.

    Decided by Target.NotInUse and the listener rules together. An earlier rule that takes every request of the
    group's own rule has the same effect, though the targets then stay healthy; the counted requests show it. Refuted
    by a rule that forwards to the group (weight 0 is somebody's intention), by a zone that is not enabled, and by
    CodeDeploy or another controller whose other colour serves.
    """
    for group, targets in facts[TargetHealth].by_group.items():
        waiting = tuple(target for target in targets if _waits_for_a_rule(target))
        rests = is_idle_colour(group, facts.maybe(EcsService), facts.maybe(Listeners))
        if waiting and not rests and _in_no_rule(facts, group):
            yield _without_rule(facts, group, waiting, targets)
        elif targets and not waiting:
            yield from _hidden(facts, group)


def _waits_for_a_rule(target: Target) -> bool:
    not_in_use = target.state == "unused" and target.reason == "Target.NotInUse"
    return not_in_use and _ZONE_WORDS not in (target.description or "")


def _in_no_rule(facts: Facts, group: str) -> bool:
    """Also where rules could not be read: then the targets' own reason alone says so."""
    listeners = facts.maybe(Listeners)
    return not isinstance(listeners, Listeners) or not listeners.rules_to(group)


def _without_rule(facts: Facts, group: str, waiting: tuple[Target, ...], targets: tuple[Target, ...]) -> Finding:
    name, listeners = short_name(group), facts.maybe(Listeners)
    words = next((line(target.description, MAX_DESCRIPTION) for target in waiting if target.description), None)
    supports = [
        decisive(
            f"{part_of(len(waiting), len(targets), 'target')} of {name} unused with Target.NotInUse"
            + (f": {words}" if words else ""),
            "elbv2:DescribeTargetHealth",
            value=len(waiting),
        )
    ]
    if isinstance(listeners, Listeners) and not listeners.gaps:
        rules = sum(1 for _ in listeners.rules())
        ports = ", ".join(str(port) for port in sorted({item.port for item in listeners.items})) or "none"
        none = "the only rule there is does not forward" if rules == 1 else f"none of the {rules} rules forwards"
        text = f"{none} to {name} (listeners on {ports})"
        supports.append(decisive(text, "elbv2:DescribeRules", value=rules))
    moved = _moved(facts, group)
    # Nobody recorded where a changed rule led before: it may always have been somebody else's.
    surely = moved is not None and moved.name != "ModifyRule"
    changed = (change_evidence(moved, facts.observed.onset if surely else None),) if moved else ()
    return Finding(
        resource=group,
        summary=f"No listener rule forwards to target group {name}; its targets wait and get nothing",
        supports=(*supports, *_fed(facts, group), *changed, *_former(facts, group)),
        effect_seen=True,
        affects=frozenset({group}),
        explains=(_CONSEQUENCES & facts.observed.symptoms) | {"unused"},
        since=moved.at if moved and surely else None,
        overturned_by="A rule of an active listener that forwards to it: aws elbv2 describe-rules --listener-arn "
        + _listener_arn(listeners),
        against=(UNREAD,) if (guess := _may_rest(facts)) else (),
        at_most="possible" if guess else None,
        advice=_advice(facts, group),
    )


def _former(facts: Facts, group: str) -> Iterator[Evidence]:
    for one, former in deleted_rules.known_rules_of(facts.maybe(DeletedRules), group):
        text = f"the rule that was deleted was {deleted_rules.in_words(former)}: {deleted_rules.told_in(former)}"
        yield supporting(text, deleted_rules.SOURCE, at=one.at)
        return


def _advice(facts: Facts, group: str) -> str:
    deleted = facts.maybe(DeletedRules)
    for one, former in deleted_rules.known_rules_of(deleted, group):
        return (
            f"Make the rule again that was deleted at {one.at:%H:%M} UTC, if that was a mistake:"
            f" `{deleted_rules.create_command(one, former)}`. It gets a new ARN."
        )
    unknown = [one for one in deleted.items if one.unknown] if isinstance(deleted, DeletedRules) else []
    why = f" What the deleted rule was is not certain: {unknown[0].unknown}." if unknown else ""
    return (
        f"Give the group its rule again: `aws elbv2 create-rule --listener-arn {_listener_arn(facts.maybe(Listeners))}"
        f" --priority N --conditions Field=path-pattern,Values=PATH --actions Type=forward,TargetGroupArn={group}`."
        " CloudTrail's DeleteRule or ModifyRule names who changed it; its conditions stand in the record that made it:"
        f" `aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=CreateRule`.{why}"
    )


def _may_rest(facts: Facts) -> bool:
    """Nobody misses it, and what would show that it is the other colour of a blue/green pair was not read."""
    if facts.observed.saw("elb_503", "no-requests"):
        return False
    service, rules_unread = facts.maybe(EcsService), isinstance(facts.maybe(Listeners), Gap)
    if isinstance(service, Gap):
        return True
    pairs = isinstance(service, EcsService) and (
        service.deployment_controller != "ECS" or any(one.alternate_target_group_arn for one in service.load_balancers)
    )
    return rules_unread and pairs


def _hidden(facts: Facts, group: str) -> Iterator[Finding]:
    """Every rule of the group stands behind one that takes all of its requests to somewhere else."""
    listeners = facts.maybe(Listeners)
    routes = routes_to(listeners, group) or ()
    hiding = [_taken_by(route.listener, route.rule, group) for route in routes]
    if not routes or not all(hiding) or own_requests(facts.maybe(Metrics), facts.subject, facts.window) != 0:
        return
    listener, rule = routes[0].listener, next(item for item in hiding if item)
    name = short_name(group)
    first = "the default rule" if rule.is_default else f"rule {rule.priority}"
    seen = facts.observed.saw("elb_503", "no-requests") and facts.observed.errors_are_ours
    moved = _moved(facts, group, rule.arn)
    yield Finding(
        resource=rule.arn,
        summary=f"{first[0].upper()}{first[1:]} of port {listener.port} takes every request before the rule of target"
        f" group {name}, which gets none",
        supports=(
            decisive(
                f"{first} stands before {routes[0].in_words()} and matches all that it does", "elbv2:DescribeRules"
            ),
            decisive(f"no request reached {name} lately", "cloudwatch:GetMetricData", value=0),
            *((change_evidence(moved, facts.observed.onset),) if moved else ()),
        ),
        effect_seen=seen,
        affects=frozenset({group}),
        explains=frozenset({"elb_503", "no-requests"}) & facts.observed.symptoms,
        overturned_by=f"A request that reached {name} after the rule was made: its RequestCount in CloudWatch",
        advice=f"Put the group's own rule first, with a number below {rule.priority}: `aws elbv2 set-rule-priorities"
        f" --rule-priorities RuleArn={routes[0].rule.arn},Priority=N`.",
    )


def _taken_by(listener: Listener, own: Rule, group: str) -> Rule | None:
    """A rule before `own` that forwards all of its requests to other groups."""
    for earlier in before(listener.rules, own):
        forwards = earlier.forwards_to
        elsewhere = forwards and all(target.target_group_arn != group for target in forwards)
        if elsewhere and takes_all_of(earlier, own):
            return earlier
    return None


def _fed(facts: Facts, group: str) -> Iterator[Evidence]:
    service = facts.maybe(EcsService)
    if isinstance(service, EcsService) and any(item.target_group_arn == group for item in service.load_balancers):
        text = f"service {service.service} registers its tasks into {short_name(group)}"
        yield supporting(text, "ecs:DescribeServices")


def _moved(facts: Facts, group: str, *more: str) -> Change | None:
    """The newest change before the trouble that can have led requests elsewhere."""
    listeners, service = facts.maybe(Listeners), facts.maybe(EcsService)
    items = listeners.items if isinstance(listeners, Listeners) else ()
    rules = more or tuple(rule.arn for item in items for rule in item.rules)
    resources = [group, *rules, *facts.subject.load_balancers, *(item.arn for item in items)]
    resources += [service.arn, service.service] if isinstance(service, EcsService) else []
    onset = facts.observed.onset or facts.now
    names = (*CHANGES, "CreateRule") if more else CHANGES
    found = changes_before_onset(facts.maybe(Changes), resources=resources, names=names, onset=onset)
    return next((change for change in found if more or _leads_elsewhere(change)), None)


def _leads_elsewhere(change: Change) -> bool:
    needed = {"UpdateService": "loadBalancers", "ModifyRule": "actions"}.get(change.name)
    return needed is None or needed in change.request


def _listener_arn(listeners: object) -> str:
    return listeners.items[0].arn if isinstance(listeners, Listeners) and listeners.items else "LISTENER-ARN"
