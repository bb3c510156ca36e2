"""What people do with fixes: ask for one, look at it, agree, say no, take it back. Writes nothing to AWS.

Every method gives the ticket as it is now, or `Denied` with one line for the person; each that does something leaves
its line in the audit.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from diagnostics.report import ReportTarget
from remediations import approval, undoing
from remediations.approval import Denied, Person, Ticket, record_of
from remediations.audit import Audit, Event, Record, Who
from remediations.permission import Permission, Policy, permit
from remediations.plan import Plan
from remediations.reach import Reach
from remediations.refusals import refusal, refusal_of_undo
from remediations.seals import Sealed, digest
from remediations.tickets import Clock, FixQueue, TicketStore
from remediations.undo import undo_of

GONE: Final = Denied(text="This button has expired, or was never one of ours; diagnose again and ask for the fix.")
BUSY: Final = Denied(text="Somebody else did something with this fix at the same moment; look again.")
OTHERS: Final = Denied(text="Another version of me holds this fix, as during an update. Try again in some minutes.")
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """One fix of one report, as it was offered. `left_to_do`: what has to be done in code, said at the end. `read_at`:
    of when its facts are."""

    report: str
    offer: str
    plan: Plan
    target: ReportTarget
    reach: Reach
    left_to_do: tuple[str, ...] = ()
    read_at: datetime | None = None


def digest_of(wanted: Wanted) -> str:
    """As a ticket for it will have."""
    return digest(wanted.report, wanted.offer, wanted.plan, wanted.target, wanted.reach)


def new_ticket_id() -> str:
    """Nobody can guess one."""
    return f"p-{secrets.token_hex(16)}"


class FixDesk:
    def __init__(
        self,
        tickets: TicketStore,
        audit: Audit,
        queue: FixQueue,
        policy: Policy,
        clock: Clock,
        new_id: Callable[[], str] = new_ticket_id,
    ) -> None:
        self._tickets = tickets
        self._audit = audit
        self._queue = queue
        self._policy = policy
        self._clock = clock
        self._new_id = new_id

    def request(
        self,
        wanted: Wanted,
        person: Person,
        channel: str | None = None,
        place: str | None = None,
        proof: Sealed | None = None,
    ) -> Ticket | Denied:
        """Somebody opens the plan of a fix. Opened again, or by two people, it gives the same ticket, and until it is
        asked for each of them has all of the time. `proof`: the sealed click, without which nothing comes of it."""
        now = self._clock()
        ticket = Ticket(
            id=self._new_id(),
            report=wanted.report,
            offer=wanted.offer,
            plan=wanted.plan,
            target=wanted.target,
            reach=wanted.reach,
            left_to_do=wanted.left_to_do,
            read_at=wanted.read_at,
            asked_by=person.who,
            asked_at=now,
            expires_at=now + timedelta(seconds=self._policy.approval_ttl_s),
            channel=channel,
            place=place,
            asked=proof,
        )
        denied = approval.why_not_a_member(person) or self._why_never(ticket)
        if denied is not None:
            return self._denied(ticket, person, denied)
        kept = self._tickets.open(ticket, record_of(ticket, "shown", now, person.who))
        return OTHERS if kept is None else self._opened(kept, ticket, person)

    def ticket(self, ticket_id: str) -> Ticket | None:
        """As it is now; one whose time is over is expired by the look."""
        ticket = self._tickets.load(ticket_id)
        return None if ticket is None else self._in_time(ticket)

    def permission(self, ticket: Ticket, channel: str | None = None) -> Permission:
        """What the settings say of its plan now, and who may approve it."""
        return permit(self._policy, ticket.plan, ticket.target, now=self._clock(), channel=channel or ticket.channel)

    def shown(self, ticket_id: str, person: Person) -> Ticket | Denied:
        """Somebody looks at the whole plan."""
        ticket = self.ticket(ticket_id)
        if ticket is None:
            return GONE
        if (denied := approval.why_not_a_member(person)) is not None:
            return self._denied(ticket, person, denied)
        self._note(ticket, "shown", person)
        return ticket

    def call(self, ticket_id: str, person: Person, proof: Sealed | None = None) -> Ticket | Denied:
        """Asks those who may to approve it. Asked again it is as it was."""
        for _ in range(_TRIES):
            ticket, now = self.ticket(ticket_id), self._clock()
            if ticket is None:
                return GONE
            after = approval.call(ticket, person, now, self._policy.approval_ttl_s, proof)
            if isinstance(after, Ticket) and after is not ticket:
                after = self._why_never(ticket) or after
            if isinstance(after, Denied):
                return self._denied(ticket, person, after)
            text = "asked those who may approve it"
            if after is ticket or self._tickets.swap(
                ticket, after, record_of(after, "asked", now, person.who, text=text)
            ):
                return after
        return BUSY

    def approve(
        self,
        ticket_id: str,
        person: Person,
        *,
        channel: str | None = None,
        typed: str | None = None,
        narrower: int | None = None,
        proof: Sealed | None = None,
    ) -> Ticket | Denied:
        """Agrees, and has it carried out. `narrower`: the index of the narrower form that was chosen."""

        def agree(ticket: Ticket, now: datetime) -> Ticket | Denied:
            permission = self.permission(ticket, channel)
            return approval.approve(ticket, person, permission, now, typed=typed, narrower=narrower, proof=proof)

        agreed = self._agreed_by(ticket_id, proof) or self._change(ticket_id, person, "approved", agree)
        if isinstance(agreed, Ticket):
            self._queue.run(agreed.id)
        return agreed

    def _agreed_by(self, ticket_id: str, proof: Sealed | None) -> Ticket | None:
        """The ticket that this very click has approved, when whoever worked on it died before it was queued."""
        ticket = self.ticket(ticket_id)
        return ticket if ticket and ticket.state == "approved" and _is_its_click(ticket, proof) else None

    def refuse(self, ticket_id: str, person: Person, why: str = "") -> Ticket | Denied:
        """Says no: whoever may approve, or asked."""

        def decline(ticket: Ticket, now: datetime) -> Ticket | Denied:
            return approval.refuse(ticket, person, self.permission(ticket), now, why)

        return self._change(ticket_id, person, "refused", decline)

    def undo(
        self, ticket_id: str, person: Person, channel: str | None = None, proof: Sealed | None = None
    ) -> Ticket | Denied:
        """Takes back what was done: a ticket of its own, agreed by the person who presses. Whoever may approve may."""
        now, done = self._clock(), self.ticket(ticket_id)
        if done is None:
            return GONE
        plan = self._undo_plan(done)
        if isinstance(plan, Denied):
            return plan
        permission = permit(self._policy, plan, done.target, now=now, channel=channel or done.channel)
        asked = Ticket(
            id=self._new_id(),
            report=done.report,
            offer=f"{done.id}/undo",
            plan=plan,
            target=done.target,
            reach=done.reach,
            asked_by=person.who,
            asked_at=now,
            expires_at=now + timedelta(seconds=self._policy.approval_ttl_s),
            channel=channel or done.channel,
            place=done.place,
            undoes=done.id,
        )
        if (denied := approval.why_not_an_approver(asked, person, permission)) is not None:
            return self._denied(done, person, denied)
        if (why_not := self._refusal(asked)) is not None:
            return self._denied(done, person, Denied(text=f"This is never done: {why_not}."))
        kept = self._tickets.open(asked, record_of(asked, "asked", now, person.who))
        if kept is None:
            return OTHERS
        if kept.id != asked.id and kept.state != "pending" and not _is_its_click(kept, proof):
            return Denied(text=f"It is being undone already, by {kept.asked_by.shown}.")
        agreed = self.approve(kept.id, person, channel=channel, proof=proof)
        if isinstance(agreed, Ticket):
            undoing.begin(self._tickets, agreed)
        return agreed

    def _opened(self, kept: Ticket, mine: Ticket, person: Person) -> Ticket:
        """The ticket that there is for this fix, when it is not the one that was made just now."""
        if kept.id == mine.id:
            return mine
        again = approval.opened_again(kept, mine, mine.asked_at)
        if again is not None and self._tickets.swap(kept, again, record_of(again, "shown", mine.asked_at, person.who)):
            return again
        self._note(kept, "shown", person)
        return self.ticket(kept.id) or kept

    def _why_never(self, ticket: Ticket) -> Denied | None:
        if (why_not := self._refusal(ticket)) is not None:
            return Denied(text=f"This is never done: {why_not}.")
        permission = self.permission(ticket)
        return None if permission.allowed else Denied(text=f"This cannot be carried out: {permission.why_not}.")

    def _refusal(self, ticket: Ticket) -> str | None:
        """An undo takes away what the ticket that it undoes has made, and nothing else."""
        done = self.ticket(ticket.undoes) if ticket.undoes else None
        if done is None or done.execution is None:
            return refusal(ticket.plan, ticket.reach)
        return refusal_of_undo(ticket.plan, done.doing, done.execution.kept, ticket.reach)

    def _undo_plan(self, done: Ticket) -> Plan | Denied:
        if done.state == "undone":
            return Denied(text="It is undone already.")
        if done.undoes is not None or done.execution is None or done.state not in ("executed", "verified", "failed"):
            return Denied(text="There is nothing to undo.")
        plan = undo_of(done.doing, done.id, done.execution)
        if plan is not None:
            return plan
        if not done.execution.may_have_changed:
            return Denied(text="There is nothing to undo: nothing was changed.")
        if done.doing.undo.kind != "none":
            return Denied(text="There is nothing to undo: what was done of it left the settings as they were.")
        return Denied(text=f"There is no undo for this: {done.doing.undo.text}.")

    def _change(
        self,
        ticket_id: str,
        person: Person,
        event: Event,
        change: Callable[[Ticket, datetime], Ticket | Denied],
    ) -> Ticket | Denied:
        for _ in range(_TRIES):
            ticket, now = self.ticket(ticket_id), self._clock()
            if ticket is None:
                return GONE
            after = change(ticket, now)
            if isinstance(after, Denied):
                return self._denied(ticket, person, after)
            details = {} if after.chosen is None else {"chosen": after.doing.label or after.doing.title}
            record = record_of(after, event, now, person.who, details=details)
            if self._tickets.swap(ticket, after, *_wished(ticket, after, person.who, now), record):
                return after
        return BUSY

    def _in_time(self, ticket: Ticket) -> Ticket:
        """An approved ticket is left to the executor, which knows whether it has begun."""
        now = self._clock()
        after = approval.overdue(ticket, now) if ticket.state == "pending" else None
        if after is None:
            return ticket
        if self._tickets.swap(ticket, after, record_of(after, "expired", now)):
            return after
        return self._tickets.load(ticket.id) or after

    def _denied(self, ticket: Ticket, person: Person, denied: Denied) -> Denied:
        self._note(ticket, "denied", person, denied.text)
        return denied

    def _note(self, ticket: Ticket, event: Event, person: Person, text: str = "") -> None:
        self._audit.append(record_of(ticket, event, self._clock(), person.who, text=text))


def _is_its_click(ticket: Ticket, proof: Sealed | None) -> bool:
    return proof is not None and ticket.agreed == proof


def _wished(before: Ticket, after: Ticket, who: Who, now: datetime) -> tuple[Record, ...]:
    """Whoever approves what nobody had asked for has asked for it, too."""
    if before.is_wanted or after.state != "approved":
        return ()
    return (record_of(after, "asked", now, who, text="by approving it"),)
