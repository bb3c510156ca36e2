"""People who point at an alarm that is posted already: ``@alb502`` alone in its thread, or the message shortcut."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Protocol

from diagnostics.facts.fact import Frozen
from handlers.alarm_formats import AlarmPost
from handlers.alarms import AlarmNews
from handlers.ask import Origin

NOT_ALARM: Final = "This message names no alarm, load balancer or target group that I could look at."


class Pointed(Frozen):
    """One wish to have an alarm diagnosed. `news`: what the message says; None: the head of the thread is to be read.

    The answer belongs in `origin.thread_ts`.
    """

    id: str
    correlation_id: str
    origin: Origin
    at: datetime
    news: AlarmNews | None = None


class PointingDesk(Protocol):
    """Takes such wishes in."""

    def take_pointed(self, pointed: Pointed) -> None:
        """Queues it. Raises `NotQueuedError`."""


def news_of_post(post: AlarmPost, pointed_id: str, correlation_id: str, origin: Origin) -> AlarmNews:
    """What a person points at, as if it had begun at the time of its post."""
    return AlarmNews(
        id=pointed_id,
        correlation_id=correlation_id,
        state="OK" if post.state == "OK" else "ALARM",
        at=min(post.at, datetime.now(UTC)),
        team=origin.team,
        channel=origin.channel,
        thread_ts=origin.thread_ts,
        format=post.format,
        alarm=post.alarm,
        account=post.account,
        region=post.region,
        load_balancer=post.load_balancer,
        target_group=post.target_group,
        title=post.title,
    )
