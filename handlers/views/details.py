"""What folds below the answer: evidence, timeline, commands, every check, what was not read.

Where a workspace knows no folds, a button below the answer posts each of them in the thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

from diagnostics.by_hand import blanks
from diagnostics.commands import when_to_run
from diagnostics.digest import error_in_words, event_in_words, records, sentence, telling, tells_its_time
from diagnostics.printable import counted
from diagnostics.report import Cause, Check, CheckStatus, Remediation, Report, ReportGap, TimelineEntry
from handlers.views.blocks import MAX_SECTION, Block, Message, Part, compose, folded, section, whole_lines
from handlers.views.escape import block, code, instruction, link, moment, utc_time, words

MAX_CAUSES: Final = 4
MAX_EVIDENCE: Final = 6
MAX_DOCS: Final = 2
MAX_EVENTS: Final = 12
MAX_GAPS: Final = 4
MAX_REASONS: Final = 1_000
MAX_CODES: Final = 2_000
MAX_LISTED: Final = 40
MAX_CODED: Final = 200
MAX_EVENT: Final = 130
MAX_TEXT: Final = 240
MAX_SUMMARY: Final = 400
MAX_INSTRUCTION: Final = 700
MAX_STATEMENT: Final = 900
MAX_FIXES: Final = 3
MAX_COMMANDS: Final = 6
MAX_COMMAND: Final = 900
MAX_BLANKS: Final = 4
MAX_FOLD: Final = 2_400
"""Characters in one section of a fold; five of them and the answer stay below what a message may hold."""

_STATUS_WORDS: Final[tuple[tuple[CheckStatus, str], ...]] = (
    ("found", "Found"),
    ("risk", "Risk"),
    ("unknown", "Could not be decided"),
    ("clear", "Clear"),
    ("not_applicable", "Does not apply"),
)
_WITH_REASON: Final = frozenset({"found", "risk", "unknown"})


Name = Literal["evidence", "timeline", "commands", "checks", "gaps"]
LABELS: Final[Mapping[Name, str]] = MappingProxyType(
    {
        "evidence": "Evidence",
        "timeline": "Timeline",
        "commands": "AWS CLI",
        "checks": "All checks",
        "gaps": "Not read",
    }
)
"""In reading order."""
_RANKS: Final[Mapping[Name, int]] = MappingProxyType(
    {"evidence": 5, "commands": 6, "timeline": 7, "gaps": 8, "checks": 9}
)
"""Of a message that is too large the highest goes first."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Something in full, to be opened."""

    name: Name
    title: str
    children: tuple[Block, ...]

    @property
    def part(self) -> Part:
        """Closed at first."""
        return Part(_RANKS[self.name], folded(self.title, self.children), LABELS[self.name])


def folds(report: Report, now: datetime) -> tuple[Fold, ...]:
    return tuple(fold(report, name, now) for name in names(report))


def names(report: Report) -> tuple[Name, ...]:
    """Those that hold something, in reading order."""
    fixes = [fix for cause in report.causes for fix in cause.remediations]
    typed = any(cause.advice_commands for cause in report.causes[:1]) or any(fix.aws_cli for fix in fixes[:MAX_FIXES])
    filled: Mapping[Name, object] = {
        "evidence": report.causes,
        "timeline": report.timeline,
        "commands": typed,
        "checks": report.checks,
        "gaps": report.gaps,
    }
    return tuple(name for name in LABELS if filled[name])


def fold(report: Report, name: Name, now: datetime) -> Fold:
    match name:
        case "evidence":
            return Fold(name, "Evidence", tuple(map(section, _evidence(report.causes, now))))
        case "timeline":
            return Fold(name, "Timeline", (section(_timeline(report, now)),))
        case "commands":
            return Fold(name, "AWS CLI: the same by hand", tuple(map(section, _commands(report))))
        case "checks":
            return Fold(name, f"All {len(report.checks)} checks", tuple(_checks(report.checks)))
        case "gaps":
            return Fold(name, "Not read, and what would let me read it", tuple(_gaps(report.gaps)))


def unfolded(report: Report, name: Name, now: datetime) -> Message | None:
    """One of them as a message of its own; None where there is nothing of it."""
    if name not in names(report):
        return None
    shown = fold(report, name, now)
    head = f"*{shown.title}* · {words(report.headline, MAX_TEXT)}"
    parts = [Part(number, (child,), f"part {number}") for number, child in enumerate(shown.children, 1)]
    return compose(head, [Part(0, (section(head),)), *parts])


def _commands(report: Report) -> Iterable[str]:
    """What somebody types to mend it by hand: what the first cause advises, then each fix with its way back."""
    first = report.causes[0] if report.causes else None
    if first is not None and first.advice_commands:
        head = f"*{words(sentence(first.summary), MAX_TEXT)}*"
        later = when_to_run(first.advice or "")
        yield from _typed(f"{head}\n{later}" if later else head, first.advice_commands)
    fixes = [fix for cause in report.causes for fix in cause.remediations]
    for fix in fixes[:MAX_FIXES]:
        yield from _by_hand(fix)
    if len(fixes) > MAX_FIXES:
        yield f"_showing {MAX_FIXES} of {len(fixes)} fixes_"


