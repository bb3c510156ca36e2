"""`alb502 report`: a report that the bot has kept, for the post-mortem."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli import configured, formats
from bot.cli.exits import BAD_USAGE, NO_REPORT, CommandError
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
    from redis.exceptions import RedisError

    from bot.store.address import where
    from bot.store.connection import StoreError, open_client
    from bot.store.private import attach
    from bot.store.reports import Reports

    url = settings.redis_url.get_secret_value() if settings.redis_url else None
    try:
        client = open_client(url) if url else attach(settings.state_dir)
    except StoreError as error:
        raise CommandError(str(error), status=NO_REPORT) from None
    try:
        found = Reports(client, settings.limits.reports_days).load(report_id)
    except RedisError as error:
        place = where(url) if url else str(settings.state_dir)
        said = f"the store at {place} does not answer ({type(error).__name__}); start it or correct REDIS_URL"
        raise CommandError(said, status=NO_REPORT) from None
    finally:
        client.close()
    if found is None:
        days = settings.limits.reports_days
        raise CommandError(f"no report {report_id} is kept; reports are forgotten after {days} days", status=BAD_USAGE)
    return found
