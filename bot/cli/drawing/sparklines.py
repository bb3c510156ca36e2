"""Errors over time at a terminal, as wide as the window lets it be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from bot.cli.drawing.page import titled
from diagnostics.picture import NARROWEST, Picture, text_lines

MAX_COLUMNS: Final = 60


@dataclass(frozen=True, slots=True)
class Sparklines:
    """A picture in as many columns as there is room for."""

    in_columns: Callable[[int], Picture | None]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        widest = self.in_columns(MAX_COLUMNS)
        names = max(len(row.name) for row in widest.rows) + 1 if widest else 0
        if (shown := self.in_columns(max(NARROWEST, min(MAX_COLUMNS, options.max_width - names)))) is not None:
            yield Text("\n".join(text_lines(shown)), no_wrap=True, overflow="crop")


def errors_over_time(in_columns: Callable[[int], Picture | None]) -> Iterator[RenderableType]:
    """`in_columns`: the picture in at most so many, None where there were no errors."""
    if in_columns(MAX_COLUMNS) is not None:
        yield from titled("Errors over time", Sparklines(in_columns))
