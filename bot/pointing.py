"""Diagnoses an alarm that somebody points at: finds out which it is, then asks as that person would."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

from bot.account_shares import AccountFullError
from bot.alarming import BEFORE, AskAws
from bot.clock import Now, utc_now
from bot.jobs import PutOffError
from bot.patience import MAX_WAITS, room_again_s, too_slow
from bot.slack_side import SlackSide
from bot.store.asks import Asks
from bot.store.incidents import Incidents
from bot.store.wishes import Wishes
from bot.telemetry.logs import correlated
from diagnostics.locate.alarm_truth import KnownAlarm, NotOurs
from diagnostics.locate.seen import Where
from diagnostics.question import Question
from handlers import views
from handlers.alarm_formats import AlarmPost, named_in
from handlers.alarm_formats import read as read_post
from handlers.alarms import AlarmNews
from handlers.ask import Ask
from handlers.incidents import Incident
from handlers.mentions import MENTION
from handlers.pointing import NOT_ALARM, Pointed, news_of_post
from handlers.slack_calls import SlackLaterError, SlackRefusedError
from handlers.views import Message

LONG_AGO: Final = timedelta(hours=3)
AFTERWARDS: Final = timedelta(hours=1)
"""What is looked at after an alarm of long ago."""
UNREAD: Final = "CloudWatch cannot be asked about this alarm now; try again in a minute."
RUNNING: Final = "I am at it already: the answer comes in {there}."
REFRESHED: Final = "This alarm has an answer in {there}; I read everything anew and edit it."
MAX_REPLIES: Final = 100
MAX_PUT_OFFS: Final = 40

_log: Final = structlog.get_logger(__name__)


class Pointing:
    def __init__(
        self,
        *,
        wishes: Wishes[Pointed],
        asks: Asks,
        incidents: Incidents,
        slack: SlackSide,
        ask_aws: AskAws,
        now: Now = utc_now,
    ) -> None:
        self._wishes = wishes
        self._asks = asks
        self._incidents = incidents
        self._slack = slack
        self._ask_aws = ask_aws
        self._now = now
        self._answer: Callable[[str], None] | None = None

    def connect(self, answer: Callable[[str], None]) -> None:
        """What queues a question. To be called once, before any job runs."""
        self._answer = answer

    def work(self, wish_id: str) -> None:
        """Raises `PutOffError`, `SlackLaterError`."""
        pointed = self._wishes.get(wish_id)
        if pointed is None:
            return
        with correlated(pointed.correlation_id, ask_id=pointed.id):
            try:
                told = self._told(pointed)
                if told is not None:
                    self._slack.thread.whisper(pointed.origin, lambda _: told)
            except SlackLaterError:
                if self._wishes.tries(wish_id) <= MAX_PUT_OFFS:
                    raise
                _log.error("not answered: Slack keeps asking for patience")
            self._wishes.done(wish_id)

    def _told(self, pointed: Pointed) -> Message | None:
        try:
            return self._work(pointed)
        except AccountFullError as full:
            waits = self._wishes.tries(pointed.id, "account")
            if waits <= MAX_WAITS:
                raise PutOffError(room_again_s(full, waits)) from full
            return Message(too_slow(full))

    def _work(self, pointed: Pointed) -> Message | None:
        refused = self._slack.refusal(None, pointed.origin)
        if refused is not None:
            return Message(refused)
        incident = self._incident(pointed)
        if incident is not None and (told := self._about(incident, pointed)) is not None:
            return told
        news = pointed.news or self._read(pointed)
        if news is None:
            return views.help(MENTION) if pointed.news is None else Message(NOT_ALARM)
        truth = self._ask_aws(news)
        if isinstance(truth, NotOurs) and (here := self._here(news, truth)):
            return views.which_alarm(news.alarm or "", here)
        if isinstance(truth, NotOurs):
            return Message(UNREAD) if truth.unread else views.not_an_alarm_of_ours(news.alarm or "", truth.why)
        self._queue(self._fresh(pointed, news, truth))
        return None

    def _here(self, news: AlarmNews, several: NotOurs) -> list[Where]:
        """Those of several alarms that may be asked about in this channel."""
        asked = (
            (one, Question(words=news.alarm or "", account=one.account, region=one.region)) for one in several.places
        )
        return [one for one, question in asked if self._slack.rules.scopes.refusal(question, news.channel) is None]

    def _incident(self, pointed: Pointed) -> Incident | None:
        origin = pointed.origin
        if origin.thread_ts is None or self._slack.is_private(origin.channel):
            return None
        return self._incidents.in_thread(origin.channel, origin.thread_ts)

    def _about(self, incident: Incident, pointed: Pointed) -> Message | None:
        """Refreshes the answer that the incident has; None when it will have none."""
        ask, place = self._asks.load(incident.ask_id), self._asks.place(incident.ask_id)
        if ask is None or place is None:
            return None
        there = views.the_thread(
            None
            if incident.thread_ts == pointed.origin.thread_ts
            else self._slack.thread.permalink(incident.channel, incident.thread_ts)
        )
        if self._asks.answer_id(incident.ask_id) is None:
            finished = self._asks.is_finished(incident.ask_id)
            return None if finished else Message(RUNNING.format(there=there))
        refresh = Ask(
            id=f"{pointed.id}-again",
            correlation_id=pointed.correlation_id,
            kind="refresh",
            question=ask.question.model_copy(update={"refresh": True}),
            origin=pointed.origin.model_copy(update={"thread_ts": incident.thread_ts}),
            asked_at=pointed.at,
            place=place,
        )
        self._queue(refresh)
        return Message(REFRESHED.format(there=there))

    def _read(self, pointed: Pointed) -> AlarmNews | None:
        """The alarm that the thread is about."""
        origin = pointed.origin
        post = None if origin.thread_ts is None else self._head(origin.channel, origin.thread_ts)
        return None if post is None else news_of_post(post, pointed.id, origin)

    def _head(self, channel: str, thread_ts: str) -> AlarmPost | None:
        """What a thread is about: the message at its head, whoever wrote it; else the last alarm that a program posted
        below it. None where nothing says so, or it may not be read.

        https://docs.slack.dev/reference/methods/conversations.replies
        """
        method, params = "conversations.replies", {"ts": thread_ts, "limit": MAX_REPLIES, "inclusive": True}
        try:
            answer = self._slack.calls.read(method, channel, **params)
        except SlackRefusedError as error:
            _log.info("thread not read", error=str(error))
            return None
        messages = [one for one in answer.get("messages", ()) if isinstance(one, dict)]
        first = next((named_in(one) for one in messages if one.get("ts") == thread_ts), None)
        posts = (read_post(one) for one in reversed(messages) if one.get("ts") != thread_ts)
        return first or next((one.post for one in posts if one.action != "ignore" and one.post), None)

    def _fresh(self, pointed: Pointed, news: AlarmNews, truth: KnownAlarm) -> Ask:
        began = min(filter(None, (news.at, truth.changed_at if truth.state == "ALARM" else None)))
        long_ago = self._now() - began > LONG_AGO and truth.state != "ALARM"
        return Ask(
            id=f"{pointed.id}-asked",
            correlation_id=pointed.correlation_id,
            kind="mention",
            question=Question(
                words=truth.words,
                account=truth.account,
                region=truth.region,
                start=began - BEFORE,
                end=news.at + AFTERWARDS if long_ago else None,
            ),
            origin=pointed.origin,
            asked_at=pointed.at,
        )

    def _queue(self, ask: Ask) -> None:
        if self._answer is None:
            raise RuntimeError("the queue is connected before any job runs")
        self._asks.save(ask)
        self._answer(ask.id)
