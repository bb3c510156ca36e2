"""What folds below the answer: evidence, timeline, every check, what was not read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from diagnostics.digest import event_in_words, records, sentence, telling, tells_its_time
from diagnostics.report import Cause, Check, CheckStatus, Report, ReportGap, TimelineEntry
from handlers.views.blocks import MAX_SECTION, Block, Part, folded, section, whole_lines
from handlers.views.escape import block, code, instruction, link, moment, utc_time, words

MAX_CAUSES: Final = 4
MAX_EVIDENCE: Final = 6
MAX_DOCS: Final = 2
MAX_EVENTS: Final = 12
MAX_GAPS: Final = 4
MAX_REASONS: Final = 1_000
MAX_CODES: Final = 2_000
MAX_EVENT: Final = 130
MAX_TEXT: Final = 240
MAX_INSTRUCTION: Final = 700
MAX_STATEMENT: Final = 900
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


def folded_parts(report: Report, now: datetime) -> tuple[Part, ...]:
    """The folds in reading order; in a message that is too large the checks go first, the evidence last."""
    return (
        Part(5, folded("Evidence", [section(text) for text in _evidence(report.causes, now)])),
        Part(6, folded("Timeline", _one(_timeline(report, now)))),
        Part(8, folded(f"All {len(report.checks)} checks", _checks(report.checks))),
        Part(7, folded("Not read, and what would let me read it", _gaps(report.gaps))),
    )


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
    yield f"*{words(sentence(cause.summary), MAX_TEXT)}* — {cause.band}, {cause.role} · {code(cause.code)}"
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
    return whole_lines([f"{code(check.code)} {words(check.reason, MAX_TEXT)}" for check in checks], MAX_REASONS)


def _codes_alone(checks: Sequence[Check]) -> str:
    return whole_lines([code(check.code) for check in checks], MAX_CODES, separator=", ")


def _gaps(gaps: Sequence[ReportGap]) -> list[Block]:
    children = [section(_gap(gap)) for gap in gaps[:MAX_GAPS]]
    if len(gaps) > MAX_GAPS:
        children.append(section(f"_showing {MAX_GAPS} of {len(gaps)}_"))
    return children


def _gap(gap: ReportGap) -> str:
    text = f"{code(gap.action)} on {code(gap.resource, MAX_TEXT)}: {words(gap.error, MAX_TEXT)}"
    if not gap.fix:
        return text
    statement = block(gap.fix, MAX_STATEMENT) if gap.fix.lstrip().startswith("{") else words(gap.fix, MAX_TEXT)
    return f"{text}\n{statement}" if statement else text


def _one(text: str) -> list[Block]:
    return [section(text)] if text else []
