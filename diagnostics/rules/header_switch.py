"""The change that gave requests of a function another shape."""

from __future__ import annotations

from datetime import datetime

from diagnostics.causes.cause import Facts
from diagnostics.facts import Change, Changes
from diagnostics.rules.changes import EFFECT_WITHIN, attributes_in, changes_before_onset
from diagnostics.rules.lambda_calls import LambdaCalls
from diagnostics.rules.lambda_headers import ATTRIBUTE

CODE = ("UpdateFunctionCode", "UpdateAlias")


def switched(facts: Facts, one: LambdaCalls, *, lists: bool, since: datetime | None) -> Change | None:
    """The attribute's change to what it is now, when no newer code came between it and the errors."""
    target = one.target
    found = changes_before_onset(
        facts.maybe(Changes),
        resources=(target.target_group,),
        names=("ModifyTargetGroupAttributes",),
        onset=since,
    )
    newest = next((change for change in found if _sets(change) is not None), None)
    if newest is None or _sets(newest) is not lists:
        return None
    code = changes_before_onset(
        facts.maybe(Changes), resources=(target.name, target.function_arn), names=CODE, onset=since
    )
    if any(change.at >= newest.at for change in code):
        return None
    return newest if since and since - newest.at <= EFFECT_WITHIN else None


def _sets(change: Change) -> bool | None:
    """What the change made of the attribute; None when it did not name it."""
    value = attributes_in(change.request).get(ATTRIBUTE)
    return None if value is None else value == "true"
