"""One order of events: errors, deployments, task stops, target health, alarms, changes.

What repeats is told once, with its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from diagnostics import host_moments, moments, service_events
from diagnostics.facts import Change, OwnChange, OwnChanges
from diagnostics.moments import BY_HAND, MAX_TEXT, Moment
from diagnostics.printable import line
from diagnostics.report import TimelineEntry
from diagnostics.rules.change_words import event_name
from diagnostics.rules.observations import Observations
from diagnostics.rules.own_changes import AUDIT, OWN, own_change_of, recorded
from diagnostics.snapshot import Snapshot
from diagnostics.told_changes import details

MAX_ENTRIES: Final = 60
_SOURCE_OF_CHANGES: Final = "cloudtrail:LookupEvents"
_TOLD_SETTINGS: Final = (
    "desiredCount",
    "taskDefinition",
    "forceNewDeployment",
    "healthCheckGracePeriodSeconds",
    "healthCheckPath",
    "healthCheckPort",
    "healthCheckProtocol",
    "healthCheckIntervalSeconds",
    "healthCheckTimeoutSeconds",
    "healthyThresholdCount",
    "unhealthyThresholdCount",
    "reservedConcurrentExecutions",
    "timeout",
    "memorySize",
    "functionVersion",
    "qualifier",
)
"""Request parameters that say in one word what a change was about."""
_REGISTRATIONS: Final = frozenset({"RegisterTargets", "DeregisterTargets"})
_NUMBERS: Final = re.compile(r"(?<![:\[])(?<!exit )\b[0-9a-f]*[0-9][0-9a-f]*\b")
"""Ids and counts; not the revision of a task definition, an exit code or a status code, which make another event."""
_BY_ECS: Final = "ecs.amazonaws.com"
MAX_TARGETS_TOLD: Final = 3
MAX_SETTINGS: Final = 6


def build(snapshot: Snapshot, observed: Observations) -> tuple[TimelineEntry, ...]:
    """Oldest first, at most `MAX_ENTRIES`: what people did and when it began stay longest."""
    happened = (
        *_errors(observed),
        *_changes(snapshot),
        *moments.deployments(snapshot),
        *moments.stops(snapshot),
        *service_events.told(snapshot),
        *moments.health(snapshot),
        *moments.alarms(snapshot),
        *host_moments.hosts(snapshot),
    )
    told = sorted(_without_repetition(happened), key=lambda moment: (moment.weight, -moment.at.timestamp()))
    kept = sorted(told[:MAX_ENTRIES], key=lambda moment: moment.at)
    return tuple(TimelineEntry(at=m.at, event=m.event, source=m.source, actor=m.actor) for m in kept)


def _without_repetition(happened: Iterable[Moment]) -> Iterator[Moment]:
    groups: dict[tuple[str, str, str | None], list[Moment]] = {}
    for moment in happened:
        groups.setdefault(_pattern(moment), []).append(moment)
    for same in groups.values():
        first = min(same, key=lambda moment: moment.at)
        last = max(moment.at for moment in same)
        if len(same) == 1:
            yield first
        else:
            until = f" until {last:%H:%M:%S}" if f"{last:%H:%M:%S}" != f"{first.at:%H:%M:%S}" else ""
            times = f" ({len(same)} times{until})"
            yield first.model_copy(update={"event": line(first.event, MAX_TEXT - len(times)) + times})


def _pattern(moment: Moment) -> tuple[str, str, str | None]:
    """Equal for events that differ in ids and numbers only; what people set is told each time."""
    by_hand = moment.source in (_SOURCE_OF_CHANGES, AUDIT) and moment.weight == BY_HAND
    return moment.event if by_hand else _NUMBERS.sub("#", moment.event), moment.source, moment.actor


def _errors(observed: Observations) -> Iterator[Moment]:
    if observed.onset and observed.kind != "none":
        what = "first minute with errors" if observed.kind == "errors" else "first sign of trouble"
        yield Moment(at=observed.onset, event=what, source="cloudwatch:GetMetricData", weight=0)
    if observed.last_seen and observed.kind == "errors":
        yield Moment(
            at=observed.last_seen, event="last minute with errors", source="cloudwatch:GetMetricData", weight=0
        )


def _changes(snapshot: Snapshot) -> Iterator[Moment]:
    changes, own = recorded(snapshot), snapshot.get(OwnChanges)
    for change in changes:
        if change.by_service == _BY_ECS and change.name in _REGISTRATIONS:
            continue  # the service's own events say the same, with the number of targets
        fix = own_change_of(change, own)
        told = details(change, changes) + (_became(fix) if fix else "")
        yield Moment(
            at=change.at,
            event=line(_change_in_words(change, _earlier(change, changes), told), MAX_TEXT),
            source=AUDIT if fix and change.id.startswith(f"{fix.plan}/") else _SOURCE_OF_CHANGES,
            actor=change.by_service or change.actor,
            weight=3 if change.by_service else BY_HAND,
        )

    for fix in own.items if isinstance(own, OwnChanges) else ():
        if not fix.changes:
            text = line(f"{fix.title}{_became(fix)}", MAX_TEXT)
            yield Moment(at=fix.at, event=text, source=AUDIT, actor=f"{OWN} ({fix.words})", weight=BY_HAND)


def _became(fix: OwnChange) -> str:
    """What came of a fix, as far as it was watched."""
    if fix.undone:
        return "; taken back since"
    return {True: "; it worked", False: "; it did not help", None: ""}[fix.worked]


def _earlier(change: Change, changes: Iterable[Change]) -> tuple[Change, ...]:
    """Changes of the same kind to the same resource before this one, newest first."""
    same = (
        other
        for other in changes
        if other.name == change.name and other.at < change.at and other.error is None
        if set(other.resources) & set(change.resources)
    )
    return tuple(sorted(same, key=lambda other: other.at, reverse=True))


def _change_in_words(change: Change, earlier: tuple[Change, ...], more: str) -> str:
    resources = f" on {', '.join(_short(resource) for resource in change.resources[:2])}" if change.resources else ""
    return f"{event_name(change)}{resources}{_settings(change, earlier)}{_targets(change)}{more}" + (
        f" (refused: {change.error})" if change.error else ""
    )


def _settings(change: Change, earlier: tuple[Change, ...]) -> str:
    """``: desiredCount 4 → 0``, for the parameters that tell most in one word; what was before where it is recorded."""
    told, former = [], dict(_told(change.model_copy(update={"request": change.before})))
    for name, value in _told(change):
        before = former.get(name) or next(
            (was for other in earlier for known, was in _told(other) if known == name), None
        )
        told.append(f"{name} {before} → {value}" if before not in (None, value) else f"{name} {value}")
    return f": {', '.join(told[:MAX_SETTINGS])}" if told else ""


def _told(change: Change) -> Iterator[tuple[str, str]]:
    """Single parameters, and attributes that are written as pairs of key and value."""
    for name in _TOLD_SETTINGS:
        value = change.request.get(name)
        if value is not None and not isinstance(value, dict | list):
            yield name, _short(value) if isinstance(value, str) else str(value)
    attributes = change.request.get("attributes")
    for item in attributes if isinstance(attributes, list) else ():
        if isinstance(item, dict) and item.get("key") is not None and item.get("value") is not None:
            yield str(item["key"]), str(item["value"])


def _targets(change: Change) -> str:
    """The targets that somebody registered or deregistered."""
    raw = change.request.get("targets") if change.name in _REGISTRATIONS else None
    ids = [str(item["id"]) for item in raw if isinstance(item, dict) and "id" in item] if isinstance(raw, list) else []
    more = f" and {len(ids) - MAX_TARGETS_TOLD} more" if len(ids) > MAX_TARGETS_TOLD else ""
    return f": {', '.join(ids[:MAX_TARGETS_TOLD])}{more}" if ids else ""


def _short(resource: str) -> str:
    return resource.split(":", 5)[-1] if resource.startswith("arn:") else resource
