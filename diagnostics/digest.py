"""What every drawing of a report tells and in which order: one selection for Slack, terminal and post-mortem."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from diagnostics.picture import KINDS
from diagnostics.printable import counted, percent
from diagnostics.report import Cause, CheckStatus, EvidenceItem, Report, ReportGap, TimelineEntry
from diagnostics.rules.own_changes import AUDIT, is_repair_by

JUST_BEFORE: Final = timedelta(minutes=30)
TOLERANCE: Final = timedelta(minutes=1)
DEPLOYS_WITHIN: Final = timedelta(seconds=10)
"""Metrics have minutes, CloudTrail has seconds: a change of the same minute may have come first."""
READ_IN_PART: Final = {
    "Forgotten": "the older ones are forgotten",
    "TooManyPages": "read in part",
}
"""Errors of gaps beside which the rest was read, and is believed."""
_OWN_ERRORS: Final = {
    **READ_IN_PART,
    "AwsFailed": "AWS itself failed",
    "MalformedAnswer": "the answer could not be understood",
    "NotRead": "it was not read",
    "OutOfTime": "not in time",
    "StillBeingRead": "still being read",
    "TooManyCallsWaiting": "too many calls were waiting",
    "UnexpectedError": "a fault of alb502; see its log",
}
_ARN: Final = re.compile(r"arn:[\w-]+:[\w-]+:[\w-]*:\d*:(?P<resource>[\w/:.+=@-]*\w)", re.ASCII)
_GROUP_IN_BRACKETS: Final = re.compile(r"\(target-group targetgroup/(?P<name>[\w-]+)/\w+\)", re.ASCII)
_ONLY_DEPLOYS: Final = re.compile(r"UpdateService on [^:]+: (?:taskDefinition \S+|forceNewDeployment \w+)\Z")
_TASK_ID: Final = re.compile(r"(?<![\w/-])(?P<begin>[0-9a-f]{8})[0-9a-f]{24}\b")
_ROWS: Final = re.compile(r"(?P<number>[\d,]+) access log rows?: (?P<what>.*?)(?:, on \d+ targets?)?\Z", re.DOTALL)
_ONE_OF_MANY: Final = re.compile(r"\btask [0-9a-f]{8}\b")
_PLAIN_WORD: Final = re.compile(r"[a-z]+(?:['\u2019][a-z]+)*[,;]?(?:\s|\Z)", re.ASCII)

_PLACES: Final = {"target": "at target", "zone": "in zone", "route": "on route"}

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
    return in_words(entry.event)


def in_words(text: str) -> str:
    """ARNs without their beginning, tasks by the first eight characters of their id, target groups by name."""
    shorter = _TASK_ID.sub(lambda found: found["begin"], _ARN.sub(lambda found: found["resource"], text))
    return _GROUP_IN_BRACKETS.sub(lambda found: f"(target group {found['name']})", shorter)


def records(items: Sequence[EvidenceItem]) -> tuple[EvidenceItem, ...]:
    """The evidence for reading: what several tasks or groups of log rows say with the same words is told once."""
    groups: dict[tuple[str, str], list[EvidenceItem]] = {}
    for item in items:
        text = _TASK_ID.sub(lambda found: found["begin"], item.text)
        rows = _ROWS.match(text)
        same_for_all = rows["what"] if rows else _ONE_OF_MANY.sub("task", text)
        groups.setdefault((same_for_all, item.source), []).append(item.model_copy(update={"text": text}))
    return tuple(_told_once(same) for same in groups.values())


def foremost(items: Sequence[EvidenceItem], limit: int) -> tuple[EvidenceItem, ...]:
    """At most `limit` records where there is no room for more; who changed something is always among them."""
    told = records(items)
    shown = told[:limit]
    if any(_is_told_by_trail(item) for item in shown):
        return shown
    who = next((item for item in told[limit:] if _is_told_by_trail(item)), None)
    return shown if who is None else (*shown[:-1], who)


def _is_told_by_trail(item: EvidenceItem) -> bool:
    return item.source.startswith("cloudtrail:")


def _told_once(same: Sequence[EvidenceItem]) -> EvidenceItem:
    first, more = same[0], len(same) - 1
    if not more:
        return first
    rows = [found for item in same if (found := _ROWS.match(item.text))]
    if not rows:
        return first.model_copy(update={"text": f"{first.text} (and {more} more like it)"})
    total = sum(int(found["number"].replace(",", "")) for found in rows)
    begin = min((item.at for item in same if item.at), default=None)
    return first.model_copy(update={"text": f"{total:,} access log rows: {rows[0]['what']}", "at": begin})


def left_open(gap: ReportGap, report: Report) -> tuple[str, ...]:
    """The causes that nothing could be said about for lack of this; the others that it concerns were judged without."""
    unknown = {check.code for check in report.checks if check.status == "unknown"}
    return tuple(code for code in gap.affects if code in unknown)


def error_in_words(error: str) -> str:
    """Of a gap: AWS's codes as they are, since people look them up; words of ours in plain ones."""
    return _OWN_ERRORS.get(error, error)


