"""What a function's settings were before somebody changed them, as CloudTrail tells.

Lambda's events carry the date of its API in their names: ``UpdateAlias20150331``, ``PutFunctionConcurrency20171031``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import JsonValue

from diagnostics.causes.cause import Facts
from diagnostics.facts import Change, Changes, LambdaTarget
from diagnostics.rules.change_words import event_name
from diagnostics.rules.changes import EFFECT_WITHIN, ONSET_TOLERANCE, changes_before_onset

_RESERVES, _LIFTS = ("PutFunctionConcurrency",), ("DeleteFunctionConcurrency",)
_RESERVED = "reservedConcurrentExecutions"


class Before(NamedTuple):
    """The value before, and the change that ended it."""

    value: JsonValue
    change: Change


def former_timeout_s(facts: Facts, target: LambdaTarget, present_s: int, onset: datetime | None) -> Before | None:
    return _before(facts, target, ("UpdateFunctionConfiguration", "CreateFunction"), "timeout", present_s, onset)


def former_reservation(facts: Facts, target: LambdaTarget, present: int, onset: datetime | None) -> Before | None:
    """None also where nothing was reserved just before."""
    return _before(facts, target, _RESERVES, _RESERVED, present, onset, ended_by=_LIFTS)


def switched_off(facts: Facts, target: LambdaTarget, onset: datetime | None) -> Change | None:
    """The change to a reserved concurrency of 0 with which the trouble began; None where it was so long before, or
    where no record tells when."""
    names = (*_RESERVES, *_LIFTS)
    newest = next(iter(_changes(facts, target, names, onset)), None)
    if newest is None or onset is None or newest.request.get(_RESERVED) != 0 or newest.at < onset - EFFECT_WITHIN:
        return None
    return newest


def former_version(facts: Facts, target: LambdaTarget, onset: datetime | None) -> Before | None:
    """The version that the target's alias led to before it was moved to the present one."""
    if target.alias is None:
        return None
    names = ("UpdateAlias", "CreateAlias")
    return _before(facts, target, names, "functionVersion", target.alias.version, onset, alias=target.alias.name)


def _before(
    facts: Facts,
    target: LambdaTarget,
    names: Iterable[str],
    key: str,
    present: JsonValue,
    onset: datetime | None,
    alias: str | None = None,
    ended_by: Iterable[str] = (),
) -> Before | None:
    """None where nobody set it to its present value before the onset, or where no record tells what it was. `ended_by`:
    events after which what was set earlier counts no more."""
    found = _changes(facts, target, names, onset)
    own = [one for one in found if alias is None or alias in (one.request.get("name"), one.response.get("name"))]
    change = next((one for one in own if key in one.request), None)
    if change is None or change.request[key] != present:
        return None
    ends = frozenset(ended_by)
    for one in _changes(facts, target, (*names, *ends), change.at, tolerance=timedelta(0)):
        if event_name(one) in ends:
            return None
        value = one.request.get(key, one.response.get(key))
        if one.id != change.id and one in own and value is not None:
            return Before(value, change) if value != present else None
    return None


def _changes(
    facts: Facts,
    target: LambdaTarget,
    names: Iterable[str],
    until: datetime | None,
    *,
    tolerance: timedelta = ONSET_TOLERANCE,
) -> tuple[Change, ...]:
    resources = (target.name, target.function_arn, target.target, target.label)
    recorded = facts.maybe(Changes)
    return changes_before_onset(recorded, resources=resources, names=names, onset=until, tolerance=tolerance)
