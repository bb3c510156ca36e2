"""A line of the audit at a terminal: when, then what was done, then by whom and where."""

from __future__ import annotations

from typing import Final

from rich.console import RenderableType
from rich.text import Text

from bot.cli.drawing.page import joined, lines, said
from remediations.audit import Record

MAX_WHAT: Final = 300


def drawn(record: Record) -> RenderableType:
    who = record.who.id if record.who else "alb502"
    name = f"{record.who.name} ({who})" if record.who and record.who.name else who
    what = said(record.event, "bold").append("  ").append(said(record.title, limit=MAX_WHAT))
    if record.text:
        what.append(": ").append(said(record.text, limit=MAX_WHAT))
    where = joined((f"by {name}", f"{record.account} {record.region}", record.report, record.ticket), "dim")
    return lines([(Text(f"{record.at:%Y-%m-%d %H:%M:%S} UTC"), what), (Text(), where)])
