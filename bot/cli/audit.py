"""`alb502 audit`: who asked for, saw, approved, refused, made and undid what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli import asking, configured, options
from bot.cli.exits import BAD_USAGE, CommandError
from bot.cli.output import draw, note, write
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
    since: options.SinceKept = DEFAULT_SINCE,
    as_json: options.JsonLines = False,
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
    begin = asking.since_when(since, datetime.now(UTC))
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
    from bot.cli.drawing.audit import drawn

    draw(*(drawn(kept.record) for kept in records))
