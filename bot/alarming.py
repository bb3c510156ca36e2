"""What becomes of an alarm: silence, a diagnosis in its thread, or a row in the thread of the same incident.

Everything here may run twice, or stop at any line and run again elsewhere: incidents are decided in the store in one
step, messages go through the ledger of effects, and what was queued twice is done once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import structlog

from bot.answering import Diagnose
from bot.jobs import PutOffError, Send
from bot.store.alarms import AlarmShelf
from bot.store.asks import Asks
from bot.store.incidents import Incidents, Mutes
from bot.telemetry.logs import correlated
from bot.telemetry.metrics import ALARMS
from diagnostics.locate.alarm_truth import KnownAlarm, NotOurs
from diagnostics.question import Diagnosed, Question
from diagnostics.report import TimelineEntry
from handlers import views
from handlers.alarms import OLDEST_S, AlarmNews
from handlers.ask import Ask, Origin
from handlers.incidents import AlarmChange, Incident
from handlers.slack_calls import SlackRefusedError
from handlers.thread import Thread, UnreachableError

BEFORE: Final = timedelta(hours=1)
"""So much before the alarm is looked at: an alarm needs minutes to begin."""
MINUTE: Final = timedelta(minutes=1)
RETELL_AFTER_S: Final = 3.0
RECHECK_AFTER_S: Final = 60.0
"""The last minutes of metrics and CloudTrail come late."""
UNREAD_AGAIN_S: Final = 20.0
MAX_UNREAD: Final = 6

_log: Final = structlog.get_logger(__name__)


class AskAws(Protocol):
    def __call__(self, news: AlarmNews) -> KnownAlarm | NotOurs:
        """What AWS says of it, or of the load balancer that it names."""


@dataclass(frozen=True, slots=True)
class AlarmJobs:
    """The queue's jobs: `answer` a question, edit its message again (`retell`), look what ended it (`recheck`)."""

    answer: Callable[[str], None]
    retell: Send
    recheck: Send


