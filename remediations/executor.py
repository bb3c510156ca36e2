"""The executor's part: carrying out what was agreed, looking whether it worked, and the last word.

Each method is one job of the queue, delivered at least once. Where a job stands is in the store alone, so that another
process can go on with it; what was done before is never done again.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

import structlog

from remediations import approval, watch
from remediations.approval import Ticket, changed, moved, record_of
from remediations.closing import closing_of
from remediations.due import next_due
from remediations.execute import Execution, Status, Tools, carry_out
from remediations.fix import Preferences
from remediations.permission import Policy, permit
from remediations.plan import Call, Plan
from remediations.proof import JOURNAL, Proofs
from remediations.protection import judged_arns
from remediations.reach import Reach
from remediations.reading import ReadsSource
from remediations.refusals import refusal, refusal_of_prepared, refusal_of_undo
from remediations.sessions import OnBehalf, SessionError
from remediations.tickets import Claims, Clock, FixQueue, TicketStore
from remediations.traces import trace_of
from remediations.undoing import Undoing
from remediations.writing import NO_SESSION, Lost, Rejected, Sending, SupersededError, Writer, Written

BUSY_AGAIN_S: Final = 2.0
RESUME_WITHIN_S: Final = 300.0
"""A plan that was interrupted for longer is not gone on with: what it was based on may have changed."""

MAX_REMEMBERED: Final = 1_000
DONE_BEFORE: Final = "it was carried out before, and what the store says of it was put back since"

SWEEP_LATE_S: Final = 30.0
"""A job that has not been done so long after it was due is put on the queue again."""

_AFTER: Final[Mapping[Status, Literal["executed", "refused", "failed"]]] = {
    "done": "executed",
    "refused": "refused",
    "failed": "failed",
    "partial": "failed",
    "unknown": "failed",
}
"""The state of the ticket, and the event of the audit."""
_log: Final = structlog.get_logger(__name__)


class WriterSource(Protocol):
    """Where sessions for writing come from; `WriteSessions` of this package."""

    def writer(self, plan: Plan, account_id: str, region: str, behalf: OnBehalf) -> Writer:
        """Raises `SessionError`."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What the executor works with. `tell` has people told what has become of a ticket; it may be called twice for the
    same state, and once more when `closed_at` is set."""

    tickets: TicketStore
    claims: Claims
    queue: FixQueue
    policy: Policy
    proofs: Proofs
    reads: ReadsSource
    sessions: WriterSource
    tell: Callable[[Ticket], None]
    clock: Clock
    preferences: Preferences | None = None
    pause: Callable[[float], object] = time.sleep
    boundary: Callable[[str], None] = lambda _step: None


class Executor:
    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._undoing = Undoing(hands.tickets, hands.clock, hands.tell, hands.boundary)
        self._done_here: deque[str] = deque(maxlen=MAX_REMEMBERED)

    def run(self, ticket_id: str) -> None:
        """Carries out an approved plan. One that is in any other state is told once more: whoever brought it there may
        have died before anybody was told."""
        ticket = self._hands.tickets.load(ticket_id)
        if ticket is None or ticket.state != "approved":
            self._tell_again(ticket)
            return
        if self._refused(ticket):
            return
        held = self._claim(ticket)
        if held is None:
            self._wait_for_resource(ticket)
            return
        try:
            self._run_claimed(ticket_id, held[ticket.doing.resource])
        finally:
            self._let_go(ticket, held)

    def watch(self, ticket_id: str) -> None:
        """One look whether it worked; puts the next one on the queue."""
        ticket = self._hands.tickets.load(ticket_id)
        if ticket is None or ticket.state != "executed" or ticket.executed_at is None:
            self._tell_again(ticket)
            return
        if self._undoing.is_under_way(ticket):  # the sweep looks again
            return
        now, plan = self._hands.clock(), ticket.watched
        reads = self._hands.reads(ticket.target.account, ticket.target.region)
        seen = watch.check(plan, reads, ticket.executed_at, now)
        if seen.complete and seen.held_since is not None:
            self._end_well(ticket, seen, (seen.held_since - ticket.executed_at).total_seconds())
        elif seen.failing is not None:
            self._end_badly(ticket, seen, f"it did not work: {seen.failing}")
        elif now >= watch.gives_up_at(plan, ticket.executed_at):
            missing = "; ".join(seen.missing)
            took_s = (now - ticket.executed_at).total_seconds()
            self._end_badly(ticket, seen, f"after {took_s:.0f} s it is not so that {missing}")
        else:
            after = changed(ticket, progress=seen)
            if self._hands.tickets.swap(ticket, after):
                self._hands.queue.watch(ticket.id, watch.next_look_s(plan))
                self._hands.tell(after)

    def close(self, ticket_id: str) -> None:
        """After a time of quiet: what was done, by whom, and what is left to do. Of an undo: that what it undid is
        known to be undone."""
        ticket = self._hands.tickets.load(ticket_id)
        if ticket is None or ticket.state != "verified" or ticket.closed_at is not None or ticket.ended_at is None:
            self._tell_again(ticket)
            return
        if ticket.undoes is not None:
            self._undoing.end(ticket)
            return
        if self._undoing.is_under_way(ticket):
            return
        now = self._hands.clock()
        reads = self._hands.reads(ticket.target.account, ticket.target.region)
        quiet, missing = watch.stayed_quiet(ticket.watched, reads, ticket.ended_at, now)
        after = changed(ticket, closed_at=now, quiet=quiet, came_back=missing)
        if self._hands.tickets.swap(ticket, after, record_of(after, "closed", now, text=closing_of(after).text)):
            self._hands.tell(after)

    def sweep(self) -> None:
        """Goes on with whatever a lost job left behind, and ends what is overdue."""
        for ticket_id in self._hands.tickets.unfinished():
            ticket = self._hands.tickets.load(ticket_id)
            if ticket is not None:
                self._sweep(ticket)

    def _sweep(self, ticket: Ticket) -> None:
        now, queue = self._hands.clock(), self._hands.queue
        if ticket.state == "pending":
            self._expire(ticket, now)
            return
        due = next_due(ticket)
        if due is None or now < due + timedelta(seconds=SWEEP_LATE_S):
            return
        if ticket.state == "approved":
            if self._hands.claims.is_idle(ticket.doing.resource, ticket.id):
                queue.run(ticket.id)
        elif ticket.state == "executed":
            queue.watch(ticket.id, 0.0)
        else:
            queue.close(ticket.id, 0.0)

    def _claim(self, ticket: Ticket) -> dict[str, int] | None:
        """The fencing number for everything that the plan writes to, or nothing while another ticket has some of it."""
        held: dict[str, int] = {}
        for arn in sorted({ticket.doing.resource, *judged_arns(ticket.doing)}):
            fence = self._hands.claims.take(arn, ticket.id)
            if fence is None:
                self._let_go(ticket, held)
                return None
            held[arn] = fence
        return held

    def _let_go(self, ticket: Ticket, held: Mapping[str, int]) -> None:
        for arn, fence in held.items():
            self._hands.claims.give_back(arn, ticket.id, fence)

    def _refused(self, ticket: Ticket) -> bool:
        """Refuses what nobody is proven to have approved, before anything else. What was begun is ended elsewhere."""
        if self._hands.claims.journal(ticket.doing.resource, ticket, 0).steps():
            return False
        now = self._hands.clock()
        why_not = DONE_BEFORE if ticket.id in self._done_here else self._unproven(ticket)
        if why_not is None or self._expire(ticket, now):
            return why_not is not None
        _log.warning("approval not believed", ticket=ticket.id, reason=why_not)
        after = moved(ticket, "refused", ended_at=now, text=why_not)
        if self._hands.tickets.swap(ticket, after, record_of(after, "refused", now)):
            self._hands.tell(after)
        return True

    def _unproven(self, ticket: Ticket) -> str | None:
        hands = self._hands
        later_s = 0.0 if ticket.started_at is None else RESUME_WITHIN_S
        return hands.proofs.why_not(ticket, hands.clock(), hands.tickets.load, later_s=later_s)

    def _wait_for_resource(self, ticket: Ticket) -> None:
        """Another ticket holds it. One that was begun before is never expired: something may have been done."""
        begun = self._hands.claims.journal(ticket.doing.resource, ticket, 0).steps()
        why = "another fix was being carried out for the same resource"
        if begun or not self._expire(ticket, self._hands.clock(), why):
            self._hands.queue.run(ticket.id, BUSY_AGAIN_S)

    def _run_claimed(self, ticket_id: str, fence: int) -> None:
        """Loaded again: an earlier delivery may have ended while this one waited for the claim."""
        ticket = self._hands.tickets.load(ticket_id)
        if ticket is None or ticket.state != "approved":
            return
        self._hands.boundary("claimed")
        journal = self._hands.claims.journal(ticket.doing.resource, ticket, fence)
        now, steps = self._hands.clock(), journal.steps()
        if not steps and self._expire(ticket, now):
            return
        if self._hands.proofs.altered(ticket, steps):
            lost = tuple(step.model_copy(update={"state": "lost"}) for step in steps.values())
            self._ended(ticket, Execution(status="unknown", text=JOURNAL, steps=lost))
            return
        if ticket.started_at is None:
            started = changed(ticket, started_at=now)
            if not self._hands.tickets.swap(ticket, started, record_of(started, "started", now, ticket.approved_by)):
                return
            ticket = started
            self._hands.tell(ticket)
        writer = _Session(lambda: self._writer(ticket))
        tools = Tools(
            reads=self._hands.reads(ticket.target.account, ticket.target.region),
            writer=writer,
            journal=self._hands.proofs.sealing(ticket, journal),
            protections=self._hands.policy.protect,
            forbidden=lambda: self._why_not_now(ticket) or writer.why_not(),
            interrupted=lambda: self._why_not_on(ticket),
            taken_over=lambda: self._why_not_as_set(ticket),
            objection=lambda write: refusal_of_prepared(write, write.call.parameters, ticket.reach),
            pause=self._hands.pause,
            boundary=self._hands.boundary,
        )
        try:
            done = carry_out(ticket.doing, ticket.id, tools, undoes=ticket.undoes is not None)
            self._hands.boundary("carried out")
            self._hands.claims.check(ticket.doing.resource, ticket.id, fence)
        except SupersededError:
            _log.warning("somebody else carries this out", ticket=ticket.id)
            return
        self._ended(ticket, done)

    def _writer(self, ticket: Ticket) -> Writer:
        who = ticket.approved_by or ticket.asked_by
        behalf = OnBehalf(person=who.name, person_id=who.id, incident=ticket.report, plan_id=ticket.id)
        return self._hands.sessions.writer(ticket.doing, ticket.target.account, ticket.target.region, behalf)

    def _why_not_now(self, ticket: Ticket) -> str | None:
        """All that is not AWS's state, judged again: the settings may differ from those of the desk."""
        if ticket.start_by is not None and self._hands.clock() >= ticket.start_by:
            return f"it was not begun within {approval.START_WITHIN_S} s after its approval"
        return self._why_not_as_set(ticket)

    def _why_not_as_set(self, ticket: Ticket) -> str | None:
        """Whether it was approved at all, what is never done, what the settings of this process say, and who may. It
        was the whole plan that people agreed on, whatever part of it was chosen."""
        if (why_not := self._unproven(ticket) or self._never(ticket)) is not None:
            return why_not
        permission = permit(
            self._hands.policy, ticket.plan, ticket.target, now=self._hands.clock(), channel=ticket.channel
        )
        if not permission.allowed:
            return permission.why_not
        return approval.why_not_by_them(ticket, permission) or ticket.doing.not_now

    def _never(self, ticket: Ticket) -> str | None:
        """An undo is judged as what it is: it takes away what the plan that it undoes has made, and nothing else."""
        if (ticket.reach.account, ticket.reach.region) != (ticket.target.account, ticket.target.region):
            return "this is never done: it is for another account or region than the report"
        if ticket.undoes is None:
            why_not = refusal(ticket.doing, self._reach(ticket))
        else:
            first = self._hands.tickets.load(ticket.undoes)
            if first is None or first.execution is None:
                return "what it should undo is forgotten"
            why_not = refusal(first.doing, first.reach) or refusal_of_undo(
                ticket.doing, first.doing, first.execution.kept, first.reach
            )
        return None if why_not is None else f"this is never done: {why_not}"

    def _reach(self, ticket: Ticket) -> Reach:
        """The ticket's own, but for what the settings of this process say."""
        own = self._hands.preferences
        return ticket.reach if own is None else ticket.reach.model_copy(update={"bucket": own.access_log_bucket})

    def _why_not_on(self, ticket: Ticket) -> str | None:
        if ticket.started_at is None or self._hands.clock() < ticket.started_at + timedelta(seconds=RESUME_WITHIN_S):
            return None
        return "it was interrupted for too long to go on with it"

    def _ended(self, ticket: Ticket, done: Execution) -> None:
        now = self._hands.clock()
        state = _AFTER[done.status]
        text, seal = _with_what_was_done(ticket.doing, done), self._hands.proofs.over_execution(ticket, done)
        ended_at = None if state == "executed" else now
        after = moved(ticket, state, execution=done, execution_seal=seal, executed_at=now, ended_at=ended_at, text=text)
        ids = tuple(step.request_id for step in done.steps if step.request_id)
        details = {"before": done.before, **trace_of(ticket.doing, ticket.id, ticket.target, done)}
        record = record_of(after, state, now, ticket.approved_by, request_ids=ids, details=details)
        if not self._hands.tickets.swap(ticket, after, record):
            return
        self._done_here.append(ticket.id)
        self._hands.boundary("ended")
        if state == "executed":
            self._hands.queue.watch(after.id, watch.LEAST_PAUSE_S)
        self._hands.tell(after)

    def _end_well(self, ticket: Ticket, seen: approval.Progress, recovered_after_s: float) -> None:
        now = self._hands.clock()
        after = moved(ticket, "verified", progress=seen, ended_at=now, recovered_after_s=max(0.0, recovered_after_s))
        text = f"{ticket.doing.success.text}, after {after.recovered_after_s:.0f} s"
        if not self._hands.tickets.swap(ticket, after, record_of(after, "verified", now, text=text)):
            return
        self._hands.boundary("verified")
        if ticket.undoes is not None:
            self._undoing.end(after)
        else:
            self._hands.queue.close(after.id, watch.CLOSES_AFTER_S)
        self._hands.tell(after)

    def _end_badly(self, ticket: Ticket, seen: approval.Progress, text: str) -> None:
        now = self._hands.clock()
        after = moved(ticket, "failed", progress=seen, ended_at=now, text=text)
        if self._hands.tickets.swap(ticket, after, record_of(after, "failed", now)):
            self._hands.tell(after)

    def _expire(self, ticket: Ticket, now: datetime, why: str = "") -> bool:
        after = approval.overdue(ticket, now)
        if after is None:
            return False
        after = after.model_copy(update={"text": f"{after.text}: {why}"}) if why else after
        if self._hands.tickets.swap(ticket, after, record_of(after, "expired", now)):
            self._hands.tell(after)
        return True

    def _tell_again(self, ticket: Ticket | None) -> None:
        """Whoever brought it there may have died before anybody was told, or before what it undid was marked so."""
        if ticket is None:
            return
        self._hands.tell(ticket)
        if ticket.undoes is not None and not ticket.is_over and ticket.state == "verified":
            self._undoing.end(ticket)


class _Session:
    """The role is assumed once it is clear that something may be written, and before the state is looked at again: so
    that nothing slow comes between that look and the write."""

    def __init__(self, make: Callable[[], Writer]) -> None:
        self._make = make
        self._made: Writer | None = None

    def why_not(self) -> str | None:
        try:
            self._made = self._made or self._make()
        except SessionError as error:
            return str(error)
        return None

    def write(self, call: Call, sending: Sending) -> Written | Rejected | Lost:
        why_not = self.why_not()
        if self._made is None:
            return Rejected(NO_SESSION, why_not or "")
        return self._made.write(call, sending)


def _with_what_was_done(plan: Plan, done: Execution) -> str:
    if done.status != "partial":
        return done.text
    actions = ", ".join(step.action for step in done.steps if step.state == "done")
    way_back = "there is no undo" if plan.undo.kind == "none" else "the undo takes back that part"
    return f"it ended in the middle: {done.text}. Done before that: {actions}; {way_back}"
