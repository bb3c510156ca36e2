"""What on this path looks as if somebody had taken it away: rules, instances, routes. Pure: names in, names out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise

from diagnostics.collect.answers import distinct, is_instance
from diagnostics.facts import (
    Change,
    Changes,
    Listener,
    Listeners,
    RouteTables,
    Rule,
    StoppedTasks,
    TargetHealth,
    Unread,
)
from diagnostics.rules.changes import load_balancer_of
from diagnostics.rules.host_ends import host_named_in
from diagnostics.snapshot import Subject, Window

DELETE_RULE, MODIFY_RULE = "DeleteRule", "ModifyRule"
OF_RULES = (DELETE_RULE, MODIFY_RULE)
"""Asked for by the calls' names: they name the rule alone, which nothing lists any more, or which leads elsewhere."""
STOP_TASK = "StopTask"
OUTSIDE = "all"
"""The zone under which addresses outside the target group's VPC have to be registered."""
MOST_RULES_TO_JUDGE = 100
_STARTS = ("resourceinitializationerror", "cannotpullcontainererror")
_SILENCE = ("i/o timeout", "deadline exceeded", "timed out", "request canceled", "no route to host")
"""https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html"""
FEWEST_STEPS = 3


def leads_to(rule: Rule, subject: Subject) -> bool:
    return any(to.target_group_arn in subject.target_groups and to.weight > 0 for to in rule.forwards_to)


def rule_may_be_gone(subject: Subject, listeners: Listeners | Unread) -> bool:
    """No rule leads to the subject."""
    if not isinstance(listeners, Listeners) or not subject.target_groups:
        return False
    return not any(leads_to(rule, subject) for _, rule in listeners.rules())


def priorities_have_a_hole(listeners: Listeners | Unread) -> bool:
    """Numbers such as 10, 20, 40, 50: where all steps but few are equal, one that is a multiple left something out."""
    return isinstance(listeners, Listeners) and any(_has_a_hole(listener) for listener in listeners.items)


def ended_targets(health: TargetHealth | Unread) -> tuple[str, ...]:
    """Instances that are registered and do not run."""
    if not isinstance(health, TargetHealth):
        return ()
    unused = (target for _, target in health.in_state("unused") if target.reason == "Target.InvalidState")
    return distinct(target.id for target in unused if is_instance(target.id))


def lost_hosts(stopped: StoppedTasks | Unread, window: Window) -> tuple[str, ...]:
    """Instances that took tasks with them in the window, as the tasks' stop reasons name them."""
    tasks = stopped.items if isinstance(stopped, StoppedTasks) else ()
    lately = (task for task in tasks if task.stopped_at and window.start <= task.stopped_at <= window.end)
    return distinct(host_named_in(task.stopped_reason) for task in lately)


def taken_out(changes: Iterable[Change], subject: Subject, health: TargetHealth | Unread) -> tuple[str, ...]:
    """Instances that were deregistered from the subject's own groups and are no targets now."""
    here = {target.id for _, target in health.all()} if isinstance(health, TargetHealth) else set()
    names = (
        name
        for change in changes
        if change.name == "DeregisterTargets" and not change.error
        if change.request.get("targetGroupArn") in subject.target_groups
        for name in _ids_in(change.request.get("targets"))
    )
    return distinct(name for name in names if is_instance(name) and name not in here)


def ended_instances(changes: Changes) -> tuple[str, ...]:
    """Instances that were asked about and that a successful call stopped or terminated; one call may name others too,
    which are nobody's here."""
    names = (
        name
        for change in changes.items
        if change.name in {"StopInstances", "TerminateInstances"} and not change.error
        for name in change.resources
    )
    return distinct(name for name in names if is_instance(name) and name in changes.looked_up)


def silent_outside(health: TargetHealth | Unread) -> bool:
    """Whether targets in another network give no answer, so that a route may be gone."""
    return isinstance(health, TargetHealth) and any(
        target.zone == OUTSIDE and target.reason == "Target.Timeout" for _, target in health.in_state("unhealthy")
    )


def cut_off(stopped: StoppedTasks | Unread) -> bool:
    """Whether tasks ended because nothing answered them from where they were, as without a route to the internet."""
    tasks = stopped.items if isinstance(stopped, StoppedTasks) else ()
    reasons = ((task.stopped_reason or "").lower() for task in tasks)
    return any(begin in reason and words in reason for reason in reasons for begin in _STARTS for words in _SILENCE)


def table_ids(tables: RouteTables | Unread) -> tuple[str, ...]:
    """Tables without a way to somewhere first."""
    if not isinstance(tables, RouteTables):
        return ()
    torn = [table.id for table in tables.items if any(route.state != "active" for route in table.routes)]
    return distinct([*torn, *(table.id for table in tables.items)])


def is_own_rule(change: Change, subject: Subject) -> bool:
    """Whether a rule is, or was, one of the subject's load balancers, which its ARN names."""
    return load_balancer_of(str(change.request.get("ruleArn", ""))) in subject.load_balancers


def _has_a_hole(listener: Listener) -> bool:
    priorities = sorted(rule.priority for rule in listener.rules[:MOST_RULES_TO_JUDGE] if rule.priority is not None)
    steps = [later - earlier for earlier, later in pairwise(priorities)]
    if len(steps) < FEWEST_STEPS:
        return False
    usual, times = Counter(steps).most_common(1)[0]
    others = [step for step in steps if step != usual]
    return len(steps) > times >= len(steps) / 2 and all(step % usual == 0 for step in others)


def _ids_in(targets: object) -> Iterator[str]:
    for item in targets if isinstance(targets, list) else ():
        if isinstance(item, dict) and isinstance(item.get("id"), str):
            yield str(item["id"])
