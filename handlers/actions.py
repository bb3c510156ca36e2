"""Refresh, and the menu of what words can mean: both ask a question whose answer overwrites the message.

A button carries an id; what it does is kept on our side. The other controls are in `handlers.clicks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from slack_bolt import Ack, App

from handlers import views
from handlers.ask import NOT_TAKEN, Ask, Desk, NotQueuedError, Place, id_of_payload, new_id
from handlers.commands import COMMAND
from handlers.interaction import action_of, chosen_in, origin_of
from handlers.views.answers import CHOOSE
from handlers.views.escape import code

ELSEWHERE: Final = "This button belongs to another channel, so nothing was done."
EXPIRED: Final = f"This button has expired. Ask again: `{COMMAND} TARGET`, or `@alb502 TARGET` in this thread."

_log: Final = structlog.get_logger(__name__)


def register(app: App, desk: Desk) -> None:
    """Listens to the Refresh button, and to the menu of what words can mean."""

    @app.action(views.REFRESH)
    def pressed(ack: Ack, body: Mapping[str, Any]) -> None:
        refresh(desk, body, str(action_of(body).get("value") or ""))
        ack()

    @app.action(CHOOSE)
    def chosen(ack: Ack, body: Mapping[str, Any]) -> None:
        refresh(desk, body, chosen_in(action_of(body)), anew=False)
        ack()


def refresh(desk: Desk, body: Mapping[str, Any], about: str, *, anew: bool = True) -> None:
    """Asks what stands behind an id, and tells the person alone why it cannot be asked."""
    correlation_id = new_id("c")
    told = press(desk, body, about, correlation_id, anew=anew)
    if told is not None:
        _log.warning("button refused", why=told, correlation_id=correlation_id)
        text = f"{told} (reference {code(correlation_id)})"
        desk.tell(origin_of(body), views.Message(text))


def press(desk: Desk, body: Mapping[str, Any], about: str, correlation_id: str, *, anew: bool = True) -> str | None:
    """Asks what stands behind an id, `anew` with nothing from the cache. Returns one line for the person who pressed,
    or None.

    The payload: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
    """
    try:
        behind = desk.refresh_behind(about)
        if behind is None:
            return EXPIRED
        origin = origin_of(body)
        if origin.channel != behind.place.channel:
            return ELSEWHERE
        ask = Ask(
            id=id_of_payload("ask", body),
            correlation_id=correlation_id,
            kind="refresh",
            question=behind.question.model_copy(update={"refresh": anew}),
            origin=origin,
            asked_at=datetime.now(UTC),
            place=_place(body, behind.place),
        )
        return desk.submit(ask)
    except NotQueuedError:
        return NOT_TAKEN


def _place(body: Mapping[str, Any], place: Place) -> Place:
    """The message that holds the button is the one to be overwritten."""
    container = body.get("container") or {}
    if container.get("is_ephemeral"):
        return Place(channel=place.channel, private=True)
    return place.model_copy(update={"reply_ts": container.get("message_ts") or place.reply_ts, "private": False})
