"""What works on clicks on fixes and tells what becomes of them, put together. Nothing here can write to AWS."""

from __future__ import annotations

from collections.abc import Callable

from redis import Redis

from bot.answering import utc_now
from bot.fix_clicks import FixClicks, Kept, Slack
from bot.fix_lane import FixLane
from bot.remediating import policy_of
from bot.settings import Settings
from bot.store.asks import Asks
from bot.store.audit import StoredAudit
from bot.store.clicks import Clicks, FixButtons
from bot.store.plans import Offers, Tickets
from bot.store.reports import Reports
from remediations.approval import Ticket
from remediations.desk import FixDesk
from remediations.reading import ReadsSource


def fix_desk(settings: Settings, redis: Redis, lane: FixLane) -> FixDesk:
    return FixDesk(Tickets(redis), StoredAudit(redis), lane, policy_of(settings), utc_now)


def fix_clicks(
    settings: Settings,
    redis: Redis,
    lane: FixLane,
    slack: Slack,
    reads: ReadsSource | None,
    mended: Callable[[Ticket], None],
) -> FixClicks:
    days = settings.limits.reports_days
    kept = Kept(
        clicks=Clicks(redis),
        buttons=FixButtons(redis),
        offers=Offers(redis, days),
        reports=Reports(redis, days),
        asks=Asks(redis),
    )
    return FixClicks(kept, slack, fix_desk(settings, redis, lane), policy_of(settings), reads, mended)
