"""What becomes of an alarm: silence, a diagnosis in its thread, or a row in the thread of the same incident.

Everything here may run twice, or stop at any line and run again elsewhere: incidents are decided in the store in one
step, messages go through the ledger of effects, and what was queued twice is done once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import structlog

from bot.account_shares import AccountFullError
from bot.answering import Diagnose
from bot.clock import Now, utc_now
from bot.jobs import MIN_PUT_OFF_S, PutOffError, Send
from bot.queue import job_in_work
from bot.slack_side import SlackSide
from bot.store.alarms import AlarmShelf
from bot.store.asks import Asks
from bot.store.incidents import Incidents
from bot.store.mutes import Mutes
from bot.telemetry.logs import correlated
from bot.telemetry.metrics import ALARMS
from diagnostics.locate.alarm_truth import KnownAlarm, NotOurs
from diagnostics.question import Ambiguous, Diagnosed, Question, Refused, Unknown
from diagnostics.report import Report
from diagnostics.rules.own_changes import OWN
from diagnostics.snapshot import Subject
from handlers import admission, views
from handlers.alarms import OLDEST_S, AlarmNews
from handlers.ask import Ask, Origin, new_id
from handlers.incidents import AlarmChange, Incident
from handlers.slack_calls import SlackLaterError, SlackRefusedError
from handlers.thread import Draw, UnreachableError

BEFORE: Final = timedelta(hours=1)
"""So much before the alarm is looked at: an alarm needs minutes to begin."""
MINUTE: Final = timedelta(minutes=1)
SECOND: Final = timedelta(seconds=1)
LATE: Final = timedelta(minutes=10)
"""A post may come so long after an alarm that has ended by then."""
RETELL_AFTER_S: Final = 3.0
RECHECK_AFTER_S: Final = 60.0
"""The last minutes of metrics and CloudTrail come late."""
UNREAD_AGAIN_S: Final = 20.0
MAX_UNREAD: Final = 6
CONTRADICTED_AGAIN_S: Final = 15.0
MAX_CONTRADICTED: Final = 2
"""CloudWatch may tell of a change a moment before its own description of the alarm does."""
ANNOUNCED_AGAIN_S: Final = 1.0
HELD_AGAIN_S: Final = 2.0
MAX_ACCOUNT_WAIT_S: Final = 30.0
MAX_PUT_OFFS: Final = 200
MAX_POINTER_PUT_OFFS: Final = 60
MAX_POINTER_WAIT_S: Final = 10.0
POINTER_AGAIN_S: Final = 1.0
WHICH_AGAIN_S: Final = 3600
"""So long nobody is asked again which of several alarms is meant."""

_log: Final = structlog.get_logger(__name__)


class AskAws(Protocol):
    def __call__(self, news: AlarmNews) -> KnownAlarm | NotOurs:
        """What AWS says of it, or of the load balancer that it names."""

    def find(self, question: Question) -> Subject | Ambiguous | Unknown | Refused:
        """What a person's words mean."""


@dataclass(frozen=True, slots=True)
class AlarmJobs:
    """The queue's jobs: `answer` a question, edit its message again (`retell`), look what ended it (`recheck`), post a
    `pointer` to it."""

    answer: Callable[[str], None]
    retell: Send
    recheck: Send
    pointer: Send


