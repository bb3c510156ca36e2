"""What is happening right now, on stderr and only for a person who waits at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from bot.cli.output import console
from diagnostics import printable

if TYPE_CHECKING:
    from diagnostics.question import Progress, ProgressListener

MAX_TEXT: Final = 120
MAX_HEADLINE: Final = 300
STEP_WORDS: Final = {"finding": "finding", "reading": "reading", "judging": "judging", "done": "done"}


@contextmanager
def shown_on_stderr() -> Iterator[ProgressListener]:
    """A listener that keeps one line up to date and takes it away at the end; silent when stderr is no terminal."""
    screen = console(sys.stderr)
    if not screen.is_terminal or screen.is_dumb_terminal:
        yield _silent
        return
    from rich.text import Text

    with screen.status(Text("starting")) as status:

        def listen(step: Progress) -> None:
            if step.so_far is not None:
                screen.print(Text(so_far(step)))
            status.update(Text(in_words(step), no_wrap=True, overflow="ellipsis"))

        yield listen


def in_words(step: Progress) -> str:
    """``reading 14 of 32 · target health``"""
    counted = f" {step.done} of {step.total}" if step.total > 0 else ""
    text = printable.line(step.text, MAX_TEXT)
    return STEP_WORDS[step.step] + counted + (f" · {text}" if text else "")


def so_far(step: Progress) -> str:
    """``so far: checkout · 504 from the load balancer since 03:12 UTC (still reading access logs)``"""
    headline = printable.line(step.so_far.headline if step.so_far else "", MAX_HEADLINE)
    return f"so far: {headline} (still reading {printable.line(step.text, MAX_TEXT)})"


def _silent(step: Progress) -> None:
    """Nobody waits."""
