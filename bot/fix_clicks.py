"""What a click on a fix does: shows the plan, asks those who may approve, agrees, refuses, takes back, and tells.

Whoever clicked is looked up anew each time. What may be done is decided by `remediations.desk`; this module finds out
who asks, and has it drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog

from bot.clock import Now, utc_now
from bot.fix_visits import Visit
from bot.slack_side import SlackSide
from bot.store.asks import Asks
from bot.store.clicks import Clicks, FixButtons
from bot.store.plans import Offers
from bot.store.reports import Reports
from bot.telemetry.logs import correlated
from diagnostics.question import Question
from diagnostics.report import Remediation, Report
from handlers.ask import Ask, Origin, Place
from handlers.effects import SupersededError
from handlers.fixes import FixClick
from handlers.slack_calls import SlackRefusedError
from handlers.thread import UnreachableError
from handlers.views import fix_story
from handlers.views import fixes as drawn
from handlers.views.modals import View
from remediations.approval import COUNTS_FOR_S, Denied, Person, Ticket, is_old, why_not_a_member, why_not_an_approver
from remediations.desk import FixDesk, Wanted
from remediations.permission import People as ApproverPeople
from remediations.permission import Permission, Policy, permit
from remediations.plan import Plan
from remediations.reading import ReadsSource, see

EXPIRED: Final = "This button has expired. Diagnose again and press the new one."
NOBODY: Final = ApproverPeople()

_log: Final = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is in the store."""

    clicks: Clicks
    buttons: FixButtons
    offers: Offers
    reports: Reports
    asks: Asks


