"""Buttons. A button carries an id; what it does is kept on our side."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from slack_bolt import Ack, App

from handlers import views
from handlers.ask import Ask, Desk, NotQueuedError, Origin, Place, new_id
from handlers.commands import COMMAND, NOT_TAKEN

EXPIRED: Final = f"This button has expired. Ask again: `{COMMAND} TARGET`, or `@alb502 TARGET` in this thread."


def register(app: App, desk: Desk) -> None:
    """Listens to the Refresh button."""

    @app.action(views.REFRESH)
    def refresh(ack: Ack, body: Mapping[str, Any]) -> None:
        told = press(desk, body)
        ack()
        if told is not None:
            desk.tell(_origin(body), views.Message(text=told, blocks=()))


def press(desk: Desk, body: Mapping[str, Any]) -> str | None:
    """Asks again what the message answers. Returns one line for the person who pressed, or None.

    The payload: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
    """
    pressed: Mapping[str, Any] = next(iter(body.get("actions", ())), {})
    try:
        behind = desk.refresh_behind(str(pressed.get("value", "")))
        if behind is None:
            return EXPIRED
        ask = Ask(
            id=new_id("ask"),
            correlation_id=new_id("c"),
            kind="refresh",
            question=behind.question.model_copy(update={"refresh": True}),
            origin=_origin(body),
            asked_at=datetime.now(UTC),
            place=_place(body, behind.place),
        )
        return desk.submit(ask)
    except NotQueuedError:
        return NOT_TAKEN


def _origin(body: Mapping[str, Any]) -> Origin:
    container = body.get("container", {})
    return Origin(
        team=str(body.get("team", {}).get("id") or body.get("user", {}).get("team_id") or ""),
        channel=str(container.get("channel_id") or body.get("channel", {}).get("id") or ""),
        user=str(body.get("user", {}).get("id", "")),
        thread_ts=container.get("thread_ts"),
        response_url=body.get("response_url"),
    )


def _place(body: Mapping[str, Any], place: Place) -> Place:
    """The message that holds the button is the one to be overwritten."""
    container = body.get("container", {})
    if container.get("is_ephemeral"):
        return Place(channel=place.channel, private=True)
    return place.model_copy(update={"reply_ts": container.get("message_ts") or place.reply_ts, "private": False})
