"""What an undo means for the fix that it undoes: while it is under way the fix is not judged, and in the end it is
undone. Each of the two is a ticket of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from remediations.approval import TRANSITIONS, Ticket, changed, moved, record_of
from remediations.tickets import Clock, TicketStore

TRIES = 3


def begin(tickets: TicketStore, undo: Ticket) -> None:
    """Notes at the fix that somebody takes it back."""
    for _ in range(TRIES):
        first = tickets.load(undo.undoes or "")
        if first is None or first.undone_by == undo.id or tickets.swap(first, changed(first, undone_by=undo.id)):
            return


@dataclass(frozen=True, slots=True)
class Undoing:
    """The executor's side. `boundary`: called between any two steps."""

    tickets: TicketStore
    clock: Clock
    tell: Callable[[Ticket], None]
    boundary: Callable[[str], None]

    def is_under_way(self, ticket: Ticket) -> bool:
        """What somebody takes back at present neither works nor fails by itself."""
        undo = None if ticket.undone_by is None else self.tickets.load(ticket.undone_by)
        return undo is not None and undo.state in ("approved", "executed")

    def end(self, undo: Ticket) -> None:
        """The fix is undone. The undo is over only after that, so that whoever dies before leaves it to the sweep."""
        for _ in range(TRIES):
            first, now = self.tickets.load(undo.undoes or ""), self.clock()
            if first is None or "undone" not in TRANSITIONS[first.state]:
                if first is not None:  # whoever marked it may have died before anybody was told
                    self.tell(first)
                self._close(undo)
                return
            after = moved(first, "undone", undone_by=undo.id, ended_by=undo.approved_by)
            record = record_of(after, "undone", now, undo.approved_by, text="")
            if self.tickets.swap(first, after, record):
                self.boundary("undone")
                self.tell(after)
                self._close(undo)
                return

    def _close(self, undo: Ticket) -> None:
        self.tickets.swap(undo, changed(undo, closed_at=self.clock()))