class FixClicks:
    """Works on clicks, and tells what becomes of fixes. `reads` None: this process cannot look at AWS. `mended` has the
    answers edited that a fix concerns."""

    def __init__(
        self,
        kept: Kept,
        slack: SlackSide,
        desk: FixDesk,
        policy: Policy,
        reads: ReadsSource | None,
        mended: Callable[[Ticket], None],
        now: Now = utc_now,
    ) -> None:
        self._kept = kept
        self._slack = slack
        self._desk = desk
        self._policy = policy
        self._reads = reads
        self._mended = mended
        self._now = now

    def work(self, click_id: str) -> None:
        """One job: a click that was taken in. Raises `SlackLaterError`."""
        click = self._kept.clicks.take(click_id)
        if click is None:
            return
        with correlated(click.correlation_id, click=click.kind):
            _log.info("fix click", user=click.user)
            if click.kind == "open":
                self._open(click)
            elif click.kind == "review":
                self._review(click)
            else:
                self._act(click)
        self._kept.clicks.done(click_id)

    def tell(self, ticket_id: str) -> None:
        """One job: the message of a fix as it stands now, and the last word once it is closed. Of a plan that somebody
        looked at and closed again nobody is told. Raises `SlackLaterError`."""
        ticket = self._desk.ticket(ticket_id)
        if ticket is None or ticket.channel is None or not ticket.is_wanted:
            return
        ask = self._ask_of(ticket)
        self._kept.asks.save(ask)
        fence = self._kept.asks.begin(ask.id)
        ticket = self._desk.ticket(ticket_id) or ticket  # the newest delivery alone tells: it has to know the newest
        place = self._kept.asks.place(ask.id) or Place(channel=ticket.channel)
        approvers = self._desk.permission(ticket).approvers
        with correlated(ask.correlation_id, fix=ticket.id):
            try:
                place = self._slack.thread.publish(
                    ask, fence, place, lambda _: fix_story.story(ticket, approvers, self._now()), None
                )
                self._kept.asks.put_place(ask.id, place)
                if ticket.closed_at is not None and ticket.undoes is None:
                    self._slack.thread.post(ask, fence, "closing", lambda _: fix_story.closing(ticket), ticket.place)
            except (UnreachableError, SlackRefusedError) as error:
                _log.warning("fix not told", error=str(error))
            self._mended(ticket)

    def _open(self, click: FixClick) -> None:
        behind = self._kept.buttons.get(click.about)
        report = self._kept.reports.load(behind.report) if behind else None
        remediation = _remediation(report, behind.offer) if report and behind else None
        if report is None or behind is None or remediation is None:
            return self._view(click, drawn.told(EXPIRED))
        wanted, visit = self._kept.offers.wanted(report, behind.offer), self._visit(click)
        permission = self._permission(wanted, click)
        person = visit.person(permission.approvers if permission else NOBODY)
        denied = visit.may_not_ask(person) or visit.out_of_scope(report.target)
        if wanted is None or permission is None or not permission.allowed:
            if (denied := denied or why_not_a_member(person)) is not None:
                return self._view(click, drawn.told(denied.text))
            why_not = permission.why_not if permission else remediation.why_not
            shown = remediation.model_copy(update={"why_not": why_not})
            return self._view(click, drawn.commands_modal(shown, drawn.age(report.made_at, self._now())))
        ticket = (
            denied
            or visit.among_strangers()
            or self._old(report)
            or self._desk.request(wanted, person, click.channel, click.thread_ts, proof=click.proof)
        )
        if isinstance(ticket, Denied):
            return self._view(click, drawn.told(ticket.text))
        self._kept.asks.save(self._ask_of(ticket, click.team))
        return self._show(click, ticket, person)

    def _old(self, report: Report) -> Denied | None:
        """Whoever presses the button of an hour ago may not know what has happened since."""
        now = self._now()
        if not is_old(report.made_at, now):
            return None
        return Denied(text=f"{drawn.age(report.made_at, now)}: {drawn.REFRESH_FIRST}")

    def _review(self, click: FixClick) -> None:
        ticket = self._desk.ticket(click.about)
        if ticket is None:
            return self._view(click, drawn.told(EXPIRED))
        visit, permission = self._visit(click), self._desk.permission(ticket)
        person = visit.person(permission.approvers)
        may_approve = why_not_an_approver(ticket, person, permission) is None
        denied = None if may_approve else visit.may_not_ask(person)
        if (denied := denied or visit.out_of_scope(ticket.target, ticket.channel)) is not None:
            return self._view(click, drawn.told(denied.text))
        shown = self._desk.shown(ticket.id, person)
        if isinstance(shown, Denied):
            return self._view(click, drawn.told(shown.text))
        return self._show(click, shown, person)

    def _show(self, click: FixClick, seen: Ticket, person: Person) -> None:
        if seen.state != "pending":
            self._tell_of_the_end(seen)
            return self._view(
                click, drawn.told(f"Decided already: {fix_story.state_in_words(seen)}. Its message says more.")
            )
        permission = self._desk.permission(seen)
        viewer = drawn.Viewer(why_not_an_approver(seen, person, permission), is_asked=self._is_told(seen))
        role = access.remediate_role if (access := self._policy.account(seen.target.account)) else None
        if self._reads is not None:
            self._view(click, drawn.plan_modal(seen, viewer, None, role, self._now()))
        return self._view(click, drawn.plan_modal(seen, viewer, self._looked(seen.plan, seen), role, self._now()))

    def _looked(self, plan: Plan, ticket: Ticket) -> drawn.Looked | None:
        if self._reads is None:
            return None
        reads = self._reads(ticket.target.account, ticket.target.region)
        seen = [see(reads, guard) for guard in plan.guards]
        return drawn.Looked(self._now(), tuple(one.told for one in seen if not one.holds))

    def _act(self, click: FixClick) -> None:
        ticket = self._desk.ticket(click.about)
        if ticket is None:
            return self._tell_presser(click, None, Denied(text=EXPIRED))
        acts = {"ask": self._ask, "approve": self._approve, "refuse": self._refuse, "undo": self._undo}
        outcome = acts[click.kind](click, ticket, self._visit(click))
        if isinstance(outcome, Denied):
            return self._tell_presser(click, ticket, outcome)
        self._kept.asks.save(self._ask_of(outcome, click.team))
        return self._told(outcome.id)

    def _ask(self, click: FixClick, ticket: Ticket, visit: Visit) -> Ticket | Denied:
        """Calls those who may approve."""
        person = visit.person(NOBODY)
        denied = visit.may_not_ask(person) or self._not_done(click, ticket, visit)
        return denied or self._desk.call(ticket.id, person, click.proof)

    def _approve(self, click: FixClick, ticket: Ticket, visit: Visit) -> Ticket | Denied:
        person = visit.person(self._desk.permission(ticket).approvers)
        return self._not_done(click, ticket, visit) or self._desk.approve(
            ticket.id, person, channel=ticket.channel, typed=click.typed, narrower=click.narrower, proof=click.proof
        )

    def _refuse(self, _: FixClick, ticket: Ticket, visit: Visit) -> Ticket | Denied:
        return self._desk.refuse(ticket.id, visit.person(self._desk.permission(ticket).approvers))

    def _undo(self, click: FixClick, ticket: Ticket, visit: Visit) -> Ticket | Denied:
        person = visit.person(self._desk.permission(ticket).approvers)
        return self._not_done(click, ticket, visit) or self._desk.undo(
            ticket.id, person, ticket.channel, proof=click.proof
        )

    def _not_done(self, click: FixClick, ticket: Ticket, visit: Visit) -> Denied | None:
        """Why this click changes nothing, whoever made it. Whoever clicked a while ago may have thought better of it,
        or done it by hand."""
        waited_s = (self._now() - click.at).total_seconds()
        if waited_s > COUNTS_FOR_S:
            return Denied(text=f"Your click waited {waited_s:,.0f} s in my queue, so nothing was done; press again.")
        return visit.out_of_scope(ticket.target, ticket.channel) or visit.among_strangers(ticket.channel)

    def _tell_presser(self, click: FixClick, ticket: Ticket | None, refused: Denied) -> None:
        """The person alone; a modal that is closed by then cannot say it."""
        channel = click.channel or (ticket.channel if ticket else None) or ""
        thread_ts = click.thread_ts or (ticket.place if ticket else None)
        origin = Origin(team=click.team, channel=channel, user=click.user, thread_ts=thread_ts)
        if not channel or not self._slack.thread.whisper(origin, lambda _: drawn.denied(refused)):
            _log.warning("person not told why nothing was done", reason=refused.text)
        if ticket is not None:
            self._tell_of_the_end(ticket)

    def _tell_of_the_end(self, ticket: Ticket) -> None:
        """Whoever finds first that the time of a fix is over has its message say so."""
        if ticket.state == "expired":
            self._told(ticket.id)

    def _told(self, ticket_id: str) -> None:
        """The click goes on when others tell of its ticket at the same time."""
        with suppress(SupersededError):
            self.tell(ticket_id)

    def _visit(self, click: FixClick) -> Visit:
        return Visit(click, self._slack.people, self._slack.rules)

    def _permission(self, wanted: Wanted | None, click: FixClick) -> Permission | None:
        if wanted is None:
            return None
        return permit(self._policy, wanted.plan, wanted.target, now=self._now(), channel=click.channel)

    def _view(self, click: FixClick, view: View) -> None:
        """Fills the modal; one that was closed meanwhile needs nothing."""
        self._slack.fill(click.view_id, view)

    def _is_told(self, ticket: Ticket) -> bool:
        return self._kept.asks.place(_ask_id(ticket.id)) is not None

    def _ask_of(self, ticket: Ticket, team: str = "") -> Ask:
        """Under whose id the messages of this ticket are guarded and found again."""
        return Ask(
            id=_ask_id(ticket.id),
            correlation_id=f"c-{ticket.id.removeprefix('p-')[:20]}",
            kind="fix",
            question=Question(words=ticket.target.label),
            origin=Origin(team=team, channel=ticket.channel or "", user=ticket.asker.id, thread_ts=ticket.place),
            asked_at=ticket.asked_at,
        )


def _ask_id(ticket_id: str) -> str:
    return f"fix-{ticket_id}"


def _remediation(report: Report, offer: str) -> Remediation | None:
    causes = (*report.causes, *report.risks)
    return next((found for cause in causes for found in cause.remediations if found.id == offer), None)
