"""``/alb502`` alone: a modal to choose from. It is opened at once, filled by a worker, and asks like the command."""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import structlog
from slack_bolt import Ack, App
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from diagnostics.question import Question
from handlers.ask import NOT_TAKEN, Ask, Desk, NotQueuedError, Origin, id_of_payload, new_id
from handlers.asking import HelpWanted, Mistake, parse
from handlers.errands import Errand, ErrandDesk, Pick
from handlers.interaction import open_modal, origin_of
from handlers.slack_calls import UNREADABLE
from handlers.views import picker as drawn
from handlers.views.modals import values_of

MAX_ID: Final = 75
NOTHING: Final = "Choose something above, or type it here."
EXPIRED: Final = "This window has expired. Type /alb502 again, or type what you mean here."

_log: Final = structlog.get_logger(__name__)


class PickerDesk(Desk, ErrandDesk, Protocol):
    """Takes questions and errands in."""


def register(app: App, desk: PickerDesk) -> None:
    """Listens to the modal."""

    @app.view(drawn.PICKER)
    def submitted(ack: Ack, body: Mapping[str, Any]) -> None:
        errors = submit(desk, body)
        if errors:
            ack(response_action="errors", errors=errors)
        else:
            ack()


def open_for(desk: ErrandDesk, client: WebClient, trigger_id: str, origin: Origin) -> bool:
    """Opens it while the trigger lives (3 s) and queues what fills it. False where that is not possible."""
    correlation_id = new_id("c")
    view_id = open_modal(client, trigger_id, drawn.loading(), correlation_id)
    if view_id is None:
        return False
    errand = Errand(
        id=new_id("pick"),
        correlation_id=correlation_id,
        kind="picker",
        origin=origin,
        at=datetime.now(UTC),
        view_id=view_id,
    )
    try:
        desk.take_errand(errand)
    except NotQueuedError:
        _fill_at_once(client, view_id)
    return True


def submit(desk: PickerDesk, body: Mapping[str, Any]) -> dict[str, str]:
    """Asks what was chosen or typed. Returns what is wrong, by the field where it is said; nothing when it is taken."""
    view: Mapping[str, Any] = body.get("view") or {}
    values = values_of(view, drawn.MAX_TYPED)
    try:
        pick = desk.pick_behind(str(view.get("private_metadata") or "")[:MAX_ID])
        asked = _question(values, pick)
        if isinstance(asked, str):
            return {drawn.TYPED: asked}
        if pick is None:
            return {drawn.TYPED: EXPIRED}
        told = desk.submit(
            Ask(
                id=id_of_payload("ask", body),
                correlation_id=new_id("c"),
                kind="command",
                question=asked,
                origin=pick.origin.model_copy(update={"user": origin_of(body).user}),
                asked_at=datetime.now(UTC),
            )
        )
    except NotQueuedError:
        return {drawn.TYPED: NOT_TAKEN}
    return {} if told is None else {drawn.TYPED: told}


def _question(values: Mapping[str, str], pick: Pick | None) -> Question | str:
    """What was typed goes before what was chosen."""
    typed, number = values.get(drawn.TYPED, "").strip(), values.get(drawn.WHAT, "")
    if typed:
        found = parse(typed)
        if isinstance(found, Mistake):
            return html.unescape(found.message).replace("`", "")
        if isinstance(found, HelpWanted):
            return NOTHING
        asked = found
    elif pick is None:
        return EXPIRED
    elif number.isascii() and number.isdigit() and int(number) < len(pick.questions):
        asked = pick.questions[int(number)]
    else:
        return NOTHING
    more: dict[str, int] = {}
    if asked.since_s is None and values.get(drawn.SINCE) in {value for _, value in drawn.SPANS}:
        more["since_s"] = int(values[drawn.SINCE])
    if asked.seen is None and values.get(drawn.SEEN) in {value for _, value in drawn.CODES}:
        more["seen"] = int(values[drawn.SEEN])
    return asked.model_copy(update=more)


def _fill_at_once(client: WebClient, view_id: str) -> None:
    """Nobody can say what there is; the command can be typed all the same."""
    try:
        client.views_update(view_id=view_id, view=drawn.not_for_you(NOT_TAKEN))
    except (SlackClientError, *UNREADABLE) as error:
        _log.warning("picker not filled", error=type(error).__name__)
