"""Why not …? For any check: what became of it, what was looked at, and what would change it."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from typing import Final

from diagnostics import causes
from diagnostics.causes.cause import CauseSpec
from diagnostics.digest import foremost, sentence
from diagnostics.report import Cause, Check, CheckStatus, Report
from handlers.controls.control import Outcome, Visit, Window, control
from handlers.views.blocks import Block, section, whole_lines
from handlers.views.details import gap_in_words
from handlers.views.escape import code, instruction, words
from handlers.views.modals import MAX_OPTIONS, Option, View, grouped_choice, modal

TITLE: Final = "Why not …?"
CHECK: Final = "check"
MAX_REASON: Final = 600
MAX_TEXT: Final = 300
MAX_SUMMARY: Final = 320
MAX_EVIDENCE: Final = 4
MAX_GAPS: Final = 3
MAX_INSTRUCTION: Final = 700
MAX_BODY: Final = 2_800
_STATUS: Final[tuple[tuple[CheckStatus, str, str], ...]] = (
    ("found", "Found", "It *is* named: it was found."),
    ("risk", "Risks", "It is a risk: the setting can hurt, and no effect of its kind was seen."),
    ("unknown", "Could not be decided", "It could *not be decided*."),
    ("clear", "Clear", "It is *clear*: what was read speaks against it."),
    ("not_applicable", "Does not apply", "It *does not apply* here."),
)


def _answer(visit: Visit) -> Outcome:
    chosen = visit.click.values.get(CHECK, "")
    check = next((one for one in visit.report.checks if one.code == chosen), None)
    if check is None:
        return Window(_window(visit, [section("Choose one of the checks of this answer.")]))
    return Window(_window(visit, [*_told(visit.report, check, causes.catalogue().get(check.code))]))


@control(
    name="why-not",
    label="Why not …?",
    rank=50,
    opens=True,
    offered=lambda report: bool(report.checks),
    submitted=_answer,
)
def why_not(visit: Visit) -> Outcome:
    """Asks which check."""
    return Window(_window(visit, []))


def _window(visit: Visit, answer: Sequence[Block]) -> View:
    """The menu stays below the answer, so that the next one can be asked."""
    about = visit.click.opened_by or visit.click.id
    menu = grouped_choice(CHECK, "Which check", list(_groups(visit.report)))
    return modal(TITLE, [*answer, menu], callback_id="control-why-not", about=about, submit="Say why")


def _groups(report: Report) -> Iterable[tuple[str, list[Option]]]:
    specs = causes.catalogue()
    for status, heading, _ in _STATUS:
        options = [
            (_title(check, specs.get(check.code)), check.code) for check in report.checks if check.status == status
        ]
        for begin in range(0, len(options), MAX_OPTIONS):
            yield (heading if begin == 0 else f"{heading} (more)"), options[begin : begin + MAX_OPTIONS]


def _title(check: Check, spec: CauseSpec | None) -> str:
    return spec.title if spec else check.code


def _told(report: Report, check: Check, spec: CauseSpec | None) -> Iterable[Block]:
    said = next(text for status, _, text in _STATUS if status == check.status)
    title = words(_title(check, spec), MAX_TEXT)
    reason = f"\n{words(check.reason, MAX_REASON)}" if check.reason else ""
    yield section(f"*{title}* · {code(check.code)}\n{said}{reason}")
    named = next((one for one in (*report.causes, *report.risks) if one.code == check.code), None)
    if named is not None:
        yield section(whole_lines([*_named(named)], MAX_BODY))
    if spec is not None:
        yield section(f"*What decides it*: {words(inspect.cleandoc(spec.description), MAX_BODY)}")
        yield section(f"*Looked at*: {_facts(spec)}.")
    yield from _what_would_change_it(report, check, named)


def _named(cause: Cause) -> Iterable[str]:
    yield f"{words(sentence(cause.summary), MAX_SUMMARY)} — {cause.band}, {cause.role}"
    for item in foremost(cause.evidence, MAX_EVIDENCE):
        yield f"• {words(item.text, MAX_TEXT)} · {code(item.source)}"


def _facts(spec: CauseSpec) -> str:
    names = dict.fromkeys(kind.name.replace("_", " ") for kind in (*spec.needs, *spec.uses))
    return ", ".join(names) or "what the other checks leave unexplained"


def _what_would_change_it(report: Report, check: Check, named: Cause | None) -> Iterable[Block]:
    if named is not None and named.overturned_by:
        yield section(f"*What would change it*: {instruction(named.overturned_by, MAX_INSTRUCTION)}")
    unread = [gap for gap in report.gaps if check.code in gap.affects][:MAX_GAPS]
    if unread:
        yield section("*Not read for it*, and what would let me read it:")
        yield from (section(gap_in_words(gap)) for gap in unread)