class Alarming:
    """Works on alarms. Implements nothing that Slack calls: `handlers.alarms` only queues."""

    def __init__(
        self,
        *,
        shelf: AlarmShelf,
        asks: Asks,
        incidents: Incidents,
        mutes: Mutes,
        thread: Thread,
        ask_aws: AskAws,
        diagnose: Diagnose,
        pointers: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._shelf = shelf
        self._asks = asks
        self._incidents = incidents
        self._mutes = mutes
        self._thread = thread
        self._ask_aws = ask_aws
        self._diagnose_it = diagnose
        self._pointers = pointers
        self._now = now
        self._jobs: AlarmJobs | None = None

    def connect(self, jobs: AlarmJobs) -> None:
        """To be called once, before any job runs."""
        self._jobs = jobs

    def take(self, news_id: str) -> None:
        """Works on an alarm that was taken in."""
        news = self._shelf.get(news_id)
        if news is None or self._shelf.is_done(news_id):
            return
        with correlated(news.correlation_id, alarm=news.alarm or news.load_balancer or news.target_group or ""):
            self._take(news)
        self._shelf.done(news_id)

    def recheck(self, ask_id: str) -> None:
        """Finds out what changed last before an incident was over, and has its message say so."""
        incident, ask = self._incidents.of_ask(ask_id), self._asks.load(ask_id)
        if incident is None or ask is None or incident.closed_at is None:
            return
        with correlated(ask.correlation_id, ask_id=ask_id):
            question = ask.question.model_copy(update={"end": incident.closed_at + MINUTE, "logs": False})
            outcome = self._diagnose_it(question, lambda _: None)
            if isinstance(outcome, Diagnosed):
                text = ended_after(outcome.report.timeline, incident.opened_at, incident.closed_at)
                if self._incidents.ended_after(ask_id, text) is not None:
                    self._plan_retelling(incident)

    def _take(self, news: AlarmNews) -> None:
        if (self._now() - news.at).total_seconds() > OLDEST_S:
            return self._silent(news, "it is more than a day old", "old")
        truth = self._ask_aws(news)
        if isinstance(truth, NotOurs):
            if truth.unread and self._shelf.tries(news.id) <= MAX_UNREAD:
                raise PutOffError(UNREAD_AGAIN_S)
            return self._silent(news, truth.why, "not ours")
        what, change = truth.watches or f"{truth.account}/{truth.region}/{truth.name}", change_of(news, truth)
        if self._mutes.is_muted(what):
            self._mutes.count(what)
            return self._silent(news, "muted", "muted")
        if news.state == "OK":
            return self._end(news, what, change)
        return self._begin(news, truth, what, change)

    def _begin(self, news: AlarmNews, truth: KnownAlarm, what: str, change: AlarmChange) -> None:
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
        if incident.ask_id == news.id:
            return self._diagnose(news, truth, incident)
        if told == "pointer":
            self._point(news, truth, incident, thread_ts)
        if told in {"pointer", "table"}:
            self._plan_retelling(incident)
        return None

    def _end(self, news: AlarmNews, what: str, change: AlarmChange) -> None:
        found = self._incidents.end(what, news.channel, change)
        if found is None:
            return self._silent(news, "no incident of this channel knows it", "not open")
        incident, told = found
        ALARMS.labels(result="ended" if told == "table" else told).inc()
        if told == "table":
            self._plan_retelling(incident)
        if incident.is_over:
            self._queue().recheck(incident.ask_id, RECHECK_AFTER_S)
        return None

    def _diagnose(self, news: AlarmNews, truth: KnownAlarm, incident: Incident) -> None:
        start = min(incident.opened_at, news.at) - BEFORE
        question = Question(words=truth.words, account=truth.account, region=truth.region, start=start)
        self._asks.save(_ask(news, question, incident.thread_ts))
        self._queue().answer(news.id)

    def _point(self, news: AlarmNews, truth: KnownAlarm, incident: Incident, thread_ts: str) -> None:
        question = Question(words=truth.words, account=truth.account, region=truth.region)
        ask = _ask(news, question, thread_ts)
        self._asks.save(ask)
        permalink = self._thread.permalink(incident.channel, incident.thread_ts)
        try:
            self._thread.post(
                ask, self._asks.begin(ask.id), "pointer", lambda _: views.pointer(incident, permalink), thread_ts
            )
        except (UnreachableError, SlackRefusedError) as error:
            _log.warning("no pointer posted", error=str(error))
        self._asks.finish(ask.id)

    def _announced(self, news: AlarmNews, what: str, truth: KnownAlarm) -> str | None:
        """The message at the head of the thread: that of the incident that is open, else one of our own."""
        known = self._incidents.open(what, news.channel, self._now())
        if known is not None:
            return known.thread_ts
        question = Question(words=truth.words, account=truth.account, region=truth.region)
        ask = _ask(news, question, None).model_copy(update={"id": f"{news.id}-announced"})
        self._asks.save(ask)
        name = news.alarm or truth.name
        try:
            return self._thread.post(
                ask,
                self._asks.begin(ask.id),
                "announced",
                lambda _: views.announced(name, truth.region, news.at, self._now()),
                None,
            )
        except (UnreachableError, SlackRefusedError) as error:
            _log.warning("alarm not announced", error=str(error))
            return None

    def _plan_retelling(self, incident: Incident) -> None:
        if self._incidents.plan_retelling(incident.id):
            self._queue().retell(incident.ask_id, RETELL_AFTER_S)

    def _silent(self, news: AlarmNews, why: str, result: str) -> None:
        ALARMS.labels(result=result).inc()
        _log.info("alarm left alone", reason=why, state=news.state, format=news.format)

    def _queue(self) -> AlarmJobs:
        if self._jobs is None:
            raise RuntimeError("the queue is connected before any job runs")
        return self._jobs


def ended_after(timeline: Sequence[TimelineEntry], opened_at: datetime, closed_at: datetime) -> str:
    """The last change that somebody made, or that ECS completed, while the incident lasted."""
    changes = [
        entry
        for entry in timeline
        if opened_at <= entry.at <= closed_at and (entry.actor or entry.source.startswith("ecs:"))
    ]
    if not changes:
        return "no change was recorded"
    last = max(changes, key=lambda entry: entry.at)
    by = f", by {last.actor}" if last.actor else ""
    return f"{last.event}{by} at {last.at:%H:%M:%S} UTC"


def change_of(news: AlarmNews, truth: KnownAlarm) -> AlarmChange:
    """The change that a post tells of. When AWS has another state by now, it was that of the post's own time, to the
    minute: several posts of one change differ by seconds."""
    is_now = truth.state == news.state and truth.changed_at is not None
    at = truth.changed_at if is_now and truth.changed_at is not None else news.at.replace(second=0, microsecond=0)
    return AlarmChange(
        name=truth.name, account=truth.account, region=truth.region, state=news.state, changed_at=at.astimezone(UTC)
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