def _by_hand(fix: Remediation) -> Iterable[str]:
    yield from _typed(f"*{words(fix.title, MAX_TEXT)}* ({fix.risk} risk)", fix.aws_cli)
    if fix.undo.aws_cli:
        yield from _typed(f"Undo: {words(fix.undo.text, MAX_TEXT)}", fix.undo.aws_cli, back=True)


def _typed(head: str, commands: Sequence[str], *, back: bool = False) -> Iterable[str]:
    """Commands that can be copied. Half of one helps nobody, so one that is too long is only counted."""
    made = [found for command in commands[:MAX_COMMANDS] if (found := block(command, MAX_COMMAND)) is not None]
    missing = len(commands) - len(made)
    notes = [words(f"Fill in {blank}.", MAX_TEXT) for blank in list(blanks(commands, back=back))[:MAX_BLANKS]]
    short = [f"_showing {len(made)} of {counted(len(commands), 'command')}_"] if missing else []
    if made or missing:
        yield whole_lines([head, *made, *notes, *short], MAX_FOLD)


def _timeline(report: Report, now: datetime) -> str:
    lines = [_event(entry, now) for entry in telling(report, MAX_EVENTS)]
    return whole_lines(lines, MAX_SECTION, total=len(report.timeline))


def _event(entry: TimelineEntry, now: datetime) -> str:
    by = f" by {code(entry.actor)}" if entry.actor else ""
    return f"{moment(entry.at, now, seconds=True)} {words(event_in_words(entry), MAX_EVENT)}{by}"


def _evidence(causes: Sequence[Cause], now: datetime) -> Iterable[str]:
    for cause in causes[:MAX_CAUSES]:
        yield whole_lines(list(_cause(cause, now)), MAX_FOLD)
    if len(causes) > MAX_CAUSES:
        yield f"_showing {MAX_CAUSES} of {len(causes)} causes_"


def _cause(cause: Cause, now: datetime) -> Iterable[str]:
    yield f"*{words(sentence(cause.summary), MAX_SUMMARY)}* — {cause.band}, {cause.role} · {code(cause.code)}"
    evidence = records(cause.evidence)
    for item in evidence[:MAX_EVIDENCE]:
        when = ""
        if item.at and not tells_its_time(item):
            when = f" · {utc_time(item.at, near=abs(now - item.at).days < 1, seconds=True)}"
        yield f"• {words(item.text, MAX_TEXT)}{when} · {code(item.source)}"
    if len(evidence) > MAX_EVIDENCE:
        yield f"_showing {MAX_EVIDENCE} of {len(evidence)} records_"
    for item in records(cause.against)[:MAX_EVIDENCE]:
        yield f"Against it: {words(item.text, MAX_TEXT)} · {code(item.source)}"
    if cause.advice:
        yield f"What to do: {words(cause.advice, MAX_INSTRUCTION)}"
    if cause.overturned_by:
        yield f"What would overturn it: {instruction(cause.overturned_by, MAX_INSTRUCTION)}"
    links = [
        found
        for number, url in enumerate(cause.docs[:MAX_DOCS], 1)
        if (found := link(url, f"AWS documentation {number}"))
    ]
    if links:
        yield " · ".join(links)


def _checks(checks: Sequence[Check]) -> list[Block]:
    children = []
    for status, title in _STATUS_WORDS:
        chosen = [check for check in checks if check.status == status]
        if chosen:
            listed = _with_reasons(chosen) if status in _WITH_REASON else _codes_alone(chosen)
            children.append(section(f"*{title}* ({len(chosen)})\n{listed}"))
    return children


def _with_reasons(checks: Sequence[Check]) -> str:
    lines = [f"{code(check.code)} {words(check.reason, MAX_TEXT)}" for check in checks[:MAX_LISTED]]
    return whole_lines(lines, MAX_REASONS, total=len(checks))


def _codes_alone(checks: Sequence[Check]) -> str:
    return whole_lines([code(check.code) for check in checks[:MAX_CODED]], MAX_CODES, len(checks), separator=", ")


def _gaps(gaps: Sequence[ReportGap]) -> list[Block]:
    children = [section(gap_in_words(gap)) for gap in gaps[:MAX_GAPS]]
    if len(gaps) > MAX_GAPS:
        children.append(section(f"_showing {MAX_GAPS} of {len(gaps)}_"))
    return children


def gap_in_words(gap: ReportGap) -> str:
    """What was not read, and the statement or sentence that would let it be read; half a statement helps nobody."""
    text = f"{code(gap.action)} on {code(gap.resource, MAX_TEXT)}: {words(error_in_words(gap.error), MAX_TEXT)}"
    if not gap.fix:
        return text
    fix = block(gap.fix, MAX_STATEMENT) if gap.fix.lstrip().startswith("{") else words(gap.fix, MAX_TEXT)
    return f"{text}\n{fix}" if fix else text
