"""What keeping tickets asks of a store, of a queue and of a clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from remediations.approval import Ticket
from remediations.audit import Record
from remediations.journal import Journal

Clock = Callable[[], datetime]


class TicketStore(Protocol):
    """All replicas see the same. Its trouble comes out as its own exceptions."""

    def open(self, ticket: Ticket, record: Record) -> Ticket | None:
        """Keeps a new ticket with its line of the audit; gives the one that is open for the same offer, if any: None
        when that was written by another version and cannot be read."""

    def load(self, ticket_id: str) -> Ticket | None:
        """The ticket, or None for one that is forgotten, was never made, or cannot be read."""

    def swap(self, before: Ticket, after: Ticket, *records: Record) -> bool:
        """Puts `after` in the place of `before` and appends to the audit, in one step. False: it changed meanwhile."""

    def unfinished(self) -> tuple[str, ...]:
        """Tickets of which something is still to come."""


class FixQueue(Protocol):
    """Jobs for the executor: delivered at least once."""

    def run(self, ticket_id: str, after_s: float = 0.0) -> None: ...

    def watch(self, ticket_id: str, after_s: float) -> None: ...

    def close(self, ticket_id: str, after_s: float) -> None: ...


class Claims(Protocol):
    """One execution for a resource at a time, over all processes."""

    def take(self, resource: str, ticket_id: str) -> int | None:
        """The fencing number of this delivery, higher than all before; None while another ticket holds it."""

    def give_back(self, resource: str, ticket_id: str, fence: int) -> None:
        """Lets others have it, if it is still held with this number."""

    def check(self, resource: str, ticket_id: str, fence: int) -> None:
        """Raises `SupersededError` unless the resource is held with this number."""

    def is_idle(self, resource: str, ticket_id: str) -> bool:
        """Whether nobody is at work on the resource: no other ticket holds it, and this one has shown no sign of life
        for a while."""

    def journal(self, resource: str, ticket: Ticket, fence: int) -> Journal:
        """The journal of the ticket, whose `sending` fails once a newer delivery holds the resource."""
