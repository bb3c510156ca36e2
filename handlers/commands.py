"""``/alb502 TARGET …``: parse, queue, acknowledge."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from slack_bolt import Ack, App
from slack_sdk import WebClient

from handlers import picker, views
from handlers.ask import NOT_TAKEN, Ask, Desk, NotQueuedError, Origin, id_of_payload, new_id
from handlers.asking import HelpWanted, Mistake, parse
from handlers.errands import ErrandDesk
from handlers.muting import MuteWish, Muting, MutingDesk, parse_muting

COMMAND: Final = "/alb502"
NOT_MUTED: Final = "My queue does not answer, so nothing was changed. Try again in a minute."


class CommandDesk(Desk, MutingDesk, ErrandDesk, Protocol):
    """Takes questions, wishes and errands in."""


def register(app: App, desk: CommandDesk) -> None:
    """Listens to the command. Its acknowledgement carries help and mistakes, which only the asker sees."""

    @app.command(COMMAND)
    def ask(ack: Ack, command: Mapping[str, Any], client: WebClient) -> None:
        if _picks(desk, command, client):
            ack()
            return
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
            return desk.help_for(origin_of(command), COMMAND)
        case Mistake(message=message):
            return views.Message(message)
    origin = origin_of(command)
    if isinstance(asked, Muting):
        return _wish(desk, asked, origin, id_of_payload("mute", command))
    ask = Ask(
        id=id_of_payload("ask", command),
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
    return None if told is None else views.Message(told)


def origin_of(command: Mapping[str, Any]) -> Origin:
    return Origin(
        team=str(command.get("team_id", "")),
        channel=str(command.get("channel_id", "")),
        user=str(command.get("user_id", "")),
        response_url=command.get("response_url"),
    )


def _picks(desk: ErrandDesk, command: Mapping[str, Any], client: WebClient) -> bool:
    """Whether nothing was typed and there is a modal to choose from; else the help says what to type."""
    trigger_id = str(command.get("trigger_id") or "")
    typed = str(command.get("text") or "").strip()
    return not typed and bool(trigger_id) and picker.open_for(desk, client, trigger_id, origin_of(command))


def _wish(desk: MutingDesk, muting: Muting, origin: Origin, wish_id: str) -> views.Message | None:
    wish = MuteWish(
        id=wish_id,
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
        return views.Message(NOT_MUTED)
    return None
