"""``@alb502 TARGET …`` in a channel or a thread: the answer goes to that thread."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from slack_bolt import App, BoltContext, BoltRequest

from handlers import views
from handlers.ask import NO_QUEUE, Ask, Desk, NotQueuedError, Origin, id_of_event, new_id
from handlers.asking import HelpWanted, Mistake, parse, without_mention
from handlers.pointing import Pointed, PointingDesk
from handlers.retries import LAST_RETRY, retry_of

MENTION: Final = "@alb502"
POINTING: Final = frozenset({"", "why", "this", "this alarm", "diagnose", "diagnose this", "diagnose this alarm"})
"""What people say in a thread when they mean what it is about."""


class MentionDesk(Desk, PointingDesk, Protocol):
    """Takes questions in, and wishes to have the alarm of a thread diagnosed."""


def register(app: App, desk: MentionDesk) -> None:
    """Listens to mentions. A question that cannot be queued fails the request, and Slack delivers it again."""

    @app.event("app_mention")
    def ask(body: Mapping[str, Any], context: BoltContext, request: BoltRequest) -> None:
        take(desk, body, bot_user_id=context.bot_user_id or "", bot_id=context.bot_id or "", retry=retry_of(request))


def take(desk: MentionDesk, body: Mapping[str, Any], *, bot_user_id: str, bot_id: str, retry: int = 0) -> None:
    """Takes the question of one event in. Raises `NotQueuedError` so that Slack delivers it again, except at last."""
    event = body.get("event", {})
    if _is_own_or_automatic(event, bot_user_id, bot_id):
        return
    ask_id = id_of_event(str(body.get("event_id") or f"{event.get('channel')}:{event.get('ts')}"))
    if desk.has_seen(ask_id):
        return
    origin = Origin(
        team=str(body.get("team_id") or event.get("team") or ""),
        channel=str(event.get("channel", "")),
        user=str(event.get("user", "")),
        thread_ts=str(event.get("thread_ts") or event.get("ts")),
    )
    words = without_mention(str(event.get("text") or ""), bot_user_id)
    try:
        told = _taken(desk, ask_id, origin, words, in_thread=bool(event.get("thread_ts")))
    except NotQueuedError:
        if retry < LAST_RETRY:
            raise
        told = views.Message(NO_QUEUE)
    if told is not None:
        desk.tell(origin, told)


def _taken(desk: MentionDesk, ask_id: str, origin: Origin, words: str, *, in_thread: bool) -> views.Message | None:
    """Queues what is meant. Returns what the person is told at once. Raises `NotQueuedError`."""
    correlation_id, now = new_id("c"), datetime.now(UTC)
    if in_thread and words.strip(" ?!.").casefold() in POINTING:
        desk.take_pointed(Pointed(id=ask_id, correlation_id=correlation_id, origin=origin, at=now))
        return None
    asked = parse(words)
    match asked:
        case HelpWanted():
            return desk.help_for(origin, MENTION)
        case Mistake(message=message):
            return views.Message(message)
    desk.submit(
        Ask(id=ask_id, correlation_id=correlation_id, kind="mention", question=asked, origin=origin, asked_at=now)
    )
    return None


def _is_own_or_automatic(event: Mapping[str, Any], bot_user_id: str, bot_id: str) -> bool:
    """Our own messages, and those of other apps: two bots that answer each other never end."""
    if event.get("bot_id") or event.get("bot_profile") or event.get("subtype") == "bot_message":
        return True
    return event.get("user") in {None, "", bot_user_id, bot_id}
