"""`alb502 audit`: who asked for, saw, approved, refused, made and undid what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli import configured, when
from bot.cli.exits import BAD_USAGE, CommandError
from bot.cli.output import note, write
from bot.cli.stored import opened
from diagnostics import printable

if TYPE_CHECKING:
    from bot.store.audit import StoredAudit
    from remediations.audit import Kept

EXAMPLE: Final = "Example: alb502 audit --since 7d --json > audit.jsonl"
DEFAULT_SINCE: Final = "7d"
KEPT: Final = timedelta(days=30)
"""Later diagnoses ask it what alb502 changed."""
PAGE: Final = 500
MAX_WHAT: Final = 300
MAX_SHOWN: Final = 60


def audit(
    since: Annotated[
        str, typer.Option("--since", metavar="DURATION", help="How far to look back: 2h, 7d, 30d.")
    ] = DEFAULT_SINCE,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines with everything.")] = False,
    trim: Annotated[
        bool,
        typer.Option(
            "--trim",
            help=f"With --json: print all there is, then take out of the store what is older than {KEPT.days} days.",
        ),
    ] = False,
) -> None:
    """Print the audit, the oldest first. Reads REDIS_URL, or the store of the bot on this machine."""
    if trim and not (as_json and since == DEFAULT_SINCE):
        said = "--trim: add --json and leave --since out, as everything is printed before any of it is taken out"
        raise CommandError(said, status=BAD_USAGE)
    try:
        begin = datetime.now(UTC) - timedelta(seconds=when.duration_s(since, when.YEARS))
    except ValueError as error:
        raise CommandError(f"--since {printable.line(since, MAX_SHOWN)!r}: {error}", status=BAD_USAGE) from None
    with _opened() as stored:
        records = _records(stored, None if trim else begin)
        if as_json:
            for kept in records:
                write(kept.record.model_dump_json())
        else:
            _listed(records, since)
        if trim:
            gone = _trimmed(stored, records, datetime.now(UTC) - KEPT)
            note(f"{printable.counted(gone, 'line')} older than {KEPT.days} days taken out of the store")


def _trimmed(stored: StoredAudit, printed: list[Kept], until: datetime) -> int:
    """How many were taken out: of what was printed, the oldest, and nothing from a line on that could not be read."""
    unread = min((_place(one) for one in stored.unread), default=None)
    old = [*takewhile(lambda one: one.record.at < until and (unread is None or _place(one.id) < unread), printed)]
    if not old:
        return 0
    stored.exported(old[-1].id)
    return stored.trim()


def _place(entry_id: str) -> tuple[int, int]:
    """``1795230720000-3``: a moment, and a number within it."""
    moment, _, number = entry_id.partition("-")
    return int(moment), int(number or 0)


@contextmanager
def _opened() -> Iterator[StoredAudit]:
    from bot.store.audit import StoredAudit

    with opened(configured.settings()) as redis:
        yield StoredAudit(redis)


def _records(stored: StoredAudit, begin: datetime | None) -> list[Kept]:
    """All pages."""
    found = list(stored.read(begin, limit=PAGE))
    while found and (more := stored.read(begin, after=found[-1].id, limit=PAGE)):
        found += more
    if stored.unread:
        places = printable.line(", ".join(stored.unread), MAX_WHAT)
        note(f"{printable.counted(len(stored.unread), 'line')} of the audit could not be read: {places}")
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
