"""A file that is given to a command, or standard input, as far as a command reads it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from bot.cli.exits import BAD_USAGE, CommandError
from diagnostics import printable

STDIN: Final = "-"
MAX_SHOWN: Final = 120


def bytes_of(file: str, most: int) -> bytes:
    """Raises `CommandError` when it cannot be read, or has more than `most` bytes."""
    try:
        if file == STDIN:
            raw = sys.stdin.buffer.read(most + 1)
        else:
            with Path(file).open("rb") as opened:
                raw = opened.read(most + 1)
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", None) or "not a file name").lower()
        raise CommandError(f"{shown(file)} cannot be read: {why}", status=BAD_USAGE) from None
    if len(raw) > most:
        raise CommandError(f"{shown(file)} is larger than {most:,} bytes", status=BAD_USAGE)
    return raw


def shown(file: str) -> str:
    return "standard input" if file == STDIN else printable.line(file, MAX_SHOWN)
