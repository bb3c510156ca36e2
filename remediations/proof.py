"""What the executor believes: an approval, and what was done, by their seals. What the store says is data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from remediations.approval import COUNTS_FOR_S, START_WITHIN_S, Ticket
from remediations.execute import Execution
from remediations.journal import Journal, Step
from remediations.seals import Deed, Sealed, SealKey, button_digest
from remediations.undo import undo_of

CLOCKS_DIFFER_S: Final = 60.0
ASKED_LATER_S: Final = 300.0
"""So long the click that asked for a fix may have waited for a worker."""

NO_KEY: Final = "this executor has no `remediations.approval_key`, so it cannot tell an approval from a made-up one"
UNSEALED: Final = "its approval is not sealed: it did not come from Slack, as far as can be told"
OTHER_KEY: Final = (
    "the seal of its approval does not fit: it was altered, or `remediations.approval_key` differs between processes"
)
NOBODY_CALLED: Final = (
    "that somebody asked for its approval is not sealed: it did not come from Slack, as far as can be told"
)
ALTERED: Final = (
    "it is not what was approved: it was altered after it was shown, or different versions of alb502 worked on it, as"
    " during an update; ask again when that is over"
)
OTHERS: Final = "its approval was made for something else, or by somebody else"
UNKNOWN: Final = "Slack did not say in time who approved it; press again"
TOO_OLD: Final = "its approval is too old"
UNDO_UNKNOWN: Final = (
    "what it should undo cannot be told for certain: what the store says of it is not sealed with this key"
)
JOURNAL: Final = "what is written down of it was altered, or another version wrote it, so it is not known what was done"


class Proofs:
    """`key` None: nothing can be proven, and nothing is believed."""

    def __init__(self, key: SealKey | None, asked_at_most_s: float) -> None:
        self._key = key
        self._asked_at_most_s = asked_at_most_s

    def why_not(
        self, ticket: Ticket, now: datetime, load: Callable[[str], Ticket | None], *, later_s: float = 0.0
    ) -> str | None:
        """Why this approval is not believed; None: it is. `later_s`: so much longer it counts, for what was begun."""
        if ticket.undoes is not None:
            return self._why_not_undone(ticket, load(ticket.undoes)) or _why_not_now(ticket, now, later_s)
        return self._why_not_agreed(ticket) or _why_not_now(ticket, now, later_s)

    def over_execution(self, ticket: Ticket, done: Execution) -> str:
        """The seal by which an undo knows what this executor did."""
        return "" if self._key is None else self._key.over("execution", ticket.id, ticket.digest, ticket.chosen, done)

    def altered(self, ticket: Ticket, steps: Mapping[int, Step]) -> bool:
        """Whether something is written down as done that no executor wrote."""
        done = (step for step in steps.values() if step.state == "done")
        return not all(
            self._key is not None and self._key.fits(step.seal, "step", ticket.id, _bare(step)) for step in done
        )

    def sealing(self, ticket: Ticket, journal: Journal) -> Journal:
        return _SealedJournal(journal, self._key, ticket.id)

    def _why_not_agreed(self, ticket: Ticket) -> str | None:
        asked, agreed = self._deed(ticket.asked), self._deed(ticket.agreed)
        if isinstance(asked, str) or isinstance(agreed, str):
            return agreed if isinstance(agreed, str) else str(asked)
        by = ticket.approved_by.id if ticket.approved_by else None
        if (agreed.kind, agreed.about, agreed.user) != ("approve", ticket.id, by):
            return OTHERS
        if (asked.kind, asked.user, asked.channel) != ("open", ticket.asked_by.id, ticket.channel or ""):
            return OTHERS
        if not agreed.shown == button_digest(asked.about) == ticket.digest:
            return ALTERED
        if agreed.narrower != ticket.chosen or (agreed.typed or "").strip() != (ticket.word_to_type or ""):
            return ALTERED
        if (why_not := self._why_not_called(ticket)) is not None:
            return why_not
        moments = [asked.at, *([ticket.called.deed.at] if ticket.called_by and ticket.called else []), agreed.at]
        return None if all(map(self._in_time, moments, moments[1:])) else TOO_OLD

    def _in_time(self, before: datetime, after: datetime) -> bool:
        waited_s = (after - before).total_seconds()
        return -CLOCKS_DIFFER_S <= waited_s <= self._asked_at_most_s + ASKED_LATER_S

    def _why_not_called(self, ticket: Ticket) -> str | None:
        """Where it takes two persons, whoever asked for the approval counts as one, so nobody else may stand there."""
        if ticket.called_by is None:
            return None
        called = self._deed(ticket.called)
        if isinstance(called, str):
            return NOBODY_CALLED if ticket.called is None else called
        if (called.kind, called.about, called.user) != ("ask", ticket.id, ticket.called_by.id):
            return OTHERS
        return None if called.shown == ticket.digest else ALTERED

    def _why_not_undone(self, ticket: Ticket, first: Ticket | None) -> str | None:
        """An undo is what follows from the fix that was carried out, and nothing that the store says of it."""
        agreed = self._deed(ticket.agreed)
        if isinstance(agreed, str):
            return agreed
        by = ticket.approved_by.id if ticket.approved_by else None
        if (agreed.kind, agreed.about, agreed.user) != ("undo", ticket.undoes, by):
            return OTHERS
        if first is None or first.id != ticket.undoes:  # a store may hold another one under its name
            return UNDO_UNKNOWN
        if first.execution is None or first.undoes is not None or self._why_not_agreed(first):
            return UNDO_UNKNOWN
        if self._key is None or not self._key.fits(
            first.execution_seal, "execution", first.id, first.digest, first.chosen, first.execution
        ):
            return UNDO_UNKNOWN
        same_place = (ticket.target, ticket.reach, ticket.channel) == (first.target, first.reach, first.channel)
        if (
            not same_place
            or ticket.chosen is not None
            or ticket.plan != undo_of(first.doing, first.id, first.execution)
        ):
            return ALTERED
        return None

    def _deed(self, sealed: Sealed | None) -> Deed | str:
        """What somebody did, or why that is not believed."""
        if self._key is None:
            return NO_KEY
        if sealed is None:
            return UNSEALED
        return sealed.deed if self._key.made(sealed) else OTHER_KEY


class _SealedJournal:
    """What was done is sealed as it is written down: later writes, and the undo, go by the ids in it."""

    def __init__(self, inner: Journal, key: SealKey | None, ticket_id: str) -> None:
        self._inner = inner
        self._key = key
        self._ticket_id = ticket_id

    def steps(self) -> dict[int, Step]:
        return self._inner.steps()

    def sending(self, index: int, action: str) -> None:
        self._inner.sending(index, action)

    def record(self, step: Step) -> None:
        seal = "" if self._key is None else self._key.over("step", self._ticket_id, _bare(step))
        self._inner.record(step.model_copy(update={"seal": seal}))


def _why_not_now(ticket: Ticket, now: datetime, later_s: float) -> str | None:
    """The times in a ticket are the store's; the moment of the click is sealed."""
    if ticket.agreed is None or ticket.agreed.deed.standing != "member":
        return UNKNOWN
    at = ticket.agreed.deed.at
    ends = at + timedelta(seconds=COUNTS_FOR_S + START_WITHIN_S + later_s)
    if at - timedelta(seconds=CLOCKS_DIFFER_S) <= now < ends:
        return None
    return f"{TOO_OLD}: of {at:%Y-%m-%d %H:%M:%S} UTC"


def _bare(step: Step) -> Step:
    return step.model_copy(update={"seal": ""})
