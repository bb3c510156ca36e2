"""The one reply in the thread: the answer on a phone screen, everything else folded below it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from diagnostics.collect.unread import STILL_BEING_READ
from diagnostics.commands import split_command, when_to_run
from diagnostics.digest import (
    Digest,
    Mood,
    count,
    digest,
    error_in_words,
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
from handlers.views.chart import chart
from handlers.views.escape import SAME_DAY, code, headline_words, instruction, link, moment, utc_time, words
from handlers.views.screen import ROWS, Line, fit, rows_of, rows_of_buttons

REFRESH: Final = "refresh"
SYMBOLS: Final[dict[Mood, str]] = {
    "broken": ":red_circle:",
    "degraded": ":large_orange_circle:",
    "unclear": ":large_orange_circle:",
    "over": ":large_yellow_circle:",
    "well": ":large_green_circle:",
    "unread": ":white_circle:",
}

UNFOLD: Final = "control-show-"
"""What the ids of the buttons begin with that post a fold in the thread."""
BULLET: Final = "• "
MAX_HEADLINE: Final = 160
MAX_SENTENCE: Final = 320
MAX_VERDICT: Final = 240
MAX_SHORTENED: Final = 160
MAX_OBSERVED: Final = 240
MAX_PLACE: Final = 40
MAX_DOUBT: Final = 240
MAX_SHORT_COMMAND: Final = 80
MIN_EVIDENCE: Final = 2
MAX_EVIDENCE: Final = 4
MAX_EVIDENCE_TEXT: Final = 200
MAX_CHANGES: Final = 3
MAX_OTHERS: Final = 2
MAX_TITLE: Final = 140
MAX_GAPS: Final = 2
MAX_DECIDED: Final = 3
MAX_NOTES: Final = 2
MAX_NOTE: Final = 140
MAX_LOG_NOTE: Final = 300
MAX_STILL: Final = 300
AGE_WORTH_TELLING_S: Final = 1.0


def headline(report: Report) -> str:
    """``:red_circle: *checkout · 504 from the load balancer since 03:12 UTC (4 % of requests)*``"""
    return f"{SYMBOLS[digest(report).mood]} *{headline_words(report.headline, MAX_HEADLINE) or 'no headline'}*"


def summary(
    report: Report,
    *,
    now: datetime,
    age_s: float | None,
    plain: bool,
    refresh: str | None = None,
    fixes: Sequence[Block] = (),
    controls: Sequence[Block] = (),
    still: Progress | None = None,
) -> Message:
    """The answer.

    `age_s` is the age of the oldest fact in seconds when the facts came from the cache; `plain` leaves out the blocks
    that older clients refuse. `refresh` is the opaque id behind the buttons of this answer: below stand `fixes` and
    `controls`, or, where there are none of these, Refresh alone, and in a plain message a button for each fold, which
    posts it in the thread. `still` is what goes on, when this is a first answer only.
    """
    told, head = digest(report), headline(report)
    if still is not None:
        report = _without_pending(report)
    row = action_row(fixes, controls, refresh)
    buttons = rows_of_buttons([_label(one) for block in row for one in block["elements"]])
    room = ROWS - rows_of(head) - buttons
    screen = fit(tuple(_lines(report, told, now, age_s, plain=plain)), room)
    is_open = told.first is None or told.first.band == "possible"
    briefly = is_open and counted(len(report.gaps), "gap") in screen.left_out
    if briefly:
        screen = fit(tuple(_lines(report, told, now, age_s, plain=plain, briefly=True)), room)
    if not screen.fits:
        shortened = _lines(report, told, now, age_s, plain=plain, most=MAX_SHORTENED, briefly=briefly)
        screen = fit(tuple(shortened), room)
    parts = [
        *_first_answer(still),
        Part(0, (section(head),)),
        *(Part(0, _section(_with_counts(screen.of(place), place, told))) for place in ("answer", "changes", "todo")),
        Part(1, row),
        Part(2, _section(screen.of("others"))),
        Part(1, (context(*screen.of("small"), screen.note),)),
        Part(4, chart(report, plain=plain), "the picture"),
        *(_unfolding(report, now, refresh) if plain else (fold.part for fold in details.folds(report, now))),
        *_closing_line(report),
    ]
    return compose(_fallback(head, told), parts)


def action_row(fixes: Sequence[Block], controls: Sequence[Block], refresh: str | None) -> tuple[Block, ...]:
    """The one row of buttons below an answer: the fixes, then the controls, of which the last may be a menu."""
    made = [*fixes, *(controls or ([button("Refresh", REFRESH, refresh)] if refresh else []))]
    return (actions(*made),) if made else ()


def _label(element: Block) -> str:
    """What a button says; a menu is three dots."""
    return str(element["text"]["text"]) if "text" in element else "..."


def _unfolding(report: Report, now: datetime, behind: str | None) -> tuple[Part, ...]:
    """What stands in for folds: a button for each; where nothing can be pressed, the commands themselves."""
    names = details.names(report)
    if behind is not None:
        buttons = [button(details.LABELS[name], f"{UNFOLD}{name}", behind) for name in names]
        return (Part(3, (actions(*buttons),)),) if buttons else ()
    commands = details.fold(report, "commands", now).children if "commands" in names else ()
    return (Part(6, commands, details.LABELS["commands"]),)


def _first_answer(still: Progress | None) -> Iterable[Part]:
    if still is not None:
        reading = f"still reading {words(still.text, MAX_STILL)}" if still.text else "still reading"
        yield Part(0, (context(f":hourglass_flowing_sand: First answer, {reading}; it is completed here."),))


def _without_pending(report: Report) -> Report:
    """What is still being read is said by the first line; it is not among what could not be read."""
    gaps = tuple(gap for gap in report.gaps if gap.error != STILL_BEING_READ)
    return report.model_copy(update={"gaps": gaps})


def _section(lines: Iterable[str]) -> tuple[Block, ...]:
    text = "\n".join(lines)
    return (section(text),) if text else ()


def _lines(
    report: Report,
    told: Digest,
    now: datetime,
    age_s: float | None,
    *,
    plain: bool,
    most: int = MAX_SENTENCE,
    briefly: bool = False,
) -> Iterable[Line]:
    """What may stand on the screen, each with how early it goes when there is no room for all.

    What always stays has at most `most` characters in a sentence. What was not read is told `briefly`, and then always.
    """
    yield from _answer(report, told, now, plain=plain, most=most)
    yield from _changes(told, now)
    yield from _todo(told, most)
    yield from _others(told)
    yield from _risks(report)
    yield from _small_print(report, now, age_s, briefly=briefly)


def _answer(report: Report, told: Digest, now: datetime, *, plain: bool, most: int) -> Iterable[Line]:
    first = told.first
    if first is None:
        yield Line("answer", 0, f"Observed: {words(observed(report), MAX_OBSERVED)}.")
        return
    onset = report.symptom.onset
    if onset:
        since = "" if _tells_onset(report, onset, now) else f"Since {moment(onset, now)} · "
        yield Line("answer", 3, f"{since}{words(observed(report), MAX_OBSERVED)}", "what was counted")
    yield Line("answer", 0, f"*{words(sentence(first.summary), min(most, MAX_VERDICT))}* — {first.band}")
    for number, item in enumerate(foremost(first.evidence, MAX_EVIDENCE)):
        rank = 1 if number < MIN_EVIDENCE or item.source.startswith("cloudtrail:") else 4 + number
        yield Line("answer", rank, evidence_line(item, now, with_source=plain))
    yield from _named("answer", 1, "Also", told.also, "another cause")
    for item in first.against[:1]:
        yield Line("answer", 4, f"Against it: {words(item.text, MAX_EVIDENCE_TEXT)}", "what speaks against it")


def _tells_onset(report: Report, onset: datetime, now: datetime) -> bool:
    """Whether the headline says since when, which of another day it does not."""
    at = f"{onset.astimezone(UTC):%H:%M}"
    return abs(now - onset) < SAME_DAY and any(f" {word} {at} " in report.headline for word in ("since", "from"))


def _with_counts(lines: Sequence[str], place: str, told: Digest) -> Iterable[str]:
    """The lines of a section, and how many of how many these are; a heading with nothing below it is left out."""
    total, what = 0, "changes"
    if place == "answer" and told.first:
        total, what = len(records(told.first.evidence)), "records of evidence"
    elif place == "changes":
        total = len(told.changes)
    shown = sum(line.startswith(BULLET) for line in lines)
    if place == "changes" and not shown:
        return
    yield from lines
    if lines and shown < total:
        yield f"_showing {shown} of {total} {what}_"


def evidence_line(item: EvidenceItem, now: datetime, *, with_source: bool) -> str:
    """One record: what was seen, when, and, unless a fold below tells it, which call said so."""
    when = f" · {moment(item.at, now, seconds=True)}" if item.at and not tells_its_time(item) else ""
    source = f" · {code(item.source)}" if with_source else ""
    return f"{BULLET}{words(item.text, MAX_EVIDENCE_TEXT)}{when}{source}"


def _changes(told: Digest, now: datetime) -> Iterable[Line]:
    if told.changes:
        yield Line("changes", 1, "*Changed just before*")
    for number, entry in enumerate(told.changes[:MAX_CHANGES]):
        by = f" by {code(entry.actor)}" if entry.actor else ""
        text = f"{moment(entry.at, now, seconds=True)} {words(event_in_words(entry), MAX_EVIDENCE_TEXT)}{by}"
        yield Line("changes", 3 + number if number else 1, BULLET + text, "" if number else "what changed just before")


def _todo(told: Digest, most: int) -> Iterable[Line]:
    first = told.first
    if first is None or not first.advice:
        return
    then = " for then" if when_to_run(first.advice) else ""
    commands = f" (the commands{then}: _AWS CLI_ below)" if first.advice_commands else ""
    yield Line("todo", 0, f"*What to do:* {words(first.advice, most)}{commands}")


def _others(told: Digest) -> Iterable[Line]:
    yield from _named("others", 4, "Makes it worse", told.contributing, "what makes it worse")
    yield from _named("others", 6, "Follows from it", told.consequences, "what follows from it")
    yield from _named("others", 3, "Also possible", told.rivals, "what else is possible")
    first = told.first
    if first and first.overturned_by and (told.rivals or first.band != "confirmed"):
        yield Line(
            "others", 2, f"*What would overturn the first:* {_doubt(first.overturned_by)}", "what would overturn it"
        )


def _doubt(overturned_by: str) -> str:
    """The fact, with the command that reads it if it is short; a long one stands with the evidence."""
    said, command = split_command(overturned_by)
    return instruction(overturned_by if len(command or "") <= MAX_SHORT_COMMAND else said, MAX_DOUBT)


def _named(place: str, rank: int, what: str, causes: Sequence[Cause], of: str) -> Iterable[Line]:
    if causes:
        names = "; ".join(f"{words(sentence(one.summary), MAX_TITLE)} — {one.band}" for one in causes[:MAX_OTHERS])
        yield Line(place, rank, f"*{what}:* {names}{_more(len(causes), MAX_OTHERS)}", of)


def _risks(report: Report) -> Iterable[Line]:
    if report.risks:
        names = "; ".join(words(sentence(one.summary), MAX_TITLE) for one in report.risks[:MAX_OTHERS])
        more = _more(len(report.risks), MAX_OTHERS)
        yield Line("others", 7, f":warning: *No harm seen yet:* {names}{more}", counted(len(report.risks), "risk"))


def _more(total: int, shown: int) -> str:
    return f" (and {total - shown} more)" if total > shown else ""


def _small_print(report: Report, now: datetime, age_s: float | None, *, briefly: bool) -> Iterable[Line]:
    yield Line("small", 3, " · ".join(_checked(report)), "how many checks are clear")
    if briefly:
        yield Line("small", 0, f"*Not read:* {_unread_at_all(report)}")
    elif report.gaps:
        yield Line("small", 1, f"*Not read:* {not_read(report)}", counted(len(report.gaps), "gap"))
    target = report.target
    if target.notes:
        shown = "; ".join(words(note, MAX_NOTE) for note in target.notes[:MAX_NOTES])
        yield Line("small", 3, f"*Note:* {shown}{_more(len(target.notes), MAX_NOTES)}", "notes")
    if report.stats.log_notes:
        notes = report.stats.log_notes
        shown = "; ".join(words(note, MAX_LOG_NOTE) for note in notes[:MAX_NOTES])
        yield Line("small", 6, f"*Logs:* {shown}{_more(len(notes), MAX_NOTES)}", "how much of the logs was read")
    account = code(target.account_name or target.account, MAX_PLACE)
    age = f" · facts {age_s:.0f} s old" if age_s is not None and age_s >= AGE_WORTH_TELLING_S else ""
    runbook = link(target.runbook, "Runbook") if target.runbook else None
    where = f"{account} {code(target.region, MAX_PLACE)} · as of {moment(now, now)}{age}"
    yield Line("small", 0, where + (f" · {runbook}" if runbook else ""))


def _checked(report: Report) -> Iterable[str]:
    clear, unknown = count(report, "clear"), count(report, "unknown")
    yield f"{counted(clear, 'check')} clear"
    if unknown:
        yield f"{unknown} could not be decided"


def not_read(report: Report) -> str:
    """What could not be read, and which causes that leaves open."""
    shown = "; ".join(_gap(gap, left_open(gap, report)) for gap in report.gaps[:MAX_GAPS])
    return shown + _more(len(report.gaps), MAX_GAPS)


def _unread_at_all(report: Report) -> str:
    """``cloudtrail:LookupEvents (and 5 more), leaves 24 causes open; see Not read below``"""
    opened = {one for gap in report.gaps for one in left_open(gap, report)}
    leaves = f", leaves {counted(len(opened), 'cause')} open" if opened else ""
    return f"{code(report.gaps[0].action)}{_more(len(report.gaps), 1)}{leaves}; see _Not read_ below"


def _gap(gap: ReportGap, codes: Sequence[str]) -> str:
    opened = ", ".join(code(one) for one in codes[:MAX_DECIDED]) + _more(len(codes), MAX_DECIDED)
    error = words(error_in_words(gap.error), MAX_TITLE)
    return f"{code(gap.action)} ({error})" + (f", leaves open {opened}" if codes else "")


def _closing_line(report: Report) -> tuple[Part, ...]:
    records = sum(len(cause.evidence) for cause in report.causes)
    text = (
        f"In full, in a terminal: {code(f'alb502 report {report.id}')} — {counted(records, 'record')} of evidence, "
        f"{counted(len(report.timeline), 'event')}, {counted(len(report.checks), 'check')}"
    )
    return (Part(1, (context(text),)),)


def _fallback(head: str, told: Digest) -> str:
    """The same answer in a few plain lines, for notifications and screen readers."""
    lines = [head]
    if told.first:
        lines.append(f"{words(sentence(told.first.summary), MAX_SENTENCE)} — {told.first.band}")
        for item in foremost(told.first.evidence, MAX_EVIDENCE):
            when = f" ({utc_time(item.at)})" if item.at and not tells_its_time(item) else ""
            lines.append(f"• {words(item.text, MAX_EVIDENCE_TEXT)}{when}")
        if told.first.advice:
            lines.append(f"What to do: {words(told.first.advice, MAX_SENTENCE)}")
    return whole_lines(lines, 3_000)
