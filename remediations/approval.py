"""From the press of a button to the end of a fix: which states there are, and who may do what. Pure.

A ticket is one plan that somebody asked for. It is approved once, by a person who may, and carried out once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Literal

from pydantic import Field

from diagnostics.facts.fact import Frozen
from diagnostics.report import ReportTarget
from remediations.audit import Event, Record, Who
from remediations.execute import Execution
from remediations.filling import as_done
from remediations.permission import People, Permission
from remediations.plan import Plan
from remediations.reach import Reach
from remediations.seals import Sealed, digest

START_WITHIN_S: Final = 60
"""After the approval; who approved has just seen that it is right, and ten minutes later it may not be."""

COUNTS_FOR_S: Final = 60.0
"""A click that was made longer ago changes nothing any more."""

OLD_AFTER_S: Final = 900.0
"""A plan that was made of what was read longer ago is not asked for: whoever looks at it is to see how things are."""

NOT_CALLED: Final = "It takes two people: press Ask for approval, and somebody else can give it."
NOBODY_ELSE: Final = "it takes two people and nobody asked for its approval: somebody else has to"
EXPIRED: Final = "It has expired. Press the fix below the answer again."
MAX_WHY: Final = 300
TYPED_RISK: Final = "high"

State = Literal["pending", "approved", "executed", "verified", "failed", "refused", "expired", "undone"]
TRANSITIONS: Final[Mapping[State, frozenset[State]]] = MappingProxyType(
    {
        "pending": frozenset({"approved", "refused", "expired"}),
        "approved": frozenset({"executed", "failed", "refused", "expired"}),
        "executed": frozenset({"verified", "failed", "undone"}),
        "verified": frozenset({"undone"}),
        "failed": frozenset({"undone"}),
        "refused": frozenset(),
        "expired": frozenset(),
        "undone": frozenset(),
    }
)
CLOSED: Final[frozenset[State]] = frozenset({"refused", "expired", "failed", "undone"})
"""After these the same fix may be asked for again."""

Kind = Literal["member", "guest", "bot", "app", "foreign", "deactivated", "unknown"]
_WHY_NOT: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        "guest": "Guests cannot do this; ask a full member of this workspace.",
        "bot": "Only people can do this, not bots.",
        "app": "Only people can do this, not apps or automations.",
        "foreign": "Only members of this workspace can do this; you belong to another organisation or workspace.",
        "deactivated": "This account is deactivated.",
        "unknown": "It could not be told who you are, so nothing was done.",
    }
)


_SINCE: Final[Mapping[State, str]] = MappingProxyType(
    {
        "pending": "waits",
        "approved": "is about to begin",
        "executed": "is done",
        "verified": "has worked",
        "failed": "has failed",
        "refused": "was stopped before anything was changed",
        "expired": "has expired",
        "undone": "was undone",
    }
)


class IllegalTransitionError(Exception):
    """A state that cannot follow: a fault of the program."""


class Person(Frozen):
    """Somebody at a button. `groups`: those of the approvers' groups that they are in."""

    who: Who
    kind: Kind = "unknown"
    groups: frozenset[str] = frozenset()


class Denied(Frozen):
    """Nothing was done. `text` says why in one line; `may` are those who may, when that is the reason."""

    text: str
    may_users: tuple[str, ...] = ()
    may_groups: tuple[str, ...] = ()


class Progress(Frozen):
    """What the watch has seen. `held_since`: when all that should be so was first seen to be."""

    at: datetime
    holding: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    failing: str | None = None
    held_since: datetime | None = None

    @property
    def complete(self) -> bool:
        return not self.missing and self.failing is None