def judged_without(gap: ReportGap, report: Report) -> str:
    """``52 causes were judged without it``: what this would have made surer, in words. Of a list with more pages than
    were read they had a part."""
    number = len(gap.affects) - len(left_open(gap, report))
    how = "by what was read of it" if gap.error in READ_IN_PART else "without it"
    return f"{counted(number, 'cause')} {'was' if number == 1 else 'were'} judged {how}" if number else ""


def sentence(text: str) -> str:
    """`text` with a capital letter at its beginning, unless it begins with a name or code (``checkout:8``, ``ss -t``).

    Only a plain word can be told from a name: letters alone, with a comma or so behind it.
    """
    return text[:1].upper() + text[1:] if _PLAIN_WORD.match(text) else text


def tells_its_time(item: EvidenceItem) -> bool:
    """Whether a record names in its words the time that stands beside it."""
    return item.at is not None and f"{item.at:%H:%M}" in item.text


def count(report: Report, status: CheckStatus) -> int:
    """How many checks ended this way."""
    return sum(check.status == status for check in report.checks)


def observed(report: Report) -> str:
    """What was counted, in words; numbers that were not read are not mentioned."""
    symptom = report.symptom
    counts = [(name, getattr(symptom, field)) for name, field in KINDS]
    errors = [f"{name}: {value:,}" for name, value in counts if value]
    if not errors and all(value is None for _, value in counts):
        return "no error count could be read"
    of = "" if symptom.requests is None else f" among {symptom.requests:,} requests in the whole window"
    parts = [(", ".join(errors) or "no errors") + of]
    if symptom.pattern != "none":
        parts.append(symptom.pattern)
    where = symptom.concentration
    if where.by != "none" and where.key:
        share = "" if where.share is None else f"{percent(where.share)} "
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
    near = _without_orders(
        entry
        for entry in report.timeline
        if onset - JUST_BEFORE <= entry.at <= (onset if is_repair_by(entry.actor or "") else onset + TOLERANCE)
        and _is_change(entry)
        and (entry.source, entry.at) not in told
    )
    return tuple(sorted(near, key=lambda entry: entry.at, reverse=True))


def _without_orders(entries: Iterable[TimelineEntry]) -> list[TimelineEntry]:
    """A deployment and the call that ordered it as one entry: what the one knows and who made the other."""
    ordered = sorted(entries, key=lambda entry: entry.at)
    told: list[TimelineEntry] = []
    orders = [entry for entry in ordered if _ONLY_DEPLOYS.match(entry.event)]
    for entry in ordered:
        if entry in orders and any(_is_ordered_by(other, entry) for other in ordered):
            continue
        order = next((one for one in orders if _is_ordered_by(entry, one)), None)
        told.append(entry if order is None else entry.model_copy(update={"actor": order.actor}))
    return told


def _is_ordered_by(deployment: TimelineEntry, order: TimelineEntry) -> bool:
    begins = deployment.actor is None and deployment.event.startswith("deployment of ")
    return begins and abs(deployment.at - order.at) <= DEPLOYS_WITHIN


def _is_change(entry: TimelineEntry) -> bool:
    """A change that somebody made, or a deployment; what AWS services do by themselves is no news."""
    if entry.source.startswith("cloudtrail:") or entry.source == AUDIT:
        by_aws = entry.actor is not None and entry.actor.endswith(".amazonaws.com")
        return not by_aws and "(refused: " not in entry.event
    return entry.event.startswith("deployment of ")
