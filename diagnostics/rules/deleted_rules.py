"""The listener rule that a target group lost, as far as it is known."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

from pydantic import JsonValue

from diagnostics.facts import DeletedRule, DeletedRules, FormerRule, Read
from diagnostics.printable import line

MAX_VALUES = 2
MAX_WORDS = 120
SOURCE = "cloudtrail:LookupEvents"


def known_rules_of(deleted: Read[DeletedRules], target_group: str) -> Iterator[tuple[DeletedRule, FormerRule]]:
    """Those that sent requests to the target group, newest first; only rules that are known in full."""
    for one in deleted.items if isinstance(deleted, DeletedRules) else ():
        former = one.former
        if former and any(to.target_group_arn == target_group and to.weight > 0 for to in former.rule.forwards_to):
            yield one, former


def in_words(former: FormerRule) -> str:
    """``rule 10 (path-pattern /shop/*)``"""
    return f"rule {former.rule.priority} ({line(_conditions(former), MAX_WORDS)})"


def told_in(former: FormerRule) -> str:
    """``CreateRule of 2026-03-01 12:00 UTC``"""
    return f"{former.told_by} of {former.told_at:%Y-%m-%d %H:%M} UTC"


def create_command(one: DeletedRule, former: FormerRule) -> str:
    """The AWS CLI line that makes it again."""
    conditions, actions = (_quoted([*items]) for items in (former.conditions, former.actions))
    return (
        f"aws elbv2 create-rule --listener-arn {one.listener_arn} --priority {former.rule.priority}"
        f" --conditions {conditions} --actions {actions}"
    )


def _conditions(former: FormerRule) -> str:
    return "; ".join(
        f"{one.header_name or one.field} {', '.join((*one.values, *one.regex_values)[:MAX_VALUES])}"
        for one in former.rule.conditions
    )


def _quoted(value: list[JsonValue]) -> str:
    return shlex.quote(json.dumps(value, separators=(",", ":")))
