"""When something has to come of a ticket that was agreed."""

from __future__ import annotations

from datetime import datetime, timedelta

from remediations import watch
from remediations.approval import Ticket


def next_due(ticket: Ticket) -> datetime | None:
    """When the next job of a ticket that was agreed should have come, at the latest."""
    if ticket.state == "approved":
        return ticket.approved_at
    if ticket.state == "executed" and ticket.executed_at is not None:
        seen_at = ticket.progress.at if ticket.progress else ticket.executed_at
        return seen_at + timedelta(seconds=watch.MOST_PAUSE_S)
    if ticket.state == "verified" and ticket.ended_at is not None and not ticket.is_over:
        return ticket.ended_at + timedelta(seconds=watch.CLOSES_AFTER_S if ticket.undoes is None else 0)
    return None
