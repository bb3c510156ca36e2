"""What the jobs do: a question that was queued becomes an answer in its thread.

Everything here may run twice, or stop at any line and run again elsewhere. What must not happen twice is guarded by the
fencing number of the ask, by the ledger of effects and by the flight that the ask leads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from bot.account_shares import AccountFullError
from bot.answer_views import command_for, headline_of, refused_to, said, summary_view
from bot.below import BelowAnswers
from bot.clock import Now, utc_now
from bot.fix_offers import Fixes
from bot.jobs import MIN_PUT_OFF_S, Lane, PutOffError, Queue
from bot.patience import AccountPatience, again_after_s
from bot.progress import Ticker
from bot.redrawing import Redrawing
from bot.slack_side import SlackSide
from bot.store.asks import Asks, fence_key
from bot.store.flights import Flights
from bot.store.incidents import Incidents
from bot.store.marks import Buttons
from bot.store.newest import Newest
from bot.store.reports import Reports, ReportTooLargeError
from bot.telemetry.diagnoses import kind_of
from bot.telemetry.logs import correlated
from bot.telemetry.metrics import DIAGNOSIS_SECONDS, QUESTIONS, SHARED_ANSWERS
from diagnostics.question import Diagnosed, Outcome, Progress, ProgressListener, Question, Refused
from diagnostics.report import Report
from handlers import views
from handlers.ask import Answer, Ask, Place, Refresh, new_id
from handlers.effects import Dress, SupersededError
from handlers.incidents import Incident
from handlers.permission import must_be_private
from handlers.slack_calls import SlackLaterError, SlackRefusedError
from handlers.thread import Draw, UnreachableError

MAX_DELIVERIES: Final = 12
"""A job that was begun so often (put-offs aside) ends its worker each time; it is set aside."""
MAX_PUT_OFFS: Final = 40
MAX_ALARM_PUT_OFFS: Final = 400
"""Nobody waits for it at a screen, and in a storm it waits for many others' posts."""
MAX_OVERTAKEN: Final = 900
"""So often, a second apart, an answer that came late waits for the later one in its message."""
UNASKED: Final = frozenset({"alarm", "watch"})
"""Nobody waits for an answer of these, so nobody is told that there is none."""
SILENT_S: Final = 600.0
"""After so long without a sign of life a question that shows progress is taken for lost."""
MAX_SILENT: Final = 20

INVITE: Final = "I am not in this channel, so only you see the answer. To let everybody see it: `/invite @alb502`."
PRIVATE: Final = "Another organisation reads this channel, so only you see the answer."
FAILED_FOR_ALL: Final = "The diagnosis that you waited for with others has failed; ask again."
FORGOTTEN: Final = "The answer was lost before it reached you; ask again."

Diagnose = Callable[[Question, ProgressListener], Outcome]

_log: Final = structlog.get_logger(__name__)


