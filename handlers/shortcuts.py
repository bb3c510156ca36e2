"""The message shortcut "Diagnose this alarm": the message is read by the same formats as posts of alarms.

The payload: https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload#message-actions
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from slack_bolt import Ack, App

from handlers import views
from handlers.alarm_formats import named_in
from handlers.ask import NOT_TAKEN, Desk, NotQueuedError, Origin, id_of_payload, new_id
from handlers.interaction import origin_of
from handlers.pointing import NOT_ALARM, Pointed, PointingDesk, news_of_post

DIAGNOSE: Final = "diagnose_alarm"


class ShortcutDesk(Desk, PointingDesk, Protocol):
    """Takes wishes in and tells people."""


def register(app: App, desk: ShortcutDesk) -> None:
    """Listens to the shortcut."""

    @app.shortcut({"type": "message_action", "callback_id": DIAGNOSE})
    def diagnose(ack: Ack, body: Mapping[str, Any]) -> None:
        told = take(desk, body)
        ack()
        if told is not None:
            desk.tell(_origin(body), views.Message(told))


def take(desk: PointingDesk, body: Mapping[str, Any]) -> str | None:
    """Queues the wish. Returns one line for the person when there is nothing to queue, or no queue."""
    message = body.get("message")
    post = named_in(message) if isinstance(message, Mapping) else None
    if post is None:
        return NOT_ALARM
    pointed_id, origin = id_of_payload("ask", body), _origin(body)
    news = news_of_post(post, pointed_id, origin)
    pointed = Pointed(id=pointed_id, correlation_id=new_id("c"), origin=origin, at=datetime.now(UTC), news=news)
    try:
        desk.take_pointed(pointed)
    except NotQueuedError:
        return NOT_TAKEN
    return None


def _origin(body: Mapping[str, Any]) -> Origin:
    """The answer belongs in the thread of the message, or in the one that it makes."""
    message = body.get("message")
    message = message if isinstance(message, Mapping) else {}
    thread_ts = str(message.get("thread_ts") or message.get("ts") or body.get("message_ts") or "") or None
    return origin_of(body).model_copy(update={"thread_ts": thread_ts})
