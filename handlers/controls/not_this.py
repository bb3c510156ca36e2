"""Not this cause: shows what comes next, and the one fact that tells the two apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from diagnostics.digest import digest, foremost, records, sentence
from diagnostics.report import Cause, Check, Report
from handlers.controls.control import Outcome, Visit, Window, control
from handlers.views.blocks import Block, context, section, whole_lines
from handlers.views.details import gap_in_words
from handlers.views.escape import code, instruction, words
from handlers.views.modals import modal

TITLE: Final = "Not this cause?"
MAX_EVIDENCE: Final = 4
MAX_TEXT: Final = 240
MAX_SUMMARY: Final = 320
MAX_INSTRUCTION: Final = 700
MAX_UNDECIDED: Final = 5
MAX_GAPS: Final = 3
MAX_BODY: Final = 2_600


@control(
    name="not-this",
    label="Not this cause?",
    rank=40,
    opens=True,
    offered=lambda report: bool(report.causes),
)
def not_this(visit: Visit) -> Outcome:
    """What the answer says of the runner-up; nothing is read for it."""
    return Window(modal(TITLE, [*_blocks(visit.report)], callback_id="control-not-this"))


def runner_up(report: Report) -> Cause | None:
    """What to believe when the first cause is wrong: one that competes with it, else another root, else a helper."""
    told = digest(report)
    return next(iter((*told.rivals, *told.also, *told.contributing)), None)


def _blocks(report: Report) -> Iterable[Block]:
    first = digest(report).first
    if first is None:
        yield section("This answer names no cause.")
        return
    yield section(f"*Named*: {words(sentence(first.summary), MAX_SUMMARY)} — {first.band}")
    if first.overturned_by:
        yield section(f"*It would be wrong if*: {instruction(first.overturned_by, MAX_INSTRUCTION)}")
    second = runner_up(report)
    if second is None:
        yield section("*Next*: nothing else that was checked fits what was observed.")
        yield from _undecided(report)
    else:
        yield section(whole_lines(list(_told(second)), MAX_BODY))
        if second.overturned_by:
            yield section(f"*This one would be wrong if*: {instruction(second.overturned_by, MAX_INSTRUCTION)}")
    yield context("If you know what it was, say so with *Was this right?* below the answer.")


def _told(cause: Cause) -> Iterable[str]:
    yield f"*Next*: {words(sentence(cause.summary), MAX_SUMMARY)} — {cause.band} · {code(cause.code)}"
    for item in foremost(cause.evidence, MAX_EVIDENCE):
        yield f"• {words(item.text, MAX_TEXT)} · {code(item.source)}"
    total = len(records(cause.evidence))
    if total > MAX_EVIDENCE:
        yield f"_showing {MAX_EVIDENCE} of {total} records_"
    for item in cause.against[:MAX_EVIDENCE]:
        yield f"Against it: {words(item.text, MAX_TEXT)} · {code(item.source)}"


def _undecided(report: Report) -> Iterable[Block]:
    """Where the cause may hide: what could not be decided, and what would let it be."""
    unknown = [check for check in report.checks if check.status == "unknown"]
    if not unknown:
        return
    lines = [_check(check) for check in unknown[:MAX_UNDECIDED]]
    yield section(whole_lines(["*Could not be decided*", *lines], MAX_BODY, total=len(unknown) + 1))
    for gap in report.gaps[:MAX_GAPS]:
        yield section(gap_in_words(gap))


def _check(check: Check) -> str:
    return f"• {code(check.code)} {words(check.reason, MAX_TEXT)}"
