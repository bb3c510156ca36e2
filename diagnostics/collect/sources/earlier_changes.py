"""What the health check of a target group was before somebody changed it: one look-up further back in time."""

from __future__ import annotations

from diagnostics.aws_access.failures import TOO_MANY_PAGES
from diagnostics.collect.answers import gaps_of, items_of, nothing_read
from diagnostics.collect.collector import Read, Reads, collector
from diagnostics.collect.sources.changes import MAX_RESULTS, PATIENCE_S
from diagnostics.collect.sources.cloudtrail_events import change_of
from diagnostics.facts import Change, Changes, EarlierChanges, Gap, NotApplicable
from diagnostics.rules.mended import SETTINGS, left_at, setting
from diagnostics.snapshot import Subject, Window

NOTHING = NotApplicable(reason="no health check was changed in the window, or what it was before is known")
EDITS = frozenset({"ModifyTargetGroup", "CreateTargetGroup"})


@collector(cached=False, patience_s=PATIENCE_S)
def earlier_changes(subject: Subject, window: Window, changes: Changes | Gap | NotApplicable) -> Reads[EarlierChanges]:
    """Asked without a start, which is as far back as CloudTrail keeps its events: 90 days. One page.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
    """
    edit = _in_doubt(subject, window, changes)
    if edit is None:
        return NOTHING
    group = str(edit.request["targetGroupArn"])
    parameters = {
        "LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": group}],
        "EndTime": edit.at,
        "MaxResults": MAX_RESULTS,
    }
    answers = yield [Read("cloudtrail", "lookup_events", "Events", parameters, resource=group)]
    failed = nothing_read(answers)
    if failed:
        return failed
    found = [change for change in map(change_of, items_of(answers)) if change is not None]
    kept = [one for one in found if one.name in EDITS and not one.error and one.at <= edit.at and one.id != edit.id]
    gaps = tuple(gap for gap in gaps_of(answers) if gap.error != TOO_MANY_PAGES)
    return EarlierChanges(items=tuple(sorted(kept, key=lambda one: one.at, reverse=True)), gaps=gaps)


def _in_doubt(subject: Subject, window: Window, changes: Changes | Gap | NotApplicable) -> Change | None:
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
