"""Health check settings that were wrong and have been put right: what failed then says nothing about the present ones.

Target health shows the present settings only; the former ones stand in CloudTrail, where their edit is recent enough.
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyTargetGroup.html
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple

from pydantic import JsonValue

from diagnostics.causes.cause import Evidence, decisive
from diagnostics.facts import Change, Changes, Frozen, Read, TargetGroup
from diagnostics.printable import line
from diagnostics.rules.changes import changes_before_onset
from diagnostics.rules.health_history import Failing

MAX_VALUE = 120


class Setting(NamedTuple):
    """A setting of the health check: its field in `HealthCheck`, and its name in a sentence."""

    field: str
    words: str


SETTINGS: Final = MappingProxyType(
    {
        "healthCheckPath": Setting("path", "path"),
        "matcher": Setting("matcher", "matcher"),
        "healthCheckPort": Setting("port", "port"),
        "healthCheckProtocol": Setting("protocol", "protocol"),
        "healthCheckTimeoutSeconds": Setting("timeout_s", "time-out in seconds"),
    }
)
"""By their names in CloudTrail's record of ModifyTargetGroup."""


class Mended(Frozen):
    """`edit` ended it: it changed settings of the check after the first failure, and nothing fails now.

    `earlier` are the edits of the same settings before it, newest first. `settles_by`: targets fail still, of checks
    before the edit, and have until then to pass new ones.
    """

    edit: Change
    earlier: tuple[Change, ...] = ()
    settles_by: datetime | None = None

    def changed(self, *keys: str) -> str | None:
        """The first of these settings that it changed."""
        return next((key for key in keys if setting(self.edit, key) is not None), None)

    def former(self, key: str) -> Change | None:
        """The edit that had given `key` the value that failed, where it is recent enough."""
        return next((edit for edit in self.earlier if setting(edit, key) is not None), None)

    def was(self, key: str) -> JsonValue:
        """The value that failed, as far as anybody recorded it."""
        edit, known = self.former(key), self.edit.before.get(key)
        told = known.get("httpCode") if isinstance(known, dict) else known
        return told if edit is None else setting(edit, key)

    def before(self, group: TargetGroup) -> TargetGroup:
        """The group with the settings that failed; those that nobody recorded are the present ones."""
        known = {
            SETTINGS[key].field: was
            for key in SETTINGS
            if setting(self.edit, key) is not None and (was := self.was(key)) is not None
        }
        values = {**group.health_check.model_dump(), **known}
        return group.model_copy(update={"health_check": type(group.health_check).model_validate(_as_text(values))})

    def summary(self, key: str, did: str) -> str:
        """``the health check's path /status answered 404; over since it was changed at 03:10 UTC``"""
        was, words = self.was(key), SETTINGS[key].words
        wrong = f"former {words}" if was is None else f"{words} {line(str(was), MAX_VALUE)}"
        since = f"it was changed at {self.edit.at:%H:%M} UTC"
        if self.settles_by is None:
            return f"the health check's {wrong} {did}; over since {since}"
        return f"the health check's {wrong} {did}; {since}, and the targets have not passed enough new checks yet"

    def records(self, key: str) -> Iterator[Evidence]:
        """Both edits, with who made them."""
        words, former = SETTINGS[key].words, self.former(key)
        text = f"the health check's {words} is {_value(self.edit, key)} since then, set by {self.edit.actor}"
        yield decisive(text, "cloudtrail:LookupEvents", at=self.edit.at)
        if former is not None:
            text = f"the {words} was set to {_value(former, key)} by {former.actor}"
            yield decisive(text, "cloudtrail:LookupEvents", at=former.at)


def mended_by(
    changes: Read[Changes], group: TargetGroup, failing: Failing, now: datetime, since: datetime | None = None
) -> Mended | None:
    """None where nobody edited the check since the first failure, and while a target fails that has had the time to
    pass the new checks. `since`: when the group's health turned."""
    if not failing.targets and not failing.reports:
        return None
    found = changes_before_onset(changes, resources=(group.arn, group.name), names=("ModifyTargetGroup",), onset=now)
    edits = [edit for edit in found if any(setting(edit, key) is not None for key in SETTINGS)]
    if not edits:
        return None
    newest, earlier = edits[0], tuple(edits[1:])
    if failing.targets:
        settles_by = newest.at + timedelta(seconds=group.health_check.recovery_s)
        is_new = since is not None and since < newest.at and now < settles_by
        return Mended(edit=newest, earlier=earlier, settles_by=settles_by) if is_new else None
    return None if newest.at <= failing.reports[-1].at else Mended(edit=newest, earlier=earlier)


def setting(change: Change, key: str) -> JsonValue:
    """The value that a change of a target group gave to `key`; ``matcher`` stands for its HTTP codes."""
    value = change.request.get(key)
    return value.get("httpCode") if isinstance(value, dict) else value


def left_at(change: Change, key: str) -> JsonValue:
    """The value that the setting had after the change, whether or not the change was about it."""
    asked = setting(change, key)
    if asked is not None:
        return asked
    groups = change.response.get("targetGroups")
    answered = groups[0] if isinstance(groups, list) and groups else None
    value = answered.get(key) if isinstance(answered, dict) else None
    return value.get("httpCode") if isinstance(value, dict) else value


def _value(change: Change, key: str) -> str:
    return line(str(setting(change, key)), MAX_VALUE)


def _as_text(values: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """CloudTrail writes a port as it was given, which may be a number."""
    return {**values, "port": str(values["port"])}
