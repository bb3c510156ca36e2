"""Exit statuses, and how a command ends with one line for people."""

from __future__ import annotations

from typing import Final

OK: Final = 0
NOT_WELL: Final = 1
"""`doctor` found something that will not work; `fix` was refused or failed."""
BAD_USAGE: Final = 2
"""Bad usage, or an unknown or ambiguous target."""
NO_REPORT: Final = 3
INTERRUPTED: Final = 130
READER_GONE: Final = 141
"""What a shell reports for a program that SIGPIPE ended."""


class CommandError(Exception):
    """The command cannot go on. `lines` are for people and say what to do; the first one is prefixed with `alb502:`."""

    def __init__(self, *lines: str, status: int) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.status = status


class ReaderGoneError(Exception):
    """Nobody reads our output any more, as after `alb502 … | head`."""
