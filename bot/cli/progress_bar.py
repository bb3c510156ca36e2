"""How far many things are, on stderr and only for a person who waits at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from bot.cli.output import console
from bot.cli.progress import MAX_TEXT
from diagnostics import printable

if TYPE_CHECKING:
    from diagnostics.question import Progress, ProgressListener

WORDS: Final = {"finding": "finding", "reading": "reading", "judging": "looking", "done": "done"}
BAR_COLUMNS: Final = 24
NARROW: Final = 60
"""In a window of fewer columns the words have the room of the bar."""


@contextmanager
def bar_on_stderr() -> Iterator[ProgressListener]:
    """A listener that keeps a bar up to date and takes it away at the end; silent when stderr is no terminal."""
    screen = console(sys.stderr)
    if not screen.is_terminal or screen.is_dumb_terminal:
        yield _silent
        return
    from rich.progress import BarColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as Bar
    from rich.table import Column
    from rich.text import Text

    columns = [SpinnerColumn()]
    with_bar = [BarColumn(bar_width=BAR_COLUMNS)] if screen.width >= NARROW else []
    told = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis"))
    with Bar(*columns, *with_bar, told, console=screen, transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def listen(step: Progress) -> None:
            bar.update(task, description=Text(in_words(step)).plain, completed=step.done, total=step.total or None)

        yield listen


def in_words(step: Progress) -> str:
    """``14 of 40 · reading services in prod, us-east-1``"""
    counted = f"{step.done} of {step.total} · " if step.total > 0 else ""
    return f"{counted}{WORDS[step.step]} {printable.line(step.text, MAX_TEXT)}"


def _silent(step: Progress) -> None:
    """Nobody waits."""
