"""Who put a listener rule to where it is, shortly before the trouble."""

from __future__ import annotations

from diagnostics.causes.cause import Facts, Strength
from diagnostics.facts import Change, Changes, Fact, Listener, Rule
from diagnostics.rules.changes import change_evidence, changes_before_onset

PUT_USES: tuple[type[Fact], ...] = (Changes,)
"""What asks here has to declare."""
PUT_THERE = ("CreateRule", "ModifyRule", "SetRulePriorities")


def put_there(facts: Facts, listener: Listener, rule: Rule) -> Change | None:
    """The newest such change that explains the onset by itself. The record of a new rule names its listener, and so
    those of others of the same listener; its priority tells them apart."""
    onset = facts.observed.onset
    found = changes_before_onset(facts.maybe(Changes), resources=(rule.arn, listener.arn), names=PUT_THERE, onset=onset)
    for change in found:
        of_this = change.name != "CreateRule" or str(change.request.get("priority", "")) == str(rule.priority)
        if of_this and change_evidence(change, onset).strength is Strength.DECISIVE:
            return change
    return None
