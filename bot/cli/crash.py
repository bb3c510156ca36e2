"""The unexpected error: a reference and a file for whoever repairs it, one line for whoever met it."""

from __future__ import annotations

import os
import secrets
import tempfile
import traceback
from pathlib import Path
from typing import Final

from bot import __version__

KEPT_FILES: Final = 20
MAX_CHARS: Final = 100_000


def keep(error: BaseException) -> tuple[str, Path | None]:
    """Writes the traceback, without secrets, where only this user can read it: people attach it to reports of bugs.

    Returns its reference and the file, if there is one.
    """
    from bot.telemetry.logs import hidden

    reference = f"e-{secrets.token_hex(4)}"
    text = f"alb502 {__version__}, reference {reference}\n" + hidden("".join(traceback.format_exception(error)))
    for directory in (_state_dir() / "errors", Path(tempfile.gettempdir())):
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = directory / f"alb502-{reference}.txt"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
                file.write(text[-MAX_CHARS:])
        except OSError:
            continue
        _forget_old(directory)
        return reference, path
    return reference, None


def _state_dir() -> Path:
    """The settings may be what failed, so only their variable and default are used."""
    named = os.environ.get("ALB502_STATE_DIR") or "~/.local/state/alb502"
    try:
        return Path(named).expanduser()
    except RuntimeError:  # no home directory
        return Path(tempfile.gettempdir())


def _forget_old(directory: Path) -> None:
    files = sorted(directory.glob("alb502-e-*.txt"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files[KEPT_FILES:]:
        path.unlink(missing_ok=True)