class Answering:
    """Implements `bot.jobs.Work`."""

    def __init__(
        self,
        *,
        asks: Asks,
        flights: Flights,
        reports: Reports,
        buttons: Buttons,
        slack: SlackSide,
        diagnose: Diagnose,
        incidents: Incidents,
        fixes: Fixes,
        below: BelowAnswers,
        newest: Newest,
        patience: AccountPatience,
        now: Now = utc_now,
        silent_s: float = SILENT_S,
    ) -> None:
        self._asks = asks
        self._flights = flights
        self._reports = reports
        self._buttons = buttons
        self._slack = slack
        self._diagnose = diagnose
        self._incidents = incidents
        self._fixes = fixes
        self._below = below
        self._newest = newest
        self._patience = patience
        self._now = now
        self._silent_s = silent_s
        self._redrawing = Redrawing(asks, newest, incidents, partial(self._draw, again=True))
        self._lanes: Mapping[Queue, Lane] = {}

    def connect(self, lanes: Mapping[Queue, Lane]) -> None:
        """The queues that answers are handed out by. To be called once, before any job runs."""
        self._lanes = lanes

    def answer(self, ask_id: str) -> None:
        self._begin(ask_id, self._answer)

    def deliver(self, ask_id: str, answer_id: str) -> None:
        self._begin(ask_id, lambda ask, fence: self._deliver(ask, fence, answer_id))

    def give_up(self, ask_id: str) -> None:
        self._begin(ask_id, self._give_up)

    def redraw(self, ask_id: str) -> None:
        """Edits an answer that was delivered, if what its incident's alarms do has changed since. Raises `PutOffError`
        while it is not delivered yet, and `SlackLaterError`."""
        self._redrawing.of_incident(ask_id)

    def draw_again(self, ask: Ask, answer_id: str) -> None:
        """Edits an answer that stands. Raises `SlackLaterError`."""
        self._redrawing.show(ask, lambda: answer_id)

    def end_silent(self) -> None:
        """Ends what is said to be in progress and is not: its job was lost, with the store or with whoever led it.

        To be called again and again, by every process that works on questions.
        """
        for ask_id in self._asks.silent(self._silent_s, MAX_SILENT):
            ask = self._asks.load(ask_id)
            if ask is None or self._asks.is_finished(ask_id):
                self._asks.forget_progress(ask_id)
                continue
            landed = self._flights.landed(ask_id)
            with correlated(ask.correlation_id, ask_id=ask_id):
                _log.error("nothing was heard of a question", answered=landed is not None)
            with suppress(PutOffError, SupersededError):  # it is tried again after another silence
                if landed is None:
                    self.give_up(ask_id)
                else:
                    self.deliver(ask_id, landed)

    def _begin(self, ask_id: str, step: Callable[[Ask, int], None]) -> None:
        fence = self._asks.begin(ask_id, open_only=True)
        ask = self._asks.load(ask_id)
        if ask is None or not fence:
            return
        with correlated(ask.correlation_id, ask_id=ask.id):
            try:
                if fence > MAX_DELIVERIES + self._asks.put_offs(ask_id):
                    _log.error("job set aside: it was begun too often", begun=fence)
                    step = self._give_up
                step(ask, fence)
            except SlackLaterError as later:
                tries = self._asks.put_off(ask_id)
                if tries <= (MAX_ALARM_PUT_OFFS if ask.kind == "alarm" else MAX_PUT_OFFS):
                    raise PutOffError(again_after_s(later.after_s, tries)) from later
                _undelivered(ask, "Slack keeps asking for patience")
                if not self._asks.is_in_progress(ask_id):  # else `end_silent` tries again to say that there is none
                    self._asks.finish(ask_id)

    def _answer(self, ask: Ask, fence: int) -> None:
        landed = self._flights.landed(ask.id)
        if landed is not None:
            return self._hand_out(ask, landed)
        place = self._asks.place(ask.id)
        if place is None:
            place = self._place(ask, fence)
            if place is None:
                return self._asks.finish(ask.id)
            self._asks.put_place(ask.id, place)
        if ask.kind != "watch":
            self._asks.in_progress(ask.id)
        if self._flights.board(ask.question, ask.id) == "board":
            SHARED_ANSWERS.inc()
            _log.info("waiting for the same question of somebody else")
            return None
        answer_id = self._keep(*self._found(ask, fence, place))
        if self._flights.land(ask.question, ask.id, answer_id, fence_key(ask.id), fence):
            self._hand_out(ask, answer_id)
        return None

    def _place(self, ask: Ask, fence: int) -> Place | None:
        """Where the answer will stand, with its first messages posted. None if the asker was refused."""
        refusal = self._refusal(ask)
        if refusal is not None:
            QUESTIONS.labels(kind=ask.kind, result="refused").inc()
            _log.info("refused", reason=refusal)
            if ask.kind not in UNASKED:
                self._slack.thread.whisper_once(ask, fence, "refused", refused_to(ask, refusal))
            return None
        place = ask.place or Place(channel=ask.origin.channel)
        channel = self._slack.people.channel(ask.origin.channel)
        if not place.private and must_be_private(channel, self._slack.rules):
            if ask.kind in UNASKED:
                _log.info("not answered: another organisation reads the channel, or may", kind=ask.kind)
                return None
            self._slack.thread.whisper_once(ask, fence, "private", said(PRIVATE if channel.known else INVITE))
            return place.model_copy(update={"private": True})
        started = self._now()
        waiting = Progress(step="finding", text="")
        try:
            return self._slack.thread.open(
                ask,
                fence,
                place,
                lambda _: views.parent(ask.origin.user, ask.question.words),
                lambda _: views.progress(waiting, ask.question.words, started),
            )
        except UnreachableError:
            if ask.kind == "alarm":
                _log.warning("alarm not answered: the channel cannot be posted to")
                return None
            self._slack.thread.whisper_once(ask, fence, "invite", said(INVITE))
            return place.model_copy(update={"private": True})

    def _refusal(self, ask: Ask) -> str | None:
        if ask.kind == "alarm":
            return self._slack.rules.scopes.refusal(ask.question, ask.origin.channel)
        return self._slack.refusal(ask.question, ask.origin)

    def _found(self, ask: Ask, fence: int, place: Place) -> tuple[Answer, datetime | None]:
        """What the diagnosis finds. Raises `AccountFullError` where it has to wait for others to be done."""
        try:
            self._patience.look(ask)
            return self._diagnosed(ask, fence, place)
        except AccountFullError as full:
            return self._patience.wait(full, ask, fence, place, self._now()), None

    def _diagnosed(self, ask: Ask, fence: int, place: Place) -> tuple[Answer, datetime | None]:
        started = self._now()

        def show(step: Progress) -> None:
            if ask.kind == "watch":
                return
            step = self._slack.rules.scopes.step_within(step, ask.origin.channel)
            dress: Dress = "progress" if step.so_far is None else "answer"
            draw = partial(self._progress, step, ask, started)
            self._slack.thread.progress(ask, fence, place, draw, dress)

        began_s = time.monotonic()
        with Ticker(show) as ticker:
            outcome = self._diagnose(ask.question, ticker)
        kind = kind_of(outcome)
        seconds = time.monotonic() - began_s
        DIAGNOSIS_SECONDS.labels(outcome=kind).observe(seconds)
        QUESTIONS.labels(kind=ask.kind, result=kind).inc()
        _log.info("diagnosed", outcome=kind, seconds=round(seconds, 3))
        if not isinstance(outcome, Diagnosed):
            return outcome, None
        self._fixes.keep(outcome)
        age_s = outcome.snapshot.stats.cache_age_s
        return outcome.report, None if age_s is None else self._now() - timedelta(seconds=age_s)

    def _progress(self, step: Progress, ask: Ask, started: datetime, plain: bool) -> views.Message:
        if step.so_far is not None:
            return views.summary(step.so_far, now=self._now(), age_s=None, plain=plain, still=step)
        return views.progress(step, ask.question.words, started, plain=plain)

    def _keep(self, answer: Answer, facts_at: datetime | None) -> str:
        try:
            return self._reports.put_answer(answer, facts_at)
        except ReportTooLargeError:
            if not isinstance(answer, Report):
                raise
            _log.warning("report shortened: it is too large to keep", report_id=answer.id)
            shorter = answer.model_copy(update={"timeline": (), "checks": (), "risks": ()})
            return self._reports.put_answer(shorter, facts_at)

    def _hand_out(self, ask: Ask, answer_id: str) -> None:
        """A job of its own for everybody who waits, so that one who cannot be reached holds up nobody."""
        lane = self._lanes["deliveries"]
        for ask_id in (ask.id, *self._flights.passengers(ask.id)):
            lane.deliver(ask_id, answer_id)
        self._flights.served(ask.id)

    def _deliver(self, ask: Ask, fence: int, answer_id: str) -> None:
        place = self._place_of(ask)
        self._newest.stands(ask, place, answer_id)
        is_there = True
        if self._newest.than(ask, place) is None:
            is_there = self._draw(ask, fence, answer_id, again=ask.kind == "watch")
            self._asks.put_answer(ask.id, answer_id)
        self._put_right(ask, place)
        self._asks.finish(ask.id)
        if is_there:
            _log.info("answer delivered", answer=answer_id)

    def _put_right(self, ask: Ask, place: Place) -> None:
        """An edit that Slack was slow to take may have come after that of a later question in the same message."""
        newer = self._newest.than(ask, place)
        later = None if newer is None else self._asks.load(newer.ask_id)
        if newer is not None and later is not None:
            # Its own delivery is not to be overtaken, unless that was lost.
            if not self._asks.is_finished(later.id) and self._asks.overtaken(ask.id) <= MAX_OVERTAKEN:
                raise PutOffError(MIN_PUT_OFF_S)
            with suppress(SupersededError):  # others draw that one now, and this ask still has to be finished
                self._draw(later, self._asks.begin(later.id), newer.answer_id, again=True)

    def _draw(self, ask: Ask, fence: int, answer_id: str, *, again: bool = False) -> bool:
        """Whether anybody can see it."""
        kept, facts_at = self._reports.answer(answer_id) or (Refused(message=FORGOTTEN), None)
        answer = self._slack.rules.scopes.within(kept, ask.origin.channel)
        place = self._place_of(ask)
        button_id, choices = new_id("b"), self._below.choices(answer, ask, place)
        report = answer if isinstance(answer, Report) else None
        self._buttons.put(button_id, Refresh(question=ask.question, place=place, report=report and report.id))
        fix_ids = self._fixes.buttons(report) if report else {}
        summary: Draw = partial(
            summary_view,
            answer,
            self._now,
            facts_at,
            refresh=button_id,
            command=command_for(place),
            fix_ids=fix_ids,
            choices=choices,
        )
        incident = self._incident_of(ask, place)
        if incident is not None and (answer is kept or report):
            summary = self._with_alarms(summary, incident)
        summary = self._below.above(self._below.watched(summary, place, answer), place, answer)
        headline = self._below.above(lambda _: headline_of(answer, ask), place, answer)
        is_there = self._publish(ask, fence, place, summary, headline, again=again)
        self._below.stands(ask, place, answer)
        if incident is not None:
            self._asks.put_answer(incident.ask_id, answer_id)
            self._incidents.told(incident)
        return is_there

    def _place_of(self, ask: Ask) -> Place:
        return self._asks.place(ask.id) or ask.place or Place(channel=ask.origin.channel)

    def _incident_of(self, ask: Ask, place: Place) -> Incident | None:
        """The incident whose one message this answer stands in: its own, or refreshed by somebody."""
        if ask.kind == "alarm":
            return self._incidents.of_ask(ask.id)
        if ask.kind not in {"refresh", "watch"} or place.private or ask.origin.thread_ts is None:
            return None
        incident = self._incidents.in_thread(place.channel, ask.origin.thread_ts)
        stands = None if incident is None else self._asks.place(incident.ask_id)
        return incident if stands is not None and stands.reply_ts == place.reply_ts else None

    def _give_up(self, ask: Ask, fence: int) -> None:
        # Without passengers it lands, too: nobody may board it any more.
        if self._flights.passengers(ask.id) or self._flights.landed(ask.id) is None:
            answer_id = self._reports.put_answer(Refused(message=FAILED_FOR_ALL))
            if not self._flights.land(ask.question, ask.id, answer_id, fence_key(ask.id), fence):
                return
            for ask_id in self._flights.passengers(ask.id):
                self._lanes["deliveries"].deliver(ask_id, answer_id)
            self._flights.served(ask.id)
        QUESTIONS.labels(kind=ask.kind, result="failed").inc()
        if ask.kind == "watch":  # what stands there is as true as it was
            self._asks.finish(ask.id)
            return
        place = self._place_of(ask)
        self._publish(
            ask,
            fence,
            place,
            lambda _: views.failed(ask.correlation_id),
            lambda _: views.parent_failed(ask.origin.user, ask.question.words),
        )
        self._asks.finish(ask.id)

    def _publish(
        self, ask: Ask, fence: int, place: Place, summary: Draw, headline: Draw, *, again: bool = False
    ) -> bool:
        """Whether anybody can see it."""
        try:
            self._slack.thread.publish(ask, fence, place, summary, headline, spare=again)
        except (UnreachableError, SlackRefusedError) as error:
            if not self._slack.thread.whisper_once(ask, fence, "summary", summary):
                _undelivered(ask, str(error))
                return False
            _log.warning("not posted, told privately", error=str(error))
        return True

    def _with_alarms(self, summary: Draw, incident: Incident) -> Draw:
        return lambda plain: views.with_incident(summary(plain), incident, self._now())


def _undelivered(ask: Ask, why: str) -> None:
    QUESTIONS.labels(kind=ask.kind, result="undelivered").inc()
    _log.error("answer not delivered", why=why)
