"""``/alb502 TARGET …``: parse, queue, acknowledge."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from slack_bolt import Ack, App

from handlers import views
from handlers.ask import Ask, Desk, NotQueuedError, Origin, new_id
from handlers.asking import HelpWanted, Mistake, parse
from handlers.muting import MuteWish, Muting, MutingDesk, parse_muting

COMMAND: Final = "/alb502"
NOT_TAKEN: Final = "This question could not be taken. Ask again in a minute."
NOT_MUTED: Final = "My queue does not answer, so nothing was changed. Try again in a minute."


class CommandDesk(Desk, MutingDesk, Protocol):
    """Takes questions and wishes in."""


def register(app: App, desk: CommandDesk) -> None:
    """Listens to the command. Its acknowledgement carries help and mistakes, which only the asker sees."""

    @app.command(COMMAND)
    def ask(ack: Ack, command: Mapping[str, Any]) -> None:
        answer = take(desk, command)
        if answer is None:
            ack()
        else:
            ack(text=answer.text, blocks=list(answer.blocks), response_type="ephemeral")


def take(desk: CommandDesk, command: Mapping[str, Any]) -> views.Message | None:
    """Takes the question or the wish of one command in. Returns what the asker is told at once; None if nothing.

    The payload: https://docs.slack.dev/interactivity/implementing-slash-commands#app_command_handling
    """
    text = str(command.get("text") or "")
    asked = parse_muting(text) or parse(text)
    match asked:
        case HelpWanted():
            return views.help(COMMAND)
        case Mistake(message=message):
            return views.Message(text=message, blocks=())
    origin = Origin(
        team=str(command.get("team_id", "")),
        channel=str(command.get("channel_id", "")),
        user=str(command.get("user_id", "")),
        response_url=command.get("response_url"),
    )
    if isinstance(asked, Muting):
        return _wish(desk, asked, origin)
    ask = Ask(
        id=new_id("ask"),
        correlation_id=new_id("c"),
        kind="command",
        question=asked,
        origin=origin,
        asked_at=datetime.now(UTC),
    )
    try:
        told = desk.submit(ask)
    except NotQueuedError:
        told = NOT_TAKEN
    return None if told is None else views.Message(text=told, blocks=())


def _wish(desk: MutingDesk, muting: Muting, origin: Origin) -> views.Message | None:
    wish = MuteWish(
        id=new_id("mute"),
        correlation_id=new_id("c"),
        verb=muting.verb,
        origin=origin,
        at=datetime.now(UTC),
        question=muting.question,
        seconds=muting.seconds,
    )
    try:
        desk.take_mute(wish)
    except NotQueuedError:
        return views.Message(text=NOT_MUTED, blocks=())
    return None
