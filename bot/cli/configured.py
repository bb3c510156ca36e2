"""The settings of this environment, or one line for each that is wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bot.cli.exits import BAD_USAGE, CommandError
from bot.cli.output import lead_logs_to_stderr

if TYPE_CHECKING:
    from bot.settings import Settings


def settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Raises `CommandError` (bad usage)."""
    from bot.settings import SettingsError, load
    from bot.telemetry import known_secrets

    lead_logs_to_stderr()  # whoever reads the store or AWS comes here first
    environ = os.environ if environ is None else environ
    known_secrets.learn(known_secrets.secrets_in(environ))
    try:
        found = load(environ)
    except SettingsError as wrong:
        raise CommandError(*wrong.lines, status=BAD_USAGE) from None
    known_secrets.learn(known_secrets.secrets_of(found))
    return found
