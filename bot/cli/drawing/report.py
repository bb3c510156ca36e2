"""The report at a terminal: the answer first, then why, then everything else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from bot.cli.drawing.fixes import drawn_fixes
from bot.cli.drawing.page import Line, clock, indented, joined, lines, said, showing, statement, titled
from bot.cli.drawing.sparklines import errors_over_time
from diagnostics.commands import split_command, when_to_run
from diagnostics.digest import (
    Digest,
    Mood,
    count,
    digest,
    error_in_words,
    event_in_words,
    judged_without,
    left_open,
    observed,
    records,
    sentence,
    telling,
    tells_its_time,
)
from diagnostics.picture import picture
from diagnostics.printable import counted, first_few
from diagnostics.report import Band, Cause, CheckStatus, EvidenceItem, Report, ReportGap, ReportTarget, TimelineEntry

MAX_ADVICE: Final = 1_500
MAX_CHANGES: Final = 5
MAX_EVENTS: Final = 12
MAX_GAPS: Final = 6
MAX_NOTES: Final = 5
MAX_OTHERS: Final = 5
MAX_DECIDED: Final = 4

COLOURS: Final[dict[Mood, str]] = {
    "broken": "bold red",
    "degraded": "bold yellow",
    "unclear": "bold yellow",
    "over": "bold yellow",
    "well": "bold green",
    "unread": "bold",
}
BAND_STYLES: Final[dict[Band, str]] = {"confirmed": "", "likely": "yellow", "possible": "yellow"}
_STATUS_WORDS: Final[tuple[tuple[CheckStatus, str], ...]] = (
    ("found", "found"),
    ("risk", "at risk"),
    ("clear", "clear"),
    ("unknown", "could not be decided"),
    ("not_applicable", "do not apply here"),
)


def drawn(report: Report) -> tuple[RenderableType, ...]:
    told = digest(report)
    return (
        *_head(report, told),
        *_answer(report, told),
        *_changes(report, told),
        *errors_over_time(partial(picture, report)),
        *drawn_fixes(report),
        *_others(told),
        *_risks(report),
        *_checks(report),
        *_gaps(report),
        *_timeline(report),
        *_footer(report),
    )


def _head(report: Report, told: Digest) -> Iterator[RenderableType]:
    colour = COLOURS[told.mood]
    yield lines([(Text("●", style=colour), said(report.headline, "bold"))])
    target, window = report.target, report.window
    name = f"{target.account_name} ({target.account})" if target.account_name else target.account
    place = _place(target)
    days = "" if window.start.date() == window.end.date() else f"{window.start:%d %b} "
    hours = f"{days}{window.start:%H:%M} to {window.end:%H:%M} UTC"
    yield indented(joined((f"{target.kind} {place}", name, target.region, hours), "dim"))
    yield indented(said(observed(report), "dim"))
    if target.runbook:
        yield indented(said(f"runbook {target.runbook}", "dim"))
    for note in target.notes[:MAX_NOTES]:
        yield indented(said(note, "yellow"))
    yield from map(indented, showing(MAX_NOTES, len(target.notes)))


def _place(target: ReportTarget) -> str:
    """``prod/checkout``; for a load balancer its own name, and the service behind it if there is one only."""
    service = "/".join(part for part in (target.cluster, target.service) if part)
    if target.kind == "load-balancer" and target.load_balancers:
        own = target.load_balancers[0].split("/")[-2]
        return f"{own} in front of {service}" if service else own
    return service or target.label


def _answer(report: Report, told: Digest) -> Iterator[RenderableType]:
    first = told.first
    if first is None:
        return
    today = report.window.end
    yield Text()
    yield said(sentence(first.summary), "bold")
    since = f"since {clock(first.since, today)}" if first.since else ""
    role = {"root": "", "contributing": "contributes", "consequence": "a consequence; its root is not known"}[
        first.role
    ]
    sure = said(f"{first.band} ({first.confidence:.2f})", BAND_STYLES[first.band])
    yield joined((sure, role, first.code, since), "dim")
    yield indented(lines(_evidence(first.evidence, today)))
    if first.advice:
        later = when_to_run(first.advice) if first.advice_commands else ""
        parts = [said(first.advice, limit=MAX_ADVICE), *([said(later, "yellow")] if later else [])]
        yield from titled("What to do", *parts, *map(statement, first.advice_commands))
    if first.against:
        yield from titled("What speaks against it", lines(_evidence(first.against, today)))
    if first.overturned_by:
        yield from titled("What would overturn it", *_instruction(first.overturned_by))


def _evidence(items: Sequence[EvidenceItem], today: datetime) -> Iterator[Line]:
    for item in records(items):
        text = said(item.text)
        text.append(f"  {said(item.source)}", style="dim")
        yield Text(clock(item.at, today) if item.at and not tells_its_time(item) else "•", style="dim"), text


def _instruction(text: str) -> Iterator[RenderableType]:
    words, command = split_command(text)
    yield said(sentence(f"{words}:" if command else words))
    if command:
        yield statement(command)


def _changes(report: Report, told: Digest) -> Iterator[RenderableType]:
    shown = told.changes[:MAX_CHANGES]
    if shown:
        body = lines(_event(entry, report.window.end) for entry in shown)
        yield from titled("Changed just before", body, *showing(len(shown), len(told.changes)))


def _event(entry: TimelineEntry, today: datetime) -> Line:
    text = said(event_in_words(entry))
    if entry.actor:
        text.append(" by ").append(said(entry.actor, "bold"))
    return Text(clock(entry.at, today), style="dim"), text


def _others(told: Digest) -> Iterator[RenderableType]:
    groups = (
        ("Also", told.also),
        ("Makes it worse", told.contributing),
        ("Follows from it", told.consequences),
        ("Also possible", told.rivals),
    )
    for title, causes in groups:
        if causes:
            yield from titled(title, *_briefly(causes))
    if told.rivals and told.rivals[0].overturned_by:
        yield from titled("What would overturn that", *_instruction(told.rivals[0].overturned_by), style="")


def _briefly(causes: Sequence[Cause], *, with_band: bool = True) -> Iterator[RenderableType]:
    for cause in causes[:MAX_OTHERS]:
        text = said(sentence(cause.summary))
        band = f"{cause.band}, " if with_band else ""
        text.append(f"  {band}{said(cause.code)}", style="dim")
        yield lines([(Text("•"), text)])
    yield from showing(MAX_OTHERS, len(causes))


def _risks(report: Report) -> Iterator[RenderableType]:
    if report.risks:
        yield from titled("At risk, no harm seen yet", *_briefly(report.risks, with_band=False))


def _checks(report: Report) -> Iterator[RenderableType]:
    counts = [f"{number} {words}" for status, words in _STATUS_WORDS if (number := count(report, status))]
    if counts:
        yield from titled("Checks", joined(counts))


def _gaps(report: Report) -> Iterator[RenderableType]:
    if not report.gaps:
        return
    body: list[RenderableType] = []
    for gap in report.gaps[:MAX_GAPS]:
        body.append(lines([(Text("•"), said(f"{gap.action} on {gap.resource}: {error_in_words(gap.error)}"))]))
        body.extend(indented(said(text, "dim")) for text in (_open_causes(gap, report),) if text)
        if gap.fix:
            body.append(statement(gap.fix) if gap.fix.lstrip().startswith("{") else indented(said(gap.fix)))
    yield from titled("Not read", *body, *showing(MAX_GAPS, len(report.gaps)))


def _open_causes(gap: ReportGap, report: Report) -> str:
    """``leaves open a, b and 3 more; 12 causes were judged without it``"""
    codes = left_open(gap, report)
    opened = f"leaves open {first_few(codes, MAX_DECIDED)}" if codes else ""
    return "; ".join(part for part in (opened, judged_without(gap, report)) if part)


def _timeline(report: Report) -> Iterator[RenderableType]:
    shown = telling(report, MAX_EVENTS)
    if shown:
        body = lines(_event(entry, report.window.end) for entry in shown)
        yield from titled("Timeline (UTC)", body, *showing(len(shown), len(report.timeline)))


def _footer(report: Report) -> Iterator[RenderableType]:
    stats = report.stats
    yield Text()
    parts: Iterable[str] = (
        f"report {report.id}",
        f"{stats.seconds:.1f} s",
        f"{counted(stats.aws_calls, 'AWS call')}, longest chain {stats.longest_chain}",
        f"{stats.cache_hits} from the cache" if stats.cache_hits else "",
    )
    yield joined(parts, "dim")
    for note in stats.log_notes[:MAX_NOTES]:
        yield said(note, "dim")
