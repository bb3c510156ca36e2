"""An answer that stands is brought up to date: its alarms, or what a fix has done, are not as they were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.jobs import PutOffError
from bot.store.asks import Asks
from bot.store.incidents import Incidents
from bot.store.newest import Newest
from bot.telemetry.logs import correlated
from handlers.ask import Ask

REDRAW_AGAIN_S: Final = 3.0
REDRAW_PATIENCE: Final = 20
MAX_DRAWN: Final = 3
"""So often an edit is made once more because its answer was replaced meanwhile."""

Draw = Callable[[Ask, int, str], object]
"""Edits the message of an ask, with its fencing number, to show the answer of this id. Raises `SlackLaterError`."""


class Redrawing:
    def __init__(self, asks: Asks, newest: Newest, incidents: Incidents, draw: Draw) -> None:
        self._asks = asks
        self._newest = newest
        self._incidents = incidents
        self._draw = draw

    def of_incident(self, ask_id: str) -> None:
        """If what its incident's alarms do has changed since the answer was delivered.

        Raises `PutOffError` while it is not delivered yet, and `SlackLaterError`.
        """
        ask, answer_id = self._asks.load(ask_id), self._asks.answer_id(ask_id)
        if ask is None:
            return
        if answer_id is None and self._asks.is_finished(ask_id):
            return  # nobody could be answered
        if answer_id is None:
            raise PutOffError(max(REDRAW_AGAIN_S, self._asks.awaited(ask_id) / REDRAW_PATIENCE))
        if (incident := self._incidents.of_ask(ask_id)) is None:
            return
        self._incidents.retelling(incident.id)  # before it is looked at: later changes plan an edit of their own
        if (incident := self._incidents.of_ask(ask_id)) is None or self._incidents.is_told(incident):
            return
        self.show(ask, lambda: self._standing(ask) or answer_id)

    def show(self, ask: Ask, newest: Callable[[], str]) -> None:
        """`newest`: the id of the answer that is to stand there. It is asked when this delivery alone may edit, and
        again after the edit: a Refresh may have put another answer there before Slack took it.

        Raises `SlackLaterError`.
        """
        with correlated(ask.correlation_id, ask_id=ask.id):
            fence = self._asks.begin(ask.id)
            for _ in range(MAX_DRAWN):
                answer_id = newest()
                self._draw(ask, fence, answer_id)
                if newest() == answer_id:
                    return

    def _standing(self, ask: Ask) -> str | None:
        """The answer that stands in its message, or is about to: that of a Refresh belongs to an ask of its own."""
        place = self._asks.place(ask.id)
        newer = None if place is None else self._newest.than(ask, place)
        return self._asks.answer_id(ask.id) if newer is None else newer.answer_id
