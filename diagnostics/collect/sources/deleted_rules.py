"""Listener rules that somebody deleted, and what they were: three look-ups, only where no rule leads to the subject."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.collect.answers import failures_of
from diagnostics.collect.collector import Reads, collector
from diagnostics.collect.sources.changes_in_doubt import DELETE_RULE, is_own_rule, rule_may_be_gone
from diagnostics.collect.sources.cloudtrail_events import lookup
from diagnostics.collect.sources.rule_records import EVENTS, former_rule
from diagnostics.facts import (
    Change,
    Changes,
    DeletedRule,
    DeletedRules,
    FormerRule,
    Listeners,
    NotApplicable,
    Unread,
)
from diagnostics.rules.changes import listener_of
from diagnostics.snapshot import Subject

MAX_RULES = 3
PATIENCE_S = 4.0
"""Longer than for other look-ups: it is rare, and what comes of it is the way back itself."""
NOTHING = NotApplicable(reason="no rule of the subject was deleted lately, as far as is known")


@collector(cached=False, own_budget=True, patience_s=PATIENCE_S)
def deleted_rules(subject: Subject, listeners: Listeners | Unread, changes: Changes | Unread) -> Reads[DeletedRules]:
    """By the calls' names, as not all records of a rule are filed under its ARN, and without a start, which is as far
    back as CloudTrail keeps its events: 90 days. One page each.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
    """
    deletions = tuple(_deletions(subject, listeners, changes))[:MAX_RULES]
    if not deletions:
        return NOTHING
    answers = yield [lookup("EventName", name, end=deletions[0].at) for name in EVENTS]
    if failed := next((answer.failed for answer in answers if answer.failed), None):
        return failed
    items = []
    for change in deletions:
        arn = str(change.request["ruleArn"])
        former = former_rule(arn, change.at, answers)
        items.append(
            DeletedRule(
                arn=arn,
                listener_arn=listener_of(arn) or "",
                at=change.at,
                actor=change.actor,
                former=former if isinstance(former, FormerRule) else None,
                unknown="" if isinstance(former, FormerRule) else former,
            )
        )
    return DeletedRules(items=tuple(items), gaps=failures_of(answers))


def _deletions(subject: Subject, listeners: Listeners | Unread, changes: Changes | Unread) -> Iterator[Change]:
    """Newest first, from listeners that are still there."""
    if not isinstance(listeners, Listeners) or not isinstance(changes, Changes):
        return
    there = {listener.arn for listener in listeners.items}
    if not rule_may_be_gone(subject, listeners):
        return
    for change in sorted(changes.items, key=lambda one: one.at, reverse=True):
        deletes = change.name == DELETE_RULE and not change.error and is_own_rule(change, subject)
        if deletes and listener_of(str(change.request["ruleArn"])) in there:
            yield change
