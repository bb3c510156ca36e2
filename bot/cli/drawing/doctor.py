"""What the doctor found, at a terminal: the worst first, and what to paste as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from bot.cli.drawing.page import Statement, indented, said
from bot.doctor.finding import MAX_PASTE, Examination, Finding, Paste, Status
from diagnostics import printable
from diagnostics.printable import counted, first_few

TITLES: Final[tuple[tuple[Status, str, str], ...]] = (
    ("problem", "Will not work", "bold red"),
    ("less", "Works with less", "bold yellow"),
    ("unchecked", "Not checked", "bold"),
    ("well", "Works", "bold green"),
)
MAX_CAUSES: Final = 8


def drawn(found: Examination) -> Iterator[RenderableType]:
    yield Text(_headline(found), style="bold")
    for status, title, style in TITLES:
        findings = found.with_status(status)
        if findings:
            yield Text()
            yield Text(title, style=style)
        for one in findings:
            yield from _finding(one)


def _headline(found: Examination) -> str:
    problems, less, unchecked = (len(found.with_status(one)) for one in ("problem", "less", "unchecked"))
    verdict = f"{counted(problems, 'problem')}" if problems else "all is well"
    more = [f"{less} with less"] if less else []
    more += [f"{unchecked} not checked"] if unchecked else []
    whose = f" · role {found.role}" if found.role else ""
    return " · ".join([f"alb502 doctor: {verdict}", *more]) + whose


def _finding(one: Finding) -> Iterator[RenderableType]:
    if one.status == "unchecked":
        why = one.why.rstrip(".")
        yield indented(said(f"{one.says}, because {why}" if why else one.says))
    else:
        yield indented(said(one.says, "bold" if one.status == "problem" else ""))
        if one.why:
            yield _deeper(f"Why: {one.why}")
    if one.leaves_open:
        yield _deeper(f"Cannot be judged: {first_few(one.leaves_open, MAX_CAUSES)}", "dim")
    if one.to_do:
        yield _deeper(f"Do: {one.to_do}")
    for paste in one.paste:
        yield from _paste(paste)


def _paste(paste: Paste) -> Iterator[RenderableType]:
    yield _deeper(f"Paste into {paste.into}:")
    yield Statement(printable.lines(paste.text, MAX_PASTE), style="cyan")


def _deeper(text: str, style: str = "") -> RenderableType:
    return indented(indented(said(text, style)))
