"""Which rows are asked about: a time, the subject's target groups, and what a person wants to see only."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from diagnostics.access_logs.families import Timeouts
from diagnostics.access_logs.row import FIELDS

MAX_CONDITIONS = 8
MAX_VALUE_CHARS = 300
MINUTE_CHARS = len("2026-03-14T03:12")
NAMES = {
    **{name: name for name in FIELDS if name != "time"},
    "status": "elb_status_code",
    "target_status": "target_status_code",
    "target_group": "target_group_arn",
    "reason": "error_reason",
    "rule": "matched_rule_priority",
    "actions": "actions_executed",
    "route": "route",
    "minute": "minute",
}
"""What a person may call a field in a condition; `route` and `minute` are made of fields, as they are shown."""

LIST = "list"
"""In place of a condition: asks for the names."""

Operator = Literal["=", "!=", "~", "!~"]
_CONDITION = re.compile(
    r"\s*(?P<name>\w+)\s*(?P<operator>!=|!~|=|~)\s*(?:\"(?P<quoted>[^\"]*)\"|(?P<bare>[^\s\",]+))\s*"
)
_AND = re.compile(r"(?:and(?:\s+|\Z)|,\s*)", re.IGNORECASE)


class WhereError(ValueError):
    """A condition that cannot be understood; the message says what would be."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One field compared with a text: ``=`` is the same, ``~`` contains it; with ``!`` in front, not."""

    field: str
    operator: Operator
    value: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Rows of [since, until) whose target group is one of `target_groups` (empty: all) or that name none.

    `zones` is the zone of each target's address, since the log does not name it.
    """

    since: datetime
    until: datetime
    target_groups: tuple[str, ...] = ()
    timeouts: Timeouts = field(default_factory=Timeouts)
    zones: Mapping[str, str] = field(default_factory=dict)
    where: tuple[Condition, ...] = ()

    @property
    def since_text(self) -> str:
        """As the log writes times, for comparing texts."""
        return log_time(self.since)

    @property
    def until_text(self) -> str:
        return log_time(self.until)


def log_time(at: datetime) -> str:
    """A time as the log writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_where(text: str) -> tuple[Condition, ...]:
    """Conditions such as ``status=502 and target~10.0.1. and user_agent!~"curl"``, all of which must hold.

    Raises:
        WhereError: with a message for the person who wrote it.
    """
    conditions: list[Condition] = []
    position, is_open = 0, True
    while position < len(text):
        found = _CONDITION.match(text, position)
        if found is None:
            raise WhereError(f"{text[position:][:40]!r} is not like status=502 or request~/cart")
        conditions.append(_condition(found))
        joint = _AND.match(text, found.end())
        if joint is None and found.end() < len(text):
            raise WhereError(f"expected 'and' before {text[found.end() :][:40]!r}")
        position, is_open = (joint.end(), True) if joint else (found.end(), False)
    if is_open:
        raise WhereError("a condition is missing, such as status=502 or request~/cart")
    if len(conditions) > MAX_CONDITIONS:
        raise WhereError(f"at most {MAX_CONDITIONS} conditions")
    return tuple(conditions)


def _no_field(name: str) -> str:
    """The nearest ones alone: there are more names than a person reads."""
    wanted = name.lower()
    near = difflib.get_close_matches(wanted, NAMES, n=3) or [one for one in sorted(NAMES) if wanted in one][:3]
    meant = f"did you mean {' or '.join(near)}?" if near else "status, target and route are some;"
    return f"no field {name[:40]!r}; {meant} `--where {LIST}` shows all {len(NAMES)}"


def _condition(found: re.Match[str]) -> Condition:
    name = NAMES.get(found["name"].lower())
    value = found["bare"] if found["quoted"] is None else found["quoted"]
    if name is None:
        raise WhereError(_no_field(found["name"]))
    if len(value) > MAX_VALUE_CHARS:
        raise WhereError(f"a value of at most {MAX_VALUE_CHARS} characters")
    if name == "minute":
        value = value.removesuffix(":00Z")
    operators: dict[str, Operator] = {"=": "=", "!=": "!=", "~": "~", "!~": "!~"}
    return Condition(name, operators[found["operator"]], value)
