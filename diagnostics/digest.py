"""What every drawing of a report tells and in which order: one selection for Slack, terminal and post-mortem."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from diagnostics.report import Cause, CheckStatus, EvidenceItem, Report, TimelineEntry

JUST_BEFORE: Final = timedelta(minutes=30)
TOLERANCE: Final = timedelta(minutes=1)
"""Metrics have minutes, CloudTrail has seconds: a change of the same minute may have come first."""
_ARN: Final = re.compile(r"arn:[\w-]+:[\w-]+:[\w-]*:\d*:(?P<resource>[\w/:.+=@-]*\w)", re.ASCII)
_COMMAND: Final = re.compile(r":\s+(?P<command>(?:aws|curl|dig|nc|openssl|ss) .+)\Z", re.DOTALL)
_PLAIN_WORD: Final = re.compile(r"[a-z]+(?:['\u2019-][a-z]+)*[,;]?(?:\s|\Z)", re.ASCII)
MAX_CHANGES: Final = 5

_PLACES: Final = {"target": "at target", "zone": "in zone", "route": "on route"}
_COUNTS: Final = (
    ("502", "elb_502"),
    ("503", "elb_503"),
    ("504", "elb_504"),
    ("500", "elb_500"),
    ("561", "elb_561"),
    ("460", "elb_460"),
    ("463", "elb_463"),
    ("464", "elb_464"),
    ("5xx from targets", "target_5xx"),
)

Mood = Literal["broken", "degraded", "over", "unclear", "well", "unread"]


@dataclass(frozen=True, slots=True)
class Digest:
    """A report, sorted for reading.

    `also` are further root causes that are as sure as the first, `rivals` those that compete with it;
    `changes` came just before the onset, newest first, and are not among the first cause's evidence.
    """

    mood: Mood
    first: Cause | None
    also: tuple[Cause, ...]
    rivals: tuple[Cause, ...]
    contributing: tuple[Cause, ...]
    consequences: tuple[Cause, ...]
    changes: tuple[TimelineEntry, ...]


def digest(report: Report) -> Digest:
    first, rest = (report.causes[0], report.causes[1:]) if report.causes else (None, ())
    roots = [cause for cause in rest if cause.role == "root"]
    return Digest(
        mood=_mood(report),
        first=first,
        also=tuple(cause for cause in roots if cause.band == "confirmed"),
        rivals=tuple(cause for cause in roots if cause.band != "confirmed"),
        contributing=tuple(cause for cause in rest if cause.role == "contributing"),
        consequences=tuple(cause for cause in rest if cause.role == "consequence"),
        changes=_changes_just_before(report, first),
    )


def telling(report: Report, limit: int) -> tuple[TimelineEntry, ...]:
    """At most `limit` events in order: changes, deployments and errors first, then those nearest to the onset."""
    middle = report.symptom.onset or report.window.end

    def rank(entry: TimelineEntry) -> tuple[bool, timedelta]:
        tells = entry.at >= middle - JUST_BEFORE and (_is_change(entry) or entry.source.startswith("cloudwatch:"))
        return not tells, abs(entry.at - middle)

    chosen = set(sorted(range(len(report.timeline)), key=lambda number: rank(report.timeline[number]))[:limit])
    return tuple(entry for number, entry in enumerate(report.timeline) if number in chosen)


def event_in_words(entry: TimelineEntry) -> str:
    """The event with ARNs shortened to what a person needs: ``targetgroup/checkout/6d0ecf831eec9f09``."""
    return _ARN.sub(lambda found: found["resource"], entry.event)


def sentence(text: str) -> str:
    """`text` with a capital letter at its beginning, unless it begins with a name or code (``checkout:8``, ``ss -t``).

    Only a plain word can be told from a name: letters alone, with a comma or so behind it.
    """
    return text[:1].upper() + text[1:] if _PLAIN_WORD.match(text) else text


def tells_its_time(item: EvidenceItem) -> bool:
    """Whether a record names in its words the time that stands beside it."""
    return item.at is not None and f"{item.at:%H:%M}" in item.text


def split_command(text: str) -> tuple[str, str | None]:
    """``a later steady state: aws ecs describe-services …`` in its words and the command that can be pasted."""
    found = _COMMAND.search(text)
    return (text[: found.start()], found["command"]) if found else (text, None)


def count(report: Report, status: CheckStatus) -> int:
    """How many checks ended this way."""
    return sum(check.status == status for check in report.checks)


def observed(report: Report) -> str:
    """What was counted, in words; numbers that were not read are not mentioned."""
    symptom = report.symptom
    counted = [(name, getattr(symptom, field)) for name, field in _COUNTS]
    errors = [f"{name}: {value:,}" for name, value in counted if value]
    if not errors and all(value is None for _, value in counted):
        return "no error count could be read"
    of = "" if symptom.requests is None else f" among {symptom.requests:,} requests in the whole window"
    parts = [(", ".join(errors) or "no errors") + of]
    if symptom.pattern != "none":
        parts.append(symptom.pattern)
    where = symptom.concentration
    if where.by != "none" and where.key:
        share = "" if where.share is None else f"{where.share:.0%} ".replace("%", " %")
        parts.append(f"{share}{_PLACES[where.by]} {where.key}")
    if symptom.scope == "load-balancer":
        parts.append("counted for the whole load balancer")
    return "; ".join(parts)


def _mood(report: Report) -> Mood:
    if report.verdict == "no_fault_found":
        return "unread" if report.symptom.requests is None and report.gaps else "well"
    if report.symptom.over:
        return "over"
    if report.verdict == "inconclusive":
        return "unclear"
    return "broken" if report.symptom.kind in {"errors", "capacity"} else "degraded"


def _changes_just_before(report: Report, first: Cause | None) -> tuple[TimelineEntry, ...]:
    onset = report.symptom.onset
    if onset is None or report.verdict == "no_fault_found":
        return ()
    told = {(item.source, item.at) for item in first.evidence} if first else set()
    near = [
        entry
        for entry in report.timeline
        if onset - JUST_BEFORE <= entry.at <= onset + TOLERANCE
        and _is_change(entry)
        and (entry.source, entry.at) not in told
    ]
    return tuple(_newest_first(near)[:MAX_CHANGES])


def _is_change(entry: TimelineEntry) -> bool:
    """A change that somebody made, or a deployment; what AWS services do by themselves is no news."""
    if entry.source.startswith("cloudtrail:"):
        by_aws = entry.actor is not None and entry.actor.endswith(".amazonaws.com")
        return not by_aws and "(refused: " not in entry.event
    return entry.event.startswith("deployment of ")


def _newest_first(entries: Iterable[TimelineEntry]) -> list[TimelineEntry]:
    def when(entry: TimelineEntry) -> datetime:
        return entry.at

    return sorted(entries, key=when, reverse=True)
