"""What the health check of a target group was before somebody changed it: one look-up further back in time."""

from __future__ import annotations

from diagnostics.collect.answers import failures_of, items_of, nothing_read
from diagnostics.collect.collector import Reads, collector
from diagnostics.collect.sources.changes import PATIENCE_S
from diagnostics.collect.sources.cloudtrail_events import change_of, lookup
from diagnostics.facts import Change, Changes, EarlierChanges, NotApplicable, Unread
from diagnostics.rules.mended import SETTINGS, left_at, setting
from diagnostics.snapshot import Subject, Window

NOTHING = NotApplicable(reason="no health check was changed in the window, or what it was before is known")
EDITS = frozenset({"ModifyTargetGroup", "CreateTargetGroup"})


@collector(cached=False, patience_s=PATIENCE_S)
def earlier_changes(subject: Subject, window: Window, changes: Changes | Unread) -> Reads[EarlierChanges]:
    """Asked without a start, which is as far back as CloudTrail keeps its events: 90 days. One page.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
    """
    edit = _in_doubt(subject, window, changes)
    if edit is None:
        return NOTHING
    answers = yield [lookup("ResourceName", str(edit.request["targetGroupArn"]), end=edit.at)]
    if failed := nothing_read(answers):
        return failed
    found = [change for change in map(change_of, items_of(answers)) if change is not None]
    kept = [one for one in found if one.name in EDITS and not one.error and one.at <= edit.at and one.id != edit.id]
    newest_first = sorted(kept, key=lambda one: one.at, reverse=True)
    return EarlierChanges(items=tuple(newest_first), gaps=failures_of(answers))


def _in_doubt(subject: Subject, window: Window, changes: Changes | Unread) -> Change | None:
    """The oldest change of a health check in the window of which no older record tells all former settings."""
    if not isinstance(changes, Changes):
        return None
    edits = [one for one in changes.items if one.name in EDITS and not one.error]
    for edit in sorted(edits, key=lambda one: one.at):
        group = edit.request.get("targetGroupArn")
        if (
            edit.name == "ModifyTargetGroup"
            and window.start <= edit.at <= window.end
            and group in subject.target_groups
        ):
            older = [one for one in edits if one.at < edit.at and _is_about(one, str(group))]
            if any(all(left_at(one, key) is None for one in older) for key in _keys(edit)):
                return edit
    return None


def _keys(change: Change) -> tuple[str, ...]:
    return tuple(key for key in SETTINGS if setting(change, key) is not None)


def _is_about(change: Change, group: str) -> bool:
    return group == change.request.get("targetGroupArn") or group in change.resources
