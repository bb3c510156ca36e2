"""``@alb502 TARGET …`` in a channel or a thread: the answer goes to that thread."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from slack_bolt import App, BoltContext, BoltRequest

from handlers import views
from handlers.ask import Ask, Desk, NotQueuedError, Origin, id_of_event, new_id
from handlers.asking import HelpWanted, Mistake, parse, without_mention
from handlers.pointing import Pointed, PointingDesk
from handlers.retries import LAST_RETRY, retry_of

MENTION: Final = "@alb502"
POINTING: Final = frozenset({"", "why", "this", "this alarm", "diagnose", "diagnose this", "diagnose this alarm"})
"""What people say in a thread when they mean what it is about."""
NOT_TAKEN: Final = "My queue does not answer, so this question was not taken. Ask again in a minute."


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
    if event.get("thread_ts") and words.strip(" ?!.").casefold() in POINTING:
        _point(desk, ask_id, origin, retry)
        return
    asked = parse(words)
    match asked:
        case HelpWanted():
            desk.tell(origin, desk.help_for(origin, MENTION))
        case Mistake(message=message):
            desk.tell(origin, views.Message(text=message, blocks=()))
        case question:
            ask = Ask(
                id=ask_id,
                correlation_id=new_id("c"),
                kind="mention",
                question=question,
                origin=origin,
                asked_at=datetime.now(UTC),
            )
            try:
                desk.submit(ask)
            except NotQueuedError:
                if retry < LAST_RETRY:
                    raise
                desk.tell(origin, views.Message(text=NOT_TAKEN, blocks=()))


def _point(desk: MentionDesk, ask_id: str, origin: Origin, retry: int) -> None:
    """A mention without a target is about the alarm that the thread is about."""
    pointed = Pointed(id=ask_id, correlation_id=new_id("c"), origin=origin, at=datetime.now(UTC))
    try:
        desk.take_pointed(pointed)
    except NotQueuedError:
        if retry < LAST_RETRY:
            raise
        desk.tell(origin, views.Message(text=NOT_TAKEN, blocks=()))


def _is_own_or_automatic(event: Mapping[str, Any], bot_user_id: str, bot_id: str) -> bool:
    """Our own messages, and those of other apps: two bots that answer each other never end."""
    if event.get("bot_id") or event.get("bot_profile") or event.get("subtype") == "bot_message":
        return True
    return event.get("user") in {None, "", bot_user_id, bot_id}
