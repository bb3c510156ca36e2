"""`alb502 mcp`: the diagnosis for AI assistants."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING, Final

from bot.cli import configured
from bot.cli.diagnose import own_records
from bot.cli.exits import BAD_USAGE, CommandError
from bot.cli.output import note
from bot.cli.stored import opened

if TYPE_CHECKING:
    from bot.settings import Settings
    from diagnostics.report import Report

EXAMPLE: Final = "Example: claude mcp add alb502 -- alb502 mcp"


def mcp() -> None:
    """Offer diagnose, explain and timeline to an AI assistant, over stdin and stdout. Changes nothing."""
    if importlib.util.find_spec("mcp") is None:
        raise CommandError("this command needs its extra: pip install 'alb502[mcp]'", status=BAD_USAGE)
    settings = configured.settings()
    from bot.diagnosing import diagnoser
    from bot.mcp.desk import Desk
    from bot.mcp.server import serve

    if sys.stdin.isatty():
        note("waiting for a client on stdin; docs/mcp.md says how to add this server to one, Ctrl-C ends it")
    serve(Desk(diagnoser(settings, own=own_records(settings)), lambda report_id: _kept(settings, report_id)))


def _kept(settings: Settings, report_id: str) -> Report | None:
    """Raises `NoAnswerError` when the store cannot be reached: an assistant can ask anew, and start no bot."""
    from bot.mcp.desk import KEPT_REPORTS, NoAnswerError
    from bot.store.reports import Reports

    try:
        with opened(settings) as redis:
            return Reports(redis, settings.limits.reports_days).load(report_id)
    except CommandError as error:
        last = f"{report_id} is none of the last {KEPT_REPORTS} reports of this server"
        raise NoAnswerError(f"{last}, and others cannot be read: ask again with target. ({error})") from None
