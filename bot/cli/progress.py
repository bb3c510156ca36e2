"""What is happening right now, on stderr, only for a person who waits at a terminal, and taken away at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from bot.cli.output import live_screen
from diagnostics import printable

if TYPE_CHECKING:
    from diagnostics.question import Progress, ProgressListener

MAX_TEXT: Final = 120
MAX_HEADLINE: Final = 300
BAR_WORDS: Final = {"finding": "finding", "reading": "reading", "judging": "looking", "done": "done"}
BAR_COLUMNS: Final = 24
NARROW: Final = 60
"""In a window of fewer columns the words have the room of the bar."""


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """One line that stays the same."""
    screen = live_screen()
    if screen is None:
        yield
        return
    with screen.status(text):
        yield


@contextmanager
def line_on_stderr() -> Iterator[ProgressListener]:
    """A listener that keeps one line up to date."""
    screen = live_screen()
    if screen is None:
        yield _silent
        return
    from rich.text import Text

    with screen.status(Text("starting")) as status:

        def listen(step: Progress) -> None:
            if step.so_far is not None:
                screen.print(Text(so_far(step)))
            status.update(Text(in_words(step), no_wrap=True, overflow="ellipsis"))

        yield listen


@contextmanager
def bar_on_stderr() -> Iterator[ProgressListener]:
    """A listener that keeps a bar up to date: how far many things are."""
    screen = live_screen()
    if screen is None:
        yield _silent
        return
    from rich.progress import BarColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as Bar
    from rich.table import Column

    with_bar = [BarColumn(bar_width=BAR_COLUMNS)] if screen.width >= NARROW else []
    told = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis"))
    with Bar(SpinnerColumn(), *with_bar, told, console=screen, transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def listen(step: Progress) -> None:
            bar.update(task, description=beside_bar(step), completed=step.done, total=step.total or None)

        yield listen


def in_words(step: Progress) -> str:
    """``reading 14 of 32 · target health``"""
    counted = f" {step.done} of {step.total}" if step.total > 0 else ""
    text = printable.line(step.text, MAX_TEXT)
    return step.step + counted + (f" · {text}" if text else "")


def beside_bar(step: Progress) -> str:
    """``14 of 40 · reading services in prod, us-east-1``"""
    counted = f"{step.done} of {step.total} · " if step.total > 0 else ""
    return f"{counted}{BAR_WORDS[step.step]} {printable.line(step.text, MAX_TEXT)}"


def so_far(step: Progress) -> str:
    """``so far: checkout · 504 from the load balancer since 03:12 UTC (still reading access logs)``"""
    headline = printable.line(step.so_far.headline if step.so_far else "", MAX_HEADLINE)
    return f"so far: {headline} (still reading {printable.line(step.text, MAX_TEXT)})"


def _silent(step: Progress) -> None:
    """Nobody waits."""
