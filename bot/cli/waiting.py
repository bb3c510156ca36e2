"""A line for a person who waits at a terminal, taken away at the end."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bot.cli.output import console


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """Silent when stderr is no terminal."""
    screen = console(sys.stderr)
    if not screen.is_terminal or screen.is_dumb_terminal:
        yield
        return
    with screen.status(text):
        yield
