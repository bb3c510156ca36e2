"""What stands above an answer once a fix has ended what it tells of: the answer says how it was, and is not edited."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from diagnostics.report import Report
from handlers.views.alarms import spell
from handlers.views.blocks import Message, Part, compose, parts_of, section
from handlers.views.escape import moment, person, words
from handlers.views.summary import SYMBOLS
from remediations.approval import Ticket
from remediations.watch import shows_recovery

MAX_TITLE: Final = 150
MAX_SIGN: Final = 200
BELOW: Final = "Below is how it was before; *Refresh* looks anew."
OPEN: Final = (SYMBOLS["broken"], SYMBOLS["degraded"])


def with_mended(message: Message, ticket: Ticket, report: Report) -> Message:
    """The answer, or its headline, with what has become of the fix above it. Unchanged where the answer is newer than
    that, and where there is nothing to tell."""
    line = _line(ticket, report)
    if line is None:
        return message
    is_over = ticket.state == "verified" and ticket.quiet is not False and shows_recovery(ticket.doing)
    parts = tuple(_calmed(parts_of(message))) if is_over else parts_of(message)
    text = _calm(message.text) if is_over else message.text
    return compose(f"{line}\n{text}", [Part(0, (section(line),)), *parts])


def is_newer(report: Report, ticket: Ticket) -> bool:
    """Whether the answer was made since it was seen that the fix worked: then its facts tell more than the fix."""
    return ticket.ended_at is not None and report.made_at >= ticket.ended_at


def _line(ticket: Ticket, report: Report) -> str | None:
    since, took_s = ticket.executed_at, ticket.recovered_after_s
    if since is None or took_s is None or ticket.ended_at is None or is_newer(report, ticket):
        return None
    plan, at = ticket.doing, moment(since + timedelta(seconds=took_s), ticket.ended_at)
    by = f" (approved by {person(ticket.approved_by.id)})" if ticket.approved_by else ""
    fix = f"*{words(plan.title, MAX_TITLE)}*{by}"
    if ticket.state == "undone":
        who = f" by {person(ticket.ended_by.id)}" if ticket.ended_by else ""
        return f":leftwards_arrow_with_hook: {fix} had worked at {at} and was undone{who}. *Refresh* looks anew."
    if ticket.state != "verified":
        return None
    sign = words(plan.success.text, MAX_SIGN)
    if ticket.quiet is False:
        return f":warning: {fix} had worked at {at}, but *it has come back*. *Refresh* looks anew."
    if not shows_recovery(plan):
        return f":white_check_mark: {fix} worked at {at}: {sign}. {BELOW}"
    after = spell(timedelta(seconds=took_s))
    return f":white_check_mark: *Recovered at {at}*, {after} after {fix}: {sign}. {BELOW}"


def _calmed(parts: Iterable[Part]) -> Iterable[Part]:
    """The symbol of the headline says that it is over."""
    is_done = False
    for part in parts:
        first = part.blocks[0] if part.blocks else {}
        text = str(first["text"]["text"]) if first.get("type") == "section" else ""
        if is_done or not text.startswith(OPEN):
            yield part
        else:
            is_done = True
            yield Part(part.rank, (section(_calm(text)), *part.blocks[1:]), part.name)


def _calm(text: str) -> str:
    for symbol in OPEN:
        text = text.replace(symbol, SYMBOLS["over"], 1) if text.startswith(symbol) else text
    return text
