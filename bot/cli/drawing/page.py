"""The few shapes that every page is made of. Foreign text becomes `rich.text.Text`, never markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from diagnostics import printable

MAX_SENTENCE: Final = 600
MAX_STATEMENT: Final = 2_000
INDENT: Final = 2
BETWEEN: Final = " · "

Line = tuple[Text, Text]


def said(text: str, style: str = "", limit: int = MAX_SENTENCE) -> Text:
    """Foreign text as one paragraph."""
    return Text(printable.line(text, limit), style=style, overflow="fold")


@dataclass(frozen=True, slots=True)
class Joined:
    """``a · b · c``; a line that is too long for the window ends in a dot, not within a part if that can be helped."""

    parts: tuple[Text, ...]
    style: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        shown: list[Text] = []
        for number, part in enumerate(self.parts):
            dotted = part.copy()
            if number < len(self.parts) - 1:
                dotted.append(BETWEEN.rstrip(), style=self.style)
            if shown and shown[-1].cell_len + 1 + dotted.cell_len <= options.max_width:
                shown[-1] = Text.assemble(shown[-1], " ", dotted, overflow="fold")
            else:
                shown.append(dotted)
        yield from shown

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        widths = [part.cell_len for part in self.parts]
        whole = sum(widths) + len(BETWEEN) * max(len(widths) - 1, 0)
        return Measurement(min(max(widths, default=0), options.max_width), min(whole, options.max_width))


def joined(parts: Iterable[str | Text], style: str = "") -> Joined:
    """``a · b · c`` without the empty ones."""
    return Joined(tuple(part if isinstance(part, Text) else said(part, style) for part in parts if part), style)


@dataclass(frozen=True, slots=True)
class Fitting:
    """A table where the window is as wide as it needs; else the same, one below the other."""

    table: Table
    narrow: RenderableType
    columns: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self.table if options.max_width >= self.columns else self.narrow

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(1, options.max_width)


def clock(at: datetime, today: datetime) -> str:
    """The time in UTC, with the day unless it is today's."""
    return f"{at:%H:%M:%S}" if at.date() == today.date() else f"{at:%d %b %H:%M}"


class Statement(Text):
    """A command or statement to paste. It is never wrapped by us, so that copying it gives it back whole."""


def statement(text: str) -> Statement:
    return Statement(" " * INDENT + printable.lines(text, MAX_STATEMENT), style="cyan")


def titled(title: str, *body: RenderableType, style: str = "bold") -> Iterator[RenderableType]:
    """An empty line, a title, and the body indented below it."""
    yield Text()
    yield Text(title, style=style)
    yield from (one if isinstance(one, Statement) else indented(one) for one in body)


def indented(body: RenderableType) -> Padding:
    return Padding(body, (0, 0, 0, INDENT))


def showing(shown: int, total: int) -> Iterator[Text]:
    """Says that a list was cut, where it was."""
    if total > shown:
        yield Text(f"showing {shown} of {total}", style="dim italic")


def lines(pairs: Iterable[tuple[Text, RenderableType]]) -> Table:
    """Two columns: a short label that is never cut, and text that wraps beside it."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for label, text in pairs:
        grid.add_row(label, text)
    return grid
