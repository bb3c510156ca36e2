"""The fixes of a report at a terminal: what each changes, the command that does it, and how it is undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from bot.cli.drawing.page import MAX_STATEMENT, indented, lines, said, showing, statement, titled
from diagnostics.by_hand import blanks
from diagnostics.fix_wording import change_in_words, fixes, fixes_of_risks, risk_in_words, undo_in_words
from diagnostics.report import Remediation, Report

MAX_SHOWN: Final = 4
MAX_BRIEF: Final = 6
MAX_CHANGES: Final = 8
MAX_WARNINGS: Final = 4
TOO_LONG: Final = "a command too long for a page; --json has it"


def drawn_fixes(report: Report) -> Iterator[RenderableType]:
    """Those for causes with everything that is needed to make them, those for risks by name."""
    offered = list(fixes(report))
    found = [remediation for _, remediation in offered]
    if found:
        yield from titled("Fixes")
    for cause, remediation in offered[:MAX_SHOWN]:
        yield from drawn_fix(remediation, of="" if cause is report.causes[0] else cause.code)
    yield from _brief(found[MAX_SHOWN:])
    reasons = dict.fromkeys(one.why_not for one in found if one.why_not and not one.allowed)
    for reason in reasons:
        yield indented(said(f"not offered for approval: {reason}", "dim"))
    of_risks = [remediation for _, remediation in fixes_of_risks(report)]
    if of_risks:
        yield from titled("Fixes for what is at risk", style="")
        yield from _brief(of_risks)


def drawn_fix(fix: Remediation, of: str = "") -> Iterator[RenderableType]:
    """One fix with everything that is needed to decide about it. `of`: its cause, where that is not the first."""
    title = said(fix.title)
    title.append(f"  {risk_in_words(fix)}, {said(fix.id)}{said(f', for {of}') if of else ''}", style="dim")
    yield indented(lines([(Text("•"), title)]))
    for change in fix.changes[:MAX_CHANGES]:
        yield _below(said(change_in_words(change)))
    yield from map(_below, showing(MAX_CHANGES, len(fix.changes)))
    if fix.touches:
        yield _below(said(f"touches: {fix.touches}", "dim"))
    for warning in fix.warnings[:MAX_WARNINGS]:
        yield _below(said(f"mind: {warning}", "yellow"))
    yield from map(_command, fix.aws_cli)
    yield from (_below(said(f"fill in {blank}", "dim")) for blank in blanks(fix.aws_cli))
    same = fix.undo.aws_cli == fix.aws_cli
    yield _below(said(undo_in_words(fix.undo) + ("; with the same commands" if same and fix.aws_cli else ""), "dim"))
    yield from map(_command, () if same else fix.undo.aws_cli)
    yield from (_below(said(f"fill in {blank}", "dim")) for blank in blanks(fix.undo.aws_cli, back=True))


def _brief(found: list[Remediation]) -> Iterator[RenderableType]:
    for fix in found[:MAX_BRIEF]:
        text = said(fix.title)
        text.append(f"  {risk_in_words(fix)}, {said(fix.id)}", style="dim")
        yield indented(lines([(Text("•"), text)]))
    yield from map(indented, showing(MAX_BRIEF, len(found)))


def _command(text: str) -> RenderableType:
    return statement(text) if len(text) <= MAX_STATEMENT else _below(said(TOO_LONG, "dim"))


def _below(body: RenderableType) -> RenderableType:
    return indented(indented(body))
