"""What the workers of one process do, put together: its queues, and what stands behind each job."""

from __future__ import annotations

from collections.abc import Callable

from redis import Redis
from slack_sdk import WebClient

from bot.alarm_parts import AlarmIntake, AlarmWorks, alarm_works
from bot.answering import SILENT_S, Answering
from bot.below import BelowAnswers
from bot.control_parts import ControlIntake, ControlWorks, control_works
from bot.engine import Engine
from bot.fix_clicks import FixClicks
from bot.fix_clicks import Slack as SlackSide
from bot.fix_lane import FIXES, FixLane
from bot.fix_offers import Fixes
from bot.fix_parts import fix_clicks
from bot.gauges import Queued
from bot.jobs import QUEUES, Lane, Queue, Send
from bot.mended_answers import MendedAnswers, Mends
from bot.patience import AccountPatience
from bot.settings import Settings
from bot.store.asks import Asks
from bot.store.budget import Budget
from bot.store.clicks import FixButtons
from bot.store.connection import Wait
from bot.store.effects import Effects
from bot.store.flights import Flights
from bot.store.incidents import Incidents
from bot.store.marks import Buttons, Layouts, Lookups
from bot.store.newest import Newest
from bot.store.plans import Offers, Tickets
from bot.store.recent import RecentAnswers
from bot.store.reports import Reports
from bot.store.standing import Standing
from bot.store.watches import Watches
from bot.telemetry.metrics import SLACK_RETRIES
from bot.telemetry.slack import observed
from handlers.people import People
from handlers.permission import Rules, must_be_private
from handlers.slack_calls import SlackCalls
from handlers.thread import Thread
from remediations.approval import Ticket


def slack_side(settings: Settings, redis: Redis, client: WebClient, rules: Rules, wait: Wait) -> SlackSide:
    """What is said to Slack and asked of it, within one budget for all replicas."""
    calls = SlackCalls(client, Budget(redis), wait=wait, again=_count_again)
    thread = Thread(calls, Effects(redis), Layouts(redis), slack_api_url=settings.slack_api_url, observe=observed)
    return SlackSide(thread, calls, People(calls, Lookups(redis)), rules)


class Works:
    """Without an engine the queues only take jobs in."""

    def __init__(self, settings: Settings, redis: Redis, slack: SlackSide, engine: Engine | None) -> None:
        self._settings = settings
        self._redis = redis
        self._slack = slack
        self._engine = engine
        self.answering = None if engine is None else self._answering(engine)
        self.lanes: dict[Queue, Lane] = {
            queue: Lane(redis, queue, settings.limits.diagnosis_s, self.answering) for queue in QUEUES
        }
        self._alarms = AlarmIntake(redis, self.lanes, self._alarm_works(), self.answering)
        self.controls = ControlIntake(redis, self.lanes, self._control_works())
        self.fix_lane = FixLane(redis)
        clicks = self._fix_clicks()
        self.fix_news = fix_news(self.lanes["deliveries"], clicks.tell if clicks else nowhere)
        self.lanes["people"].job("fix-click", clicks.work if clicks else nowhere)
        if self.answering is not None:
            self.answering.connect(self.lanes)

    @property
    def queues(self) -> dict[str, Queued]:
        """Every queue of jobs."""
        return dict[str, Queued]([*self.lanes.items(), (FIXES, self.fix_lane)])

    def _answering(self, engine: Engine) -> Answering:
        redis, limits = self._redis, self._settings.limits
        longest_s = 2 * limits.diagnosis_s
        buttons = Buttons(redis)
        return Answering(
            asks=Asks(redis),
            flights=Flights(redis, longest_s),
            reports=Reports(redis, limits.reports_days),
            buttons=buttons,
            thread=self._slack.thread,
            people=self._slack.people,
            rules=self._slack.rules,
            diagnose=engine.diagnose,
            incidents=Incidents(redis),
            fixes=Fixes(Offers(redis, limits.reports_days), FixButtons(redis)),
            below=BelowAnswers(buttons, Watches(redis), RecentAnswers(redis), Mends(Standing(redis), Tickets(redis))),
            newest=Newest(redis),
            patience=AccountPatience(Asks(redis), self._slack.thread, engine.has_room),
            silent_s=max(SILENT_S, 2 * longest_s),
        )

    def _alarm_works(self) -> AlarmWorks | None:
        if self._engine is None:
            return None
        return alarm_works(self._settings, self._redis, self._slack, self._engine.alarm, self._engine.diagnose)

    def _control_works(self) -> ControlWorks | None:
        if self._engine is None:
            return None
        mute = None if self._engine.alarm is None else self._alarms.mute
        return control_works(self._settings, self._redis, self._slack, mute, self._engine.known)

    def _fix_clicks(self) -> FixClicks | None:
        if self._engine is None:
            return None
        mended = self._mended()
        return fix_clicks(self._settings, self._redis, self.fix_lane, self._slack, self._engine.reads, mended)

    def _mended(self) -> Callable[[Ticket], None]:
        """Has answers edited whose trouble a fix has ended."""
        redis, answering = self._redis, self.answering
        if answering is None:
            return lambda _: None
        reports = Reports(redis, self._settings.limits.reports_days)
        people, rules = self._slack.people, self._slack.rules

        def is_private(channel: str) -> bool:
            return must_be_private(people.channel(channel), rules)

        mended = MendedAnswers(Standing(redis), Tickets(redis), Asks(redis), reports, answering.draw_again, is_private)
        mended.connect(self.lanes["deliveries"].job("mended", mended.edit))
        return mended.note


def fix_news(deliveries: Lane, tell: Callable[[str], None]) -> Send:
    """The job that has people told what has become of a ticket."""
    return deliveries.job("fix-news", tell)


def nowhere(_: str) -> None:
    """In a process that only takes requests no job runs."""


def _count_again(method: str) -> None:
    SLACK_RETRIES.labels(method=method).inc()
