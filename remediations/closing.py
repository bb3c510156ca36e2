"""The last word on a fix after a time of quiet: what was done, by whom, and what is left to do in code."""

from __future__ import annotations

from typing import Literal

from diagnostics.facts.fact import Frozen
from diagnostics.report import SettingChange
from remediations.approval import Ticket
from remediations.audit import Who
from remediations.watch import shows_recovery


class Closing(Frozen):
    """`effect`: what was seen of it; a setting that is as it should be is no recovery. `quiet`: nothing has come back;
    None where that could not be read. `missing`: what is no longer so."""

    ticket: str
    title: str
    changes: tuple[SettingChange, ...]
    asked_by: Who
    approved_by: Who | None
    recovered_after_s: float | None
    effect: Literal["recovered", "worked"] = "recovered"
    quiet: bool | None
    missing: tuple[str, ...] = ()
    undo: str
    left_to_do: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """One line, for the audit and for places that draw nothing."""
        by = self.approved_by or self.asked_by
        after = "" if self.recovered_after_s is None else f", {self.effect} after {self.recovered_after_s:.0f} s"
        return f"{self.title}: done by {by.shown}{after}; {self._since()}"

    def _since(self) -> str:
        if self.quiet is None:
            return "whether it stayed quiet could not be read"
        if self.quiet:
            return "quiet since"
        return f"it is no longer so that {'; '.join(self.missing)}" if self.missing else "errors have come back"


def closing_of(ticket: Ticket) -> Closing:
    """Of a ticket that is closed."""
    plan = ticket.doing
    return Closing(
        ticket=ticket.id,
        title=plan.title,
        changes=plan.changes,
        asked_by=ticket.asker,
        approved_by=ticket.approved_by,
        recovered_after_s=ticket.recovered_after_s,
        effect="recovered" if shows_recovery(plan) else "worked",
        quiet=ticket.quiet,
        missing=ticket.came_back,
        undo=plan.undo.text,
        left_to_do=ticket.left_to_do,
    )
