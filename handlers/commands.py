"""``/alb502 TARGET …``: parse, queue, acknowledge."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from slack_bolt import Ack, App

from handlers import views
from handlers.ask import Ask, Desk, NotQueuedError, Origin, new_id
from handlers.asking import HelpWanted, Mistake, parse

COMMAND: Final = "/alb502"
NOT_TAKEN: Final = "This question could not be taken. Ask again in a minute."


def register(app: App, desk: Desk) -> None:
    """Listens to the command. Its acknowledgement carries help and mistakes, which only the asker sees."""

    @app.command(COMMAND)
    def ask(ack: Ack, command: Mapping[str, Any]) -> None:
        answer = take(desk, command)
        if answer is None:
            ack()
        else:
            ack(text=answer.text, blocks=list(answer.blocks), response_type="ephemeral")


def take(desk: Desk, command: Mapping[str, Any]) -> views.Message | None:
    """Takes the question of one command in. Returns what the asker is told at once; None if nothing.

    The payload: https://docs.slack.dev/interactivity/implementing-slash-commands#app_command_handling
    """
    asked = parse(str(command.get("text") or ""))
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
