"""People who point at an alarm that is posted already: ``@alb502`` alone in its thread, or the message shortcut."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, Protocol

from diagnostics.facts.fact import Frozen
from handlers.alarm_formats import AlarmPost
from handlers.alarms import AlarmNews, told_in
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


def news_of_post(post: AlarmPost, pointed_id: str, origin: Origin) -> AlarmNews:
    """What a person points at, as if it had begun at the time of its post."""
    begun = replace(post, at=min(post.at, datetime.now(UTC)))
    return told_in(origin.channel, begun, pointed_id, team=origin.team, thread_ts=origin.thread_ts)
