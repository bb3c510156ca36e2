"""Answers whose trouble a fix has ended say so at their top. They are edited when a fix has worked, and once more if it
was undone or the trouble came back; a Refresh looks anew, and then the facts speak for themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog

from bot.jobs import Send
from bot.store.asks import Asks
from bot.store.plans import Tickets
from bot.store.reports import Reports
from bot.store.standing import Stand, Standing
from diagnostics.report import Report
from handlers.ask import Answer, Ask, Place
from handlers.thread import Draw
from handlers.views.mended import is_newer, with_mended
from remediations.approval import Ticket

DrawAgain = Callable[[Ask, str], None]
"""Edits the answer to a question, which stands already. Raises `SlackLaterError`."""

_log: Final = structlog.get_logger(__name__)


class Mends:
    """What is drawn above an answer."""

    def __init__(self, standing: Standing, tickets: Tickets) -> None:
        self._standing = standing
        self._tickets = tickets

    def above(self, drawn: Draw, place: Place, answer: Answer) -> Draw:
        ticket_id = self._standing.mended_in(place) if isinstance(answer, Report) and place.reply_ts else None
        ticket = self._tickets.load(ticket_id) if ticket_id else None
        if ticket is None or not isinstance(answer, Report):
            return drawn
        return lambda plain: with_mended(drawn(plain), ticket, answer)

    def stands(self, ask: Ask, place: Place, answer: Answer) -> None:
        """People see this answer there."""
        if isinstance(answer, Report) and place.reply_ts and not place.private:
            self._standing.put(place, Stand(ask=ask.id, report=answer.id))


class MendedAnswers:
    """Finds the answers that a fix concerns, and has them edited."""

    def __init__(
        self,
        standing: Standing,
        tickets: Tickets,
        asks: Asks,
        reports: Reports,
        draw_again: DrawAgain,
        is_private: Callable[[str], bool],
    ) -> None:
        """`is_private`: of which channel nothing is told in it any more, since another organisation reads it. It may
        raise `SlackLaterError`."""
        self._standing = standing
        self._tickets = tickets
        self._asks = asks
        self._reports = reports
        self._draw_again = draw_again
        self._is_private = is_private
        self._edit: Send | None = None

    def connect(self, edit: Send) -> None:
        """The job that does `edit`. To be called once, before any job runs."""
        self._edit = edit

    def note(self, ticket: Ticket) -> None:
        """What has become of a fix, each time that people are told of it."""
        what = _what(ticket)
        if self._edit is None or what is None:
            return
        for message in self._standing.messages(ticket.report):
            if ticket.state == "verified":
                self._standing.mend(message, ticket.id)
            if self._standing.mended_by(message) == ticket.id and self._standing.told(message) != what:
                self._edit(message)

    def edit(self, message: str) -> None:
        """One job: edits the answer that stands in this message. Raises `SlackLaterError`."""
        ticket = self._tickets.load(self._standing.mended_by(message) or "")
        what = _what(ticket) if ticket else None
        stand = self._standing.stand(message)
        ask = self._asks.load(stand.ask) if stand else None
        report = self._reports.load(stand.report) if stand else None
        if ticket is None or what is None or ask is None or report is None:
            _log.info("answer not edited: too much of it is forgotten", message=message)
            return
        if not is_newer(report, ticket) and not self._is_private(ask.origin.channel):
            self._draw_again(ask, self._reports.put_answer(report, report.made_at))
        self._standing.tell(message, what)


def _what(ticket: Ticket) -> str | None:
    """What an answer says of a fix, None while that is nothing."""
    if ticket.undoes is not None or ticket.state not in ("verified", "undone"):
        return None
    return f"{ticket.id} {'came back' if ticket.quiet is False else ticket.state}"
