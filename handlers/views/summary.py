"""The one reply in the thread: the answer on a phone screen, everything else folded below it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from diagnostics.digest import (
    Digest,
    Mood,
    count,
    digest,
    event_in_words,
    foremost,
    left_open,
    observed,
    records,
    sentence,
    tells_its_time,
)
from diagnostics.printable import counted
from diagnostics.question import Progress
from diagnostics.report import Cause, EvidenceItem, Report, ReportGap
from handlers.views import details
from handlers.views.blocks import Block, Message, Part, actions, button, compose, context, section, whole_lines
from handlers.views.escape import block, code, instruction, link, moment, utc_time, words

REFRESH: Final = "refresh"
SYMBOLS: Final[dict[Mood, str]] = {
    "broken": ":red_circle:",
    "degraded": ":large_orange_circle:",
    "unclear": ":large_orange_circle:",
    "over": ":large_yellow_circle:",
    "well": ":large_green_circle:",
    "unread": ":white_circle:",
}

MAX_HEADLINE: Final = 300
MAX_SENTENCE: Final = 320
MAX_INSTRUCTION: Final = 700
MAX_COMMAND: Final = 900
MAX_EVIDENCE: Final = 4
MAX_EVIDENCE_TEXT: Final = 220
MAX_CHANGES: Final = 3
MAX_OTHERS: Final = 2
MAX_TITLE: Final = 140
MAX_GAPS: Final = 2
MAX_DECIDED: Final = 3
MAX_NOTES: Final = 3
MAX_NOTE: Final = 200
MAX_LOG_NOTE: Final = 300
MAX_STILL: Final = 300
AGE_WORTH_TELLING_S: Final = 1.0


def headline(report: Report) -> str:
    """``:red_circle: *checkout · 504 from the load balancer since 03:12 UTC (4 % of requests)*``"""
    return f"{SYMBOLS[digest(report).mood]} *{words(report.headline, MAX_HEADLINE) or 'no headline'}*"


def summary(
    report: Report,
    *,
    now: datetime,
    age_s: float | None,
    plain: bool,
    refresh: str | None = None,
    fixes: Sequence[Block] = (),
    still: Progress | None = None,
) -> Message:
    """The answer.

    `age_s` is the age of the oldest fact in seconds when the facts came from the cache; `plain` leaves out the blocks
    that older clients refuse; `refresh` is the opaque id behind the Refresh button, None leaves the button out; `fixes`
    are buttons before it; `still` is what goes on, when this is a first answer only.
    """
    told = digest(report)
    parts = [
        *_first_answer(still),
        Part(0, (section(headline(report)),)),
        Part(0, _section(_answer(report, told, now, plain=plain))),
        Part(3, _section(_changes(told, now))),
        Part(2, _section(_others(told))),
        Part(4, _section(_risks(report))),
        Part(1, (context(*_small_print(report, now, age_s)),)),
        Part(1, _buttons(fixes, refresh)),
        *(() if plain else details.folded_parts(report, now)),
        *_closing_line(report),
    ]
    return compose(_fallback(report, told), parts)


def _buttons(fixes: Sequence[Block], refresh: str | None) -> tuple[Block, ...]:
    made = [*fixes, *([button("Refresh", REFRESH, refresh)] if refresh else [])]
    return (actions(*made),) if made else ()


def _first_answer(still: Progress | None) -> Iterable[Part]:
    if still is not None:
        reading = f"still reading {words(still.text, MAX_STILL)}" if still.text else "still reading"
        yield Part(0, (context(f":hourglass_flowing_sand: First answer, {reading}; it is completed here."),))


def _section(lines: Iterable[str]) -> tuple[Block, ...]:
    text = "\n".join(lines)
    return (section(text),) if text else ()


def _answer(report: Report, told: Digest, now: datetime, *, plain: bool) -> Iterable[str]:
    first = told.first
    if first is None:
        yield f"Observed: {words(observed(report), MAX_SENTENCE)}."
        return
    if report.symptom.onset:
        yield f"Since {moment(report.symptom.onset, now)} · {words(observed(report), MAX_SENTENCE)}"
    yield f"*{words(sentence(first.summary), MAX_SENTENCE)}* — {first.band}"
    for item in foremost(first.evidence, MAX_EVIDENCE):
        yield evidence_line(item, now, with_source=plain)
    if (total := len(records(first.evidence))) > MAX_EVIDENCE:
        yield f"_showing {MAX_EVIDENCE} of {total} records_"
    for item in first.against[:1]:
        yield f"Against it: {words(item.text, MAX_EVIDENCE_TEXT)}"
    if first.advice:
        yield f"*What to do:* {words(first.advice, MAX_SENTENCE)}"
        yield from filter(None, (block(command, MAX_COMMAND) for command in first.advice_commands))


def evidence_line(item: EvidenceItem, now: datetime, *, with_source: bool) -> str:
    """One record: what was seen, when, and, unless a fold below tells it, which call said so."""
    when = f" · {moment(item.at, now, seconds=True)}" if item.at and not tells_its_time(item) else ""
    source = f" · {code(item.source)}" if with_source else ""
    return f"• {words(item.text, MAX_EVIDENCE_TEXT)}{when}{source}"


def _changes(told: Digest, now: datetime) -> Iterable[str]:
    shown = told.changes[:MAX_CHANGES]
    if shown:
        more = f" (showing {len(shown)} of {len(told.changes)})" if len(shown) < len(told.changes) else ""
        yield f"*Changed just before*{more}"
    for entry in shown:
        by = f" by {code(entry.actor)}" if entry.actor else ""
        yield f"• {moment(entry.at, now, seconds=True)} {words(event_in_words(entry), MAX_EVIDENCE_TEXT)}{by}"


def _others(told: Digest) -> Iterable[str]:
    yield from _named("Also", told.also)
    yield from _named("Makes it worse", told.contributing)
    yield from _named("Follows from it", told.consequences)
    yield from _named("Also possible", told.rivals)
    first = told.first
    if first and first.overturned_by and (told.rivals or first.band != "confirmed"):
        yield f"*What would overturn the first:* {instruction(first.overturned_by, MAX_INSTRUCTION)}"


def _named(what: str, causes: Sequence[Cause]) -> Iterable[str]:
    if causes:
        names = "; ".join(f"{words(sentence(one.summary), MAX_TITLE)} — {one.band}" for one in causes[:MAX_OTHERS])
        yield f"*{what}:* {names}{_more(len(causes), MAX_OTHERS)}"


def _risks(report: Report) -> Iterable[str]:
    if report.risks:
        names = "; ".join(words(sentence(one.summary), MAX_TITLE) for one in report.risks[:MAX_OTHERS])
        yield f":warning: *No harm seen yet:* {names}{_more(len(report.risks), MAX_OTHERS)}"


def _more(total: int, shown: int) -> str:
    return f" (and {total - shown} more)" if total > shown else ""


def _small_print(report: Report, now: datetime, age_s: float | None) -> Iterable[str]:
    yield " · ".join(_checked(report))
    if report.gaps:
        yield f"*Not read:* {not_read(report)}"
    target = report.target
    if target.notes:
        shown = "; ".join(words(note, MAX_NOTE) for note in target.notes[:MAX_NOTES])
        yield f"*Note:* {shown}{_more(len(target.notes), MAX_NOTES)}"
    if report.stats.log_notes:
        yield f"*Logs:* {'; '.join(words(note, MAX_LOG_NOTE) for note in report.stats.log_notes[:MAX_NOTES])}"
    account = code(target.account_name or target.account)
    age = f" · facts {age_s:.0f} s old" if age_s is not None and age_s >= AGE_WORTH_TELLING_S else ""
    runbook = link(target.runbook, "Runbook") if target.runbook else None
    yield f"{account} {code(target.region)} · as of {moment(now, now)}{age}" + (f" · {runbook}" if runbook else "")


def _checked(report: Report) -> Iterable[str]:
    clear, unknown = count(report, "clear"), count(report, "unknown")
    yield f"{counted(clear, 'check')} clear"
    if unknown:
        yield f"{unknown} could not be decided"


def not_read(report: Report) -> str:
    """What could not be read, and which causes that leaves open."""
    shown = "; ".join(_gap(gap, left_open(gap, report)) for gap in report.gaps[:MAX_GAPS])
    return shown + _more(len(report.gaps), MAX_GAPS)


def _gap(gap: ReportGap, codes: Sequence[str]) -> str:
    opened = ", ".join(code(one) for one in codes[:MAX_DECIDED]) + _more(len(codes), MAX_DECIDED)
    return f"{code(gap.action)} ({words(gap.error, MAX_TITLE)})" + (f", leaves open {opened}" if codes else "")


def _closing_line(report: Report) -> tuple[Part, ...]:
    records = sum(len(cause.evidence) for cause in report.causes)
    text = (
        f"In full, in a terminal: {code(f'alb502 report {report.id}')} — {counted(records, 'record')} of evidence, "
        f"{counted(len(report.timeline), 'event')}, {counted(len(report.checks), 'check')}"
    )
    return (Part(5, (context(text),)),)


def _fallback(report: Report, told: Digest) -> str:
    """The same answer in a few plain lines, for notifications and screen readers."""
    lines = [headline(report)]
    if told.first:
        lines.append(f"{words(sentence(told.first.summary), MAX_SENTENCE)} — {told.first.band}")
        for item in foremost(told.first.evidence, MAX_EVIDENCE):
            when = f" ({utc_time(item.at)})" if item.at and not tells_its_time(item) else ""
            lines.append(f"• {words(item.text, MAX_EVIDENCE_TEXT)}{when}")
        if told.first.advice:
            lines.append(f"What to do: {words(told.first.advice, MAX_SENTENCE)}")
    return whole_lines(lines, 3_000)
