"""`alb502 report`: a report that the bot has kept, for the post-mortem."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from bot.cli import configured, formats, options
from bot.cli.exits import BAD_USAGE, CommandError
from bot.cli.stored import REPORT_ID, opened, report_in
from diagnostics import printable

EXAMPLE: Final = "Example: alb502 report r-0123456789ab --format markdown > post-mortem.md"
MAX_SHOWN: Final = 60


def report(
    report_id: Annotated[
        str, typer.Argument(metavar="REPORT-ID", help="As the bot showed it, such as r-0123456789ab.")
    ],
    as_json: options.AsJson = False,
    form: options.Form = None,
) -> None:
    """Print a report that the bot has kept. Reads REDIS_URL, or the store of the bot on this machine."""
    shape = formats.chosen(form, as_json)
    if REPORT_ID.fullmatch(report_id) is None:
        shown = printable.line(report_id, MAX_SHOWN)
        raise CommandError(f"REPORT-ID {shown!r}: a report is called like r-0123456789ab", status=BAD_USAGE)
    settings = configured.settings()
    with opened(settings) as redis:
        found = report_in(redis, report_id, settings.limits.reports_days)
    formats.show(found, shape)