class Ticket(Frozen):
    """One plan that was asked for, and all that has become of it.

    `place` is where it is shown, opaque here. `asked_by` opened the plan at `asked_at`, which is no wish for it yet;
    `called_by` asked those who may approve it, at `called_at`. From then on, or from the opening of one that nobody
    asked for, it counts until `expires_at`. `chosen`: the index among the plan's narrower ones that was approved.
    `version` counts the changes, so that of two people who press at once one is first. `quiet` and `came_back`: how it
    was found when it was closed. `read_at`: of when the facts are that the plan was made of. `asked`, `called` and
    `agreed`: the clicks that asked for it, asked those who may approve it, and agreed, sealed by whoever took them in;
    `execution_seal`: the executor's, over what it did.
    """

    id: str
    version: int = 0
    state: State = "pending"
    report: str
    offer: str
    plan: Plan
    target: ReportTarget
    reach: Reach
    asked_by: Who
    called_by: Who | None = None
    asked_at: datetime
    called_at: datetime | None = None
    expires_at: datetime
    channel: str | None = None
    place: str | None = None
    left_to_do: tuple[str, ...] = ()
    chosen: int | None = None
    approved_by: Who | None = None
    approved_at: datetime | None = None
    start_by: datetime | None = None
    started_at: datetime | None = None
    execution: Execution | None = None
    executed_at: datetime | None = None
    progress: Progress | None = None
    ended_at: datetime | None = None
    recovered_after_s: float | None = None
    closed_at: datetime | None = None
    quiet: bool | None = None
    came_back: tuple[str, ...] = ()
    ended_by: Who | None = None
    text: str = Field(default="")
    undoes: str | None = None
    undone_by: str | None = None
    read_at: datetime | None = None
    asked: Sealed | None = None
    called: Sealed | None = None
    agreed: Sealed | None = None
    execution_seal: str = ""

    @property
    def digest(self) -> str:
        """Changes with everything that decides what would be done, and to what."""
        return digest(self.report, self.offer, self.plan, self.target, self.reach)

    @property
    def doing(self) -> Plan:
        """The plan that is carried out: the approver's choice."""
        return self.plan if self.chosen is None else self.plan.narrower[self.chosen]

    @property
    def watched(self) -> Plan:
        """That plan, with what AWS gave when it was carried out."""
        return self.doing if self.execution is None else as_done(self.doing, self.execution.kept)

    @property
    def asker(self) -> Who:
        """Who is told to have asked: to open a plan is not to want it."""
        return self.called_by or self.approved_by or self.asked_by

    @property
    def is_wanted(self) -> bool:
        """Whether somebody did more than look at it."""
        return self.called_by is not None or self.approved_by is not None or self.undoes is not None

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes by itself."""
        return self.state in CLOSED or (self.state == "verified" and self.closed_at is not None)

    @property
    def word_to_type(self) -> str | None:
        """What an approver has to type, None where nothing."""
        if self.plan.risk != TYPED_RISK or self.undoes is not None:
            return None
        return self.target.service or self.target.function or self.target.label.strip() or self.plan.resource


def moved(ticket: Ticket, state: State, **changes: Any) -> Ticket:
    """The ticket in its next state. Raises `IllegalTransitionError`."""
    if state not in TRANSITIONS[ticket.state]:
        raise IllegalTransitionError(f"{ticket.id}: {ticket.state} -> {state}")
    return changed(ticket, state=state, **changes)


def changed(ticket: Ticket, **changes: Any) -> Ticket:
    return ticket.model_copy(update={**changes, "version": ticket.version + 1})


def is_old(read_at: datetime | None, now: datetime) -> bool:
    """Whether too much may have happened since the facts of a plan were read."""
    return read_at is not None and (now - read_at).total_seconds() > OLD_AFTER_S


def why_not_a_member(person: Person) -> Denied | None:
    """Bots, apps, guests and strangers do nothing at all with fixes."""
    return None if person.kind == "member" else Denied(text=_WHY_NOT[person.kind])


def approve(
    ticket: Ticket,
    person: Person,
    permission: Permission,
    now: datetime,
    *,
    typed: str | None = None,
    narrower: int | None = None,
    proof: Sealed | None = None,
) -> Ticket | Denied:
    """Approves the plan, or the one of its narrower forms with this index. `proof`: the sealed click.

    `permission` is what the settings say of the plan now, in the channel where it is approved.
    """
    denied = _why_not_open(ticket, now) or why_not_an_approver(ticket, person, permission)
    if denied is not None:
        return denied
    if narrower is not None and not 0 <= narrower < len(ticket.plan.narrower):
        return Denied(text="That choice is not one of the plan's: it can be narrowed as shown and never widened.")
    if narrower is not None and (not_now := ticket.plan.narrower[narrower].not_now):
        return Denied(text=f"This cannot be carried out: {not_now}.")
    if ticket.word_to_type is not None and (typed or "").strip() != ticket.word_to_type:
        return Denied(text=f"A fix of high risk: type {ticket.word_to_type} to approve it.")
    return moved(
        ticket,
        "approved",
        chosen=narrower,
        approved_by=person.who,
        approved_at=now,
        start_by=now + timedelta(seconds=START_WITHIN_S),
        agreed=proof,
    )


def why_not_an_approver(ticket: Ticket, person: Person, permission: Permission) -> Denied | None:
    """Why this person may not approve this plan; whoever may is named."""
    if (denied := why_not_a_member(person)) is not None:
        return denied
    if not permission.allowed:
        return Denied(text=f"This cannot be carried out: {permission.why_not}.")
    approvers = permission.approvers
    if not approvers:
        return Denied(text="Nobody may approve it: `remediations.approvers` is empty.")
    if not _among(person, approvers):
        return _only(f"You may not {'approve' if ticket.undoes is None else 'undo'} this.", approvers)
    if not permission.two_person or ticket.undoes is not None:
        return None
    if ticket.called_by is None:
        return Denied(text=NOT_CALLED)
    if person.who.id == ticket.called_by.id:
        return _only("You asked for this fix, and somebody else has to approve it.", approvers, without=person.who.id)
    return None


def why_not_by_them(ticket: Ticket, permission: Permission) -> str | None:
    """Why the approval that a ticket has does not count by the settings as they are now. Who is in a user group is what
    Slack said to whoever sealed the click."""
    by, approvers = ticket.approved_by, permission.approvers
    if by is None:
        return "nobody has approved it"
    groups = ticket.agreed.deed.groups if ticket.agreed else frozenset()
    if by.id not in approvers.users and not groups & approvers.groups:
        if approvers.groups:
            return f"Slack did not say in time that {by.shown} is in a group of those who may approve; press again"
        return f"{by.shown} may not approve it any more"
    if permission.two_person and ticket.undoes is None:
        if ticket.called_by is None:
            return NOBODY_ELSE
        if by.id == ticket.called_by.id:
            return "whoever asked for it approved it, and somebody else has to"
    return None


def opened_again(ticket: Ticket, as_opened: Ticket, now: datetime) -> Ticket | None:
    """The ticket as somebody else opens it, who gets all of the time; None for one that was asked for or decided."""
    if ticket.state != "pending" or ticket.is_wanted or now >= ticket.expires_at:
        return None
    anew = ("asked_by", "asked_at", "expires_at", "channel", "place", "asked")
    return changed(ticket, **{name: getattr(as_opened, name) for name in anew})


def call(ticket: Ticket, person: Person, now: datetime, ttl_s: float, proof: Sealed | None = None) -> Ticket | Denied:
    """Asks those who may approve; whoever did it first has asked, and it counts for `ttl_s` from then on. `proof`: the
    sealed click."""
    denied = _why_not_open(ticket, now) or why_not_a_member(person)
    if denied is not None:
        return denied
    if ticket.called_by is not None:
        return ticket
    until = now + timedelta(seconds=ttl_s)
    return changed(ticket, called_by=person.who, called_at=now, called=proof, expires_at=until)


def refuse(ticket: Ticket, person: Person, permission: Permission, now: datetime, why: str = "") -> Ticket | Denied:
    """A no by somebody who may approve, or by whoever asked."""
    denied = _why_not_open(ticket, now) or why_not_a_member(person)
    if denied is not None:
        return denied
    if person.who.id != ticket.asker.id and not _among(person, permission.approvers):
        return _only("You may not refuse this.", permission.approvers)
    return moved(ticket, "refused", ended_at=now, ended_by=person.who, text=" ".join(why.split())[:MAX_WHY])


def overdue(ticket: Ticket, now: datetime) -> Ticket | None:
    """The ticket, expired, if its time is over; None otherwise. What was begun in time is never expired."""
    if ticket.state == "pending" and now >= ticket.expires_at:
        why = "nobody approved it in time" if ticket.is_wanted else "nobody asked for its approval"
        return moved(ticket, "expired", ended_at=now, text=why)
    if ticket.state == "approved" and ticket.start_by is not None and now >= ticket.start_by:
        text = f"it was not begun within {START_WITHIN_S} s after its approval"
        return moved(ticket, "expired", ended_at=now, text=text)
    return None


def record_of(ticket: Ticket, event: Event, at: datetime, who: Who | None = None, **more: Any) -> Record:
    """A line for the audit about this ticket."""
    given = {"text": ticket.text, **more}
    return Record(
        event=event,
        at=at,
        ticket=ticket.id,
        who=who,
        report=ticket.report,
        fix=ticket.plan.fix,
        title=ticket.doing.title,
        account=ticket.target.account,
        region=ticket.target.region,
        resource=ticket.doing.resource,
        undoes=ticket.undoes,
        **given,
    )


def _why_not_open(ticket: Ticket, now: datetime) -> Denied | None:
    if ticket.state == "pending":
        return Denied(text=EXPIRED) if now >= ticket.expires_at else None
    if ticket.state == "expired":
        return Denied(text=EXPIRED)
    by = ticket.approved_by.shown if ticket.approved_by else None
    if ticket.state == "refused" and ticket.ended_by is not None:
        return Denied(text=f"It was refused by {ticket.ended_by.shown} already.")
    if by is not None:
        return Denied(text=f"It was approved by {by} already and {_SINCE[ticket.state]}; a plan is carried out once.")
    return Denied(text=f"It is {ticket.state} already. Diagnose again, and press the fix below the new answer.")


def _among(person: Person, approvers: People) -> bool:
    return person.who.id in approvers.users or bool(person.groups & approvers.groups)


def _only(text: str, approvers: People, without: str | None = None) -> Denied:
    users = tuple(sorted(user for user in approvers.users if user != without))
    groups = tuple(sorted(approvers.groups))
    listed = ", ".join((*_named("user group", groups), *_named("user", users)))
    return Denied(text=f"{text} Who may: {listed or 'nobody'}.", may_users=users, may_groups=groups)


def _named(kind: str, ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{kind} {one}" for one in ids)
