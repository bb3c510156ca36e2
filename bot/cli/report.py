"""`alb502 report`: a report that the bot has kept, for the post-mortem."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli import configured, formats
from bot.cli.exits import BAD_USAGE, CommandError
from bot.cli.stored import opened
from diagnostics import printable

if TYPE_CHECKING:
    from bot.settings import Settings
    from diagnostics.report import Report

EXAMPLE: Final = "Example: alb502 report r-0123456789ab --format markdown > post-mortem.md"
MAX_SHOWN: Final = 60
_ID: Final = re.compile(r"r-[0-9a-z]{1,64}", re.ASCII)


def report(
    report_id: Annotated[
        str, typer.Argument(metavar="REPORT-ID", help="As the bot showed it, such as r-0123456789ab.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    form: Annotated[formats.Format | None, typer.Option("--format", help="How to print the report.")] = None,
) -> None:
    """Print a report that the bot has kept. Reads REDIS_URL, or the store of the bot on this machine."""
    shape = formats.chosen(form, as_json)
    if _ID.fullmatch(report_id) is None:
        shown = printable.line(report_id, MAX_SHOWN)
        raise CommandError(f"REPORT-ID {shown!r}: a report is called like r-0123456789ab", status=BAD_USAGE)
    formats.show(_kept(configured.settings(), report_id), shape)


def _kept(settings: Settings, report_id: str) -> Report:
    from bot.store.reports import Reports

    with opened(settings) as redis:
        found = Reports(redis, settings.limits.reports_days).load(report_id)
    if found is None:
        days = settings.limits.reports_days
        raise CommandError(f"no report {report_id} is kept; reports are forgotten after {days} days", status=BAD_USAGE)
    return found
