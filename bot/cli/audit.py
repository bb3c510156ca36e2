"""`alb502 audit`: who asked for, saw, approved, refused, made and undid what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli import configured, when
from bot.cli.exits import BAD_USAGE, NO_REPORT, CommandError
from bot.cli.output import write
from diagnostics import printable

if TYPE_CHECKING:
    from remediations.audit import Kept

EXAMPLE: Final = "Example: alb502 audit --since 7d --json > audit.jsonl"
DEFAULT_SINCE: Final = "7d"
PAGE: Final = 500
MAX_WHAT: Final = 300
MAX_SHOWN: Final = 60


def audit(
    since: Annotated[
        str, typer.Option("--since", metavar="DURATION", help="How far to look back: 2h, 7d, 30d.")
    ] = DEFAULT_SINCE,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines with everything.")] = False,
) -> None:
    """Print the audit, the oldest first. Reads REDIS_URL, or the store of the bot on this machine."""
    try:
        begin = datetime.now(UTC) - timedelta(seconds=when.duration_s(since, when.YEARS))
    except ValueError as error:
        raise CommandError(f"--since {printable.line(since, MAX_SHOWN)!r}: {error}", status=BAD_USAGE) from None
    records = _records(begin)
    if as_json:
        for kept in records:
            write(kept.record.model_dump_json())
    else:
        _listed(records, since)


def _records(begin: datetime) -> list[Kept]:
    """All pages."""
    from redis.exceptions import RedisError

    from bot.store.audit import StoredAudit
    from bot.store.connection import StoreError, open_client, where
    from bot.store.private import attach

    settings = configured.settings()
    url = settings.redis_url.get_secret_value() if settings.redis_url else None
    try:
        client = open_client(url) if url else attach(settings.state_dir)
        kept = StoredAudit(client)
        found = list(kept.read(begin, limit=PAGE))
        while found and (more := kept.read(begin, after=found[-1].id, limit=PAGE)):
            found += more
    except StoreError as error:
        raise CommandError(str(error), status=NO_REPORT) from None
    except RedisError as error:
        place = where(url) if url else str(settings.state_dir)
        said = f"the store at {place} does not answer ({type(error).__name__}); start it or correct REDIS_URL"
        raise CommandError(said, status=NO_REPORT) from None
    client.close()
    return found


def _listed(records: list[Kept], since: str) -> None:
    if not records:
        write(f"Nothing was asked for or done in the last {printable.line(since, MAX_SHOWN)}.")
        return
    for kept in records:
        record = kept.record
        who = record.who.id if record.who else "alb502"
        name = f"{record.who.name} ({who})" if record.who and record.who.name else who
        what = f"{record.title}{f': {record.text}' if record.text else ''}"
        write(f"{record.at:%Y-%m-%d %H:%M:%S} UTC  {record.event:<9} {printable.line(what, MAX_WHAT)}")
        place = f"{record.account} {record.region} · {record.report} · {record.ticket}"
        write(f"{' ' * 25}by {printable.line(name, MAX_WHAT)} · {printable.line(place, MAX_WHAT)}")
