"""Errors over time at a terminal, as wide as the window lets it be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from bot.cli.drawing.page import titled
from diagnostics.picture import NARROWEST, picture, text_lines
from diagnostics.report import Report

MAX_COLUMNS: Final = 60


@dataclass(frozen=True, slots=True)
class Sparklines:
    """The picture of a report in as many columns as there is room for."""

    report: Report

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        widest = picture(self.report, MAX_COLUMNS)
        names = max(len(row.name) for row in widest.rows) + 1 if widest else 0
        columns = max(NARROWEST, min(MAX_COLUMNS, options.max_width - names))
        if (shown := picture(self.report, columns)) is not None:
            yield Text("\n".join(text_lines(shown)), no_wrap=True, overflow="crop")


def errors_over_time(report: Report) -> Iterator[RenderableType]:
    if picture(report, MAX_COLUMNS) is not None:
        yield from titled("Errors over time", Sparklines(report))
