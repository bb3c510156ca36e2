"""What the workers of one process do, put together: its queues, and what stands behind each job."""

from __future__ import annotations

from collections.abc import Callable

from redis import Redis

from bot.alarm_parts import AlarmIntake, alarm_works
from bot.answering import SILENT_S, Answering
from bot.below import BelowAnswers
from bot.clock import utc_now
from bot.control_parts import ControlIntake, control_works
from bot.engine import Engine
from bot.fix_clicks import FixClicks, Kept
from bot.fix_lane import FixLane
from bot.fix_offers import Fixes
from bot.jobs import QUEUES, Lane, Queue, Send
from bot.mended_answers import MendedAnswers, Mends
from bot.patience import AccountPatience
from bot.remediating import policy_of
from bot.settings import Settings
from bot.slack_side import SlackSide
from bot.store.asks import Asks
from bot.store.audit import StoredAudit
from bot.store.clicks import Clicks, FixButtons
from bot.store.flights import Flights
from bot.store.incidents import Incidents
from bot.store.marks import Buttons
from bot.store.newest import Newest
from bot.store.plans import Offers, Tickets
from bot.store.recent import RecentAnswers
from bot.store.reports import Reports
from bot.store.standing import Standing
from bot.store.watches import Watches
from remediations.approval import Ticket
from remediations.desk import FixDesk


class Works:
    """Nothing here can write to AWS."""

    def __init__(self, settings: Settings, redis: Redis, slack: SlackSide, engine: Engine) -> None:
        self._settings = settings
        self._redis = redis
        self._slack = slack
        self.engine = engine
        self.answering = self._answering()
        self.lanes = lanes_of(redis, settings, self.answering)
        self.answering.connect(self.lanes)
        on_alarms = None
        if engine.alarm is not None:
            on_alarms = alarm_works(settings, redis, slack, engine.alarm, engine.diagnose, self.answering.redraw)
        alarms = AlarmIntake(redis, self.lanes, on_alarms)
        on_controls = control_works(settings, redis, slack, alarms.mute if on_alarms else None, engine.known)
        self.controls = ControlIntake(redis, self.lanes, on_controls)
        self.fix_lane = FixLane(redis)
        clicks = self._fix_clicks()
        self.fix_news = fix_news(self.lanes["deliveries"], clicks.tell)
        self.lanes["people"].job("fix-click", clicks.work)

    def _answering(self) -> Answering:
        redis, limits = self._redis, self._settings.limits
        longest_s = 2 * limits.diagnosis_s
        buttons = Buttons(redis)
        return Answering(
            asks=Asks(redis),
            flights=Flights(redis, longest_s),
            reports=Reports(redis, limits.reports_days),
            buttons=buttons,
            slack=self._slack,
            diagnose=self.engine.diagnose,
            incidents=Incidents(redis),
            fixes=Fixes(Offers(redis, limits.reports_days), FixButtons(redis)),
            below=BelowAnswers(buttons, Watches(redis), RecentAnswers(redis), Mends(Standing(redis), Tickets(redis))),
            newest=Newest(redis),
            patience=AccountPatience(Asks(redis), self._slack.thread, self.engine.has_room),
            silent_s=max(SILENT_S, 2 * longest_s),
        )

    def _fix_clicks(self) -> FixClicks:
        redis, days, policy = self._redis, self._settings.limits.reports_days, policy_of(self._settings)
        kept = Kept(
            clicks=Clicks(redis),
            buttons=FixButtons(redis),
            offers=Offers(redis, days),
            reports=Reports(redis, days),
            asks=Asks(redis),
        )
        desk = FixDesk(Tickets(redis), StoredAudit(redis), self.fix_lane, policy, utc_now)
        return FixClicks(kept, self._slack, desk, policy, self.engine.reads, self._mended())

    def _mended(self) -> Callable[[Ticket], None]:
        """Has answers edited whose trouble a fix has ended."""
        redis, draw_again = self._redis, self.answering.draw_again
        reports = Reports(redis, self._settings.limits.reports_days)
        mended = MendedAnswers(
            Standing(redis), Tickets(redis), Asks(redis), reports, draw_again, self._slack.is_private
        )
        mended.connect(self.lanes["deliveries"].job("mended", mended.edit))
        return mended.note


def lanes_of(redis: Redis, settings: Settings, work: Answering | None = None) -> dict[Queue, Lane]:
    """Every queue but that of fixes. Without `work` they only take jobs in."""
    return {queue: Lane(redis, queue, settings.limits.diagnosis_s, work) for queue in QUEUES}


def fix_news(deliveries: Lane, tell: Callable[[str], None] | None = None) -> Send:
    """The job that has people told what has become of a ticket."""
    return deliveries.job("fix-news", tell)