class Alarming:
    """Works on alarms. Implements nothing that Slack calls: `handlers.alarms` only queues."""

    def __init__(
        self,
        *,
        shelf: AlarmShelf,
        asks: Asks,
        incidents: Incidents,
        mutes: Mutes,
        slack: SlackSide,
        ask_aws: AskAws,
        diagnose: Diagnose,
        pointers: int,
        now: Now = utc_now,
    ) -> None:
        self._shelf = shelf
        self._asks = asks
        self._incidents = incidents
        self._mutes = mutes
        self._slack = slack
        self._ask_aws = ask_aws
        self._diagnose_it = diagnose
        self._pointers = pointers
        self._now = now
        self._jobs: AlarmJobs | None = None

    def connect(self, jobs: AlarmJobs) -> None:
        """To be called once, before any job runs."""
        self._jobs = jobs

    def take(self, news_id: str) -> None:
        """Works on an alarm that was taken in. Raises `PutOffError`."""
        news = self._shelf.get(news_id)
        if news is None or self._shelf.is_done(news_id):
            return
        if not self._shelf.hold(news_id, job_in_work() or new_id("j")):
            raise PutOffError(HELD_AGAIN_S)
        try:
            self._shelf.begun(news)
            self._take_held(news)
        finally:
            self._shelf.release(news_id)

    def _take_held(self, news: AlarmNews) -> None:
        news_id = news.id
        with correlated(news.correlation_id, alarm=news.alarm or news.load_balancer or news.target_group or ""):
            try:
                self._take(news.model_copy(update={"at": min(news.at, self._now())}))
            except SlackLaterError:
                if self._shelf.tries(news_id, "slack") <= MAX_PUT_OFFS:
                    raise
                _log.error("alarm not told: Slack keeps asking for patience")
            except AccountFullError as full:
                self._shelf.stands_for_later(news)  # AWS was not asked: whatever came meanwhile is asked about with it
                raise self._later(news_id, full) from full
        self._shelf.done(news_id)

    def _later(self, about: str, full: AccountFullError) -> PutOffError:
        """Less and less often: thousands may wait for an account that hangs, and alarms of others are between them."""
        waits = self._shelf.tries(about, "account")
        if waits & (waits - 1) == 0:
            _log.info("alarm waits for an account", account=full.account, waits=waits)
        return PutOffError(min(full.after_s * waits, MAX_ACCOUNT_WAIT_S))

    def recheck(self, ask_id: str) -> None:
        """Finds out what changed last before an incident was over, and has its message say so. Raises `PutOffError`."""
        incident, ask = self._incidents.of_ask(ask_id), self._asks.load(ask_id)
        if incident is None or ask is None or incident.closed_at is None or incident.ended_after is not None:
            return
        with correlated(ask.correlation_id, ask_id=ask_id):
            question = ask.question.model_copy(update={"end": incident.closed_at + MINUTE, "logs": False})
            try:
                outcome = self._diagnose_it(question, lambda _: None)
            except AccountFullError as full:
                raise self._later(ask_id, full) from full
            if isinstance(outcome, Diagnosed):
                text = ended_after(outcome.report, incident.opened_at, incident.closed_at)
                told = self._incidents.ended_after(ask_id, text)
                if told is not None:
                    self._plan_retelling(told)

    def point(self, news_id: str) -> None:
        """Posts in the thread of a later alarm where the answer is. Raises `PutOffError`."""
        news = self._shelf.get(news_id)
        if news is None or news.thread_ts is None:
            return
        incident = self._incidents.in_thread(news.channel, news.thread_ts)
        if incident is None:
            return
        if self._asks.place(incident.ask_id) is None:  # the answer's own post goes first
            if self._asks.is_finished(incident.ask_id) or self._shelf.tries(news_id, "answer") > MAX_PUT_OFFS:
                return
            raise PutOffError(POINTER_AGAIN_S)
        with correlated(news.correlation_id, incident=incident.id):
            try:
                self._point(news, incident, news.thread_ts)
            except SlackLaterError as later:
                tries = self._shelf.tries(news_id, "pointer")
                if tries <= MAX_POINTER_PUT_OFFS:
                    raise PutOffError(max(later.after_s, min(MIN_PUT_OFF_S + tries / 2, MAX_POINTER_WAIT_S))) from later
                _log.warning("no pointer posted: Slack keeps asking for patience")

    def _take(self, news: AlarmNews) -> None:
        if (self._now() - news.at).total_seconds() > OLDEST_S:
            return self._silent(news, "it is more than a day old", "old")
        truth = self._ask_aws(news)
        if isinstance(truth, NotOurs) and truth.places:
            return self._which(news, truth)
        if isinstance(truth, NotOurs):
            if truth.unread and self._shelf.tries(news.id, "unread") <= MAX_UNREAD:
                raise PutOffError(UNREAD_AGAIN_S)
            return self._silent(news, truth.why, "not ours")
        if is_contradicted(news, truth):
            if self._shelf.tries(news.id, "contradicted") <= MAX_CONTRADICTED:
                raise PutOffError(CONTRADICTED_AGAIN_S)
            return self._silent(news, f"the alarm is in state {truth.state} since before this post", "contradicted")
        what, change = watched_of(truth), change_of(news, truth)
        if news.state == "OK":
            return self._end(news, what, change)
        if self._mutes.count(what, news.channel, self._now(), f"{change.identity} {change.changed_at.isoformat()}"):
            return self._silent(news, "muted", "muted")
        return self._begin(news, truth, what, change)

    def _which(self, news: AlarmNews, several: NotOurs) -> None:
        """Several accounts have this alarm and the post does not say which: the one that is for this channel is meant,
        else people are asked, once."""
        name, channel = news.alarm or "", news.channel
        here = [
            one
            for one in several.places
            if self._why_not(Question(words=name, account=one.account, region=one.region), channel) is None
        ]
        if len(here) == 1 < len(several.places):
            return self._take(news.model_copy(update={"account": here[0].account, "region": here[0].region}))
        asks = here and news.state == "ALARM" and news.thread_ts is not None
        if not asks or not self._shelf.claim(f"which {channel} {name}", news.id, WHICH_AGAIN_S):
            return self._silent(news, several.why, "several")
        ask = _ask(news, Question(words=name), news.thread_ts).model_copy(update={"id": f"{news.id}-which"})
        self._asks.save(ask)
        self._post(ask, "which", lambda _: views.which_alarm(name, here), news.thread_ts)
        return self._silent(news, several.why, "several")

    def _begin(self, news: AlarmNews, truth: KnownAlarm, what: str, change: AlarmChange) -> None:
        question = question_about(truth, change.changed_at)
        why_not = self._why_not(question, news.channel, truth.subject)
        if why_not is not None:
            return self._silent(news, why_not, "not for this channel")
        thread_ts = news.thread_ts or self._announced(news, what, truth)
        if thread_ts is None:
            return self._silent(news, "the channel cannot be posted to", "unreachable")
        fresh = Incident(
            id=f"inc-{news.id.removeprefix('ask-')}",
            what=what,
            team=news.team,
            channel=news.channel,
            thread_ts=thread_ts,
            ask_id=news.id,
            opened_at=change.changed_at,
        )
        incident, told = self._incidents.begin(fresh, change, self._pointers, self._now())
        ALARMS.labels(result=told).inc()
        _log.info("alarm taken", incident=incident.id, told=told)
        if incident.ask_id == news.id and not self._shelf.is_asked(news.id):
            self._asks.save(_ask(news, question, incident.thread_ts))
            self._queue().answer(news.id)
            self._shelf.asked(news.id)
        if told == "pointer" and news.thread_ts is not None:
            self._queue().pointer(news.id)
        if truth.state == "OK" and truth.changed_at is not None:
            ended = change.model_copy(update={"state": "OK", "changed_at": truth.changed_at, "is_exact": True})
            self._end(news, what, ended)
        if told != "opened":
            self._plan_retelling(incident)
        return None

    def _end(self, news: AlarmNews, what: str, change: AlarmChange) -> None:
        found = self._incidents.end(what, news.channel, change)
        if found is None:
            return self._silent(news, "no incident of this channel knows it", "not open")
        incident, told = found
        ALARMS.labels(result="ended" if told == "table" else told).inc()
        self._plan_retelling(incident)
        if incident.is_over and incident.ended_after is None:
            self._queue().recheck(incident.ask_id, RECHECK_AFTER_S)
        return None

    def _point(self, news: AlarmNews, incident: Incident, thread_ts: str) -> None:
        ask = _ask(news, Question(words=news.alarm or incident.what), thread_ts)
        self._asks.save(ask)
        permalink = self._slack.thread.permalink(incident.channel, incident.thread_ts)
        self._post(ask, "pointer", lambda _: views.pointer(incident, permalink), thread_ts)

    def _announced(self, news: AlarmNews, what: str, truth: KnownAlarm) -> str | None:
        """The message at the head of the thread: that of the incident that is open, else one of our own."""
        known = self._incidents.open(what, news.channel, self._now())
        if known is not None:
            return known.thread_ts
        if not self._incidents.announce(what, news.channel, news.id):
            raise PutOffError(ANNOUNCED_AGAIN_S)
        ask = _ask(news, question_about(truth, news.at), None).model_copy(update={"id": f"{news.id}-announced"})
        self._asks.save(ask)
        name = news.alarm or truth.name
        return self._post(ask, "announced", lambda _: views.announced(name, truth.region, news.at, self._now()), None)

    def _post(self, ask: Ask, what: str, draw: Draw, thread_ts: str | None) -> str | None:
        """One message, once. None where the channel cannot be posted to. Raises `SlackLaterError`."""
        try:
            return self._slack.thread.post(ask, self._asks.begin(ask.id), what, draw, thread_ts)
        except (UnreachableError, SlackRefusedError) as error:
            _log.warning("not posted about an alarm", what=what, error=str(error))
            return None

    def _plan_retelling(self, incident: Incident) -> None:
        if self._incidents.plan_retelling(incident):
            self._queue().retell(incident.ask_id, RETELL_AFTER_S)

    def _why_not(self, question: Question, channel: str, subject: Subject | None = None) -> str | None:
        """Why a channel may not be told of an alarm about this, if it may not."""
        return admission.why_not_told(self._slack.people, self._slack.rules, question, channel, subject)

    def _silent(self, news: AlarmNews, why: str, result: str) -> None:
        ALARMS.labels(result=result).inc()
        _log.info("alarm left alone", reason=why, state=news.state, format=news.format)

    def _queue(self) -> AlarmJobs:
        if self._jobs is None:
            raise RuntimeError("the queue is connected before any job runs")
        return self._jobs


