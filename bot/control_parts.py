"""What works on clicks, watches and errands, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from redis import Redis

from bot.control_hands import BotHands
from bot.controls import Controls
from bot.errands import Checks, Errands
from bot.jobs import Lane, Queue
from bot.known_services import Known
from bot.settings import Settings
from bot.slack_side import SlackSide
from bot.store.asks import Asks
from bot.store.control_clicks import ControlClicks
from bot.store.feedback import StoredFeedback
from bot.store.marks import Buttons
from bot.store.picks import Picks
from bot.store.recent import RecentAnswers
from bot.store.reports import Reports
from bot.store.watches import Watches
from bot.store.wishes import Wishes
from bot.watching import Watching, WatchJobs
from handlers.controls.control import Click
from handlers.errands import Errand, Pick
from handlers.muting import MuteWish

SUBMITTED_AFTER_S: Final = 0.4
"""The acknowledgement of a modal replaces what it shows; what is told before it arrives would be replaced, too."""


@dataclass(frozen=True, slots=True)
class ControlWorks:
    """What jobs about controls do."""

    controls: Controls
    watching: Watching
    errands: Errands


class ControlIntake:
    """Keeps and queues clicks and errands. They are quick to work on, so they stand where answers are delivered and
    wait for no diagnosis. Raises `RedisError`."""

    def __init__(self, redis: Redis, lanes: Mapping[Queue, Lane], works: ControlWorks | None = None) -> None:
        self._clicks = ControlClicks(redis)
        self._errands = Wishes(redis, Errand)
        self._picks = Picks(redis)
        self._works = works
        deliveries = lanes["deliveries"]
        self._click = deliveries.job("control", works.controls.work if works else None)
        self._errand = deliveries.job("errand", works.errands.work if works else None)
        if works is not None:
            step = deliveries.job("watch-step", works.watching.step)
            works.watching.connect(WatchJobs(answer=lanes["alarms"].answer, step=step))

    def connect(self, checks: Checks) -> None:
        """What `/readyz` looks at, for Home."""
        if self._works is not None:
            self._works.errands.connect(checks)

    def take(self, click: Click) -> None:
        self._clicks.put(click)
        self._click(click.id, SUBMITTED_AFTER_S if click.step == "submitted" else 0.0)

    def run(self, errand: Errand) -> None:
        self._errands.put(errand.id, errand)
        self._errand(errand.id)

    def pick(self, pick_id: str) -> Pick | None:
        return self._picks.get(pick_id)


def control_works(
    settings: Settings,
    redis: Redis,
    slack: SlackSide,
    mute: Callable[[MuteWish], None] | None,
    known: Callable[[], Known] | None,
) -> ControlWorks:
    """`mute` None where AWS cannot be asked; `known` what there is to ask about."""
    days = settings.limits.reports_days
    asks, watches, reports = Asks(redis), Watches(redis), Reports(redis, days)
    watching = Watching(watches, asks, reports, slack.thread, slack.is_private)
    hands = BotHands(slack, asks, ControlClicks(redis), StoredFeedback(redis, days), watching, mute)
    return ControlWorks(
        controls=Controls(ControlClicks(redis), Buttons(redis), reports, slack, hands),
        watching=watching,
        errands=Errands(settings, slack, Wishes(redis, Errand), Picks(redis), watches, RecentAnswers(redis), known),
    )
