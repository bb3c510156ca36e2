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
from diagnostics.rules.changes import changes_before_onset


class Before(NamedTuple):
    """The value before, and the change that ended it."""

    value: JsonValue
    change: Change


def former_timeout_s(facts: Facts, target: LambdaTarget, present_s: int, onset: datetime | None) -> Before | None:
    return _before(facts, target, ("UpdateFunctionConfiguration", "CreateFunction"), "timeout", present_s, onset)


def former_reservation(facts: Facts, target: LambdaTarget, present: int, onset: datetime | None) -> Before | None:
    return _before(facts, target, ("PutFunctionConcurrency",), "reservedConcurrentExecutions", present, onset)


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
) -> Before | None:
    """None where nobody set it to its present value before the onset, or where no record tells what it was."""
    resources = (target.name, target.function_arn, target.target, target.label)
    recorded = facts.maybe(Changes)
    found = changes_before_onset(recorded, resources=resources, names=names, onset=onset)
    own = [one for one in found if alias is None or alias in (one.request.get("name"), one.response.get("name"))]
    change = next((one for one in own if key in one.request), None)
    if change is None or change.request[key] != present:
        return None
    earlier = changes_before_onset(recorded, resources=resources, names=names, onset=change.at, tolerance=timedelta(0))
    for one in earlier:
        value = one.request.get(key, one.response.get(key))
        if one.id != change.id and one in own and value is not None:
            return Before(value, change) if value != present else None
    return None