def watched_of(truth: KnownAlarm) -> str:
    """What alarms are grouped and muted by."""
    return truth.watches or f"{truth.account}/{truth.region}/{truth.name}"


def question_about(truth: KnownAlarm, began: datetime) -> Question:
    return Question(words=truth.words, account=truth.account, region=truth.region, start=began - BEFORE)


def is_contradicted(news: AlarmNews, truth: KnownAlarm) -> bool:
    """Whether AWS says that this post tells of no change: the state that it had at that time is another one.

    A beginning may be told late, after the alarm has ended; an end that is told while the alarm is on is none.
    """
    if truth.changed_at is None or truth.state == news.state:
        return False
    if news.state == "OK":
        return truth.state == "ALARM" and truth.changed_at <= news.at
    return truth.changed_at + LATE < news.at


def ended_after(report: Report, opened_at: datetime, closed_at: datetime) -> str:
    """The last change that somebody made, or that ECS completed, while the incident lasted."""
    changes = [
        entry
        for entry in report.timeline
        if opened_at <= entry.at <= closed_at and (entry.actor or entry.source.startswith("ecs:"))
    ]
    if not changes and any(gap.action.startswith("cloudtrail:") for gap in report.gaps):
        return "what was changed before it is not known: CloudTrail could not be read"
    if not changes:
        return "no fix and no change is recorded before it"
    last = max(changes, key=lambda entry: entry.at)
    by = f", by {last.actor}" if last.actor else ""
    what = "fix" if (last.actor or "").startswith(f"{OWN} (") else "change"
    return f"last {what} before it: {last.event}{by}, at {last.at:%H:%M:%S} UTC"


def change_of(news: AlarmNews, truth: KnownAlarm) -> AlarmChange:
    """The change that a post tells of. When AWS has another state by now, it was that of the post's own time, to the
    minute: several posts of one change differ by seconds."""
    is_exact = truth.state == news.state and truth.changed_at is not None
    at = truth.changed_at if is_exact and truth.changed_at is not None else news.at.replace(second=0, microsecond=0)
    if not is_exact and news.state == "ALARM" and truth.changed_at is not None:
        at = min(at, truth.changed_at - SECOND)  # it has ended since
    return AlarmChange(
        name=truth.name,
        account=truth.account,
        region=truth.region,
        state=news.state,
        changed_at=at.astimezone(UTC),
        is_exact=is_exact,
    )


def _ask(news: AlarmNews, question: Question, thread_ts: str | None) -> Ask:
    return Ask(
        id=news.id,
        correlation_id=news.correlation_id,
        kind="alarm",
        question=question,
        origin=Origin(team=news.team, channel=news.channel, user="", thread_ts=thread_ts),
        asked_at=news.at,
    )
