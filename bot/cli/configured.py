"""The settings of this environment, or one line for each that is wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bot.cli.exits import BAD_USAGE, CommandError

if TYPE_CHECKING:
    from bot.settings import Settings


def settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Raises `CommandError` (bad usage)."""
    from bot.settings import SettingsError, load

    try:
        return load(os.environ if environ is None else environ)
    except SettingsError as wrong:
        raise CommandError(*wrong.lines, status=BAD_USAGE) from None
