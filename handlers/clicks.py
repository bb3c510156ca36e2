"""Clicks on controls: the signed interaction is checked, answered at once and queued. Nothing is decided here.

Payloads: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload and
https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import structlog
from slack_bolt import Ack, App
from slack_sdk import WebClient

from handlers import actions
from handlers.ask import Desk, NotQueuedError, id_of_payload, new_id
from handlers.controls import catalogue
from handlers.controls.control import MORE, PREFIX, Click
from handlers.controls.refresh import REFRESH
from handlers.interaction import action_of, chosen_in, open_modal, origin_of
from handlers.views.blocks import Message
from handlers.views.controls import chosen
from handlers.views.escape import code
from handlers.views.modals import telling, values_of, waiting

MAX_ABOUT: Final = 75
MAX_VALUE: Final = 3_000
NOT_TAKEN: Final = "My queue does not answer, so nothing was done. Press again in a minute"
TOO_LATE: Final = "The window for this could not be opened in time. Press again"
NOT_KNOWN: Final = "I do not know this button; another version of me made it. Ask again and press the new one"

_log: Final = structlog.get_logger(__name__)


class ControlDesk(Desk, Protocol):
    """Takes clicks in and tells people."""

    def take_control(self, click: Click) -> None:
        """Queues it. Raises `NotQueuedError`."""


def register(app: App, desk: ControlDesk) -> None:
    """Listens to all controls and to their modals."""

    @app.action(re.compile(rf"{PREFIX}[a-z-]+"))
    def on_press(ack: Ack, body: Mapping[str, Any], client: WebClient) -> None:
        spec = catalogue().get(_pressed(body)[0])
        if spec is not None and spec.opens:  # opening a window may take Slack longer than it waits for us
            ack()
            press(desk, client, body, datetime.now(UTC))
        else:  # whoever dies before it is queued has not said that it was taken
            press(desk, client, body, datetime.now(UTC))
            ack()

    @app.view(re.compile(rf"{PREFIX}[a-z-]+"))
    def on_submit(ack: Ack, body: Mapping[str, Any]) -> None:
        ack(response_action="update", view=submit(desk, body, datetime.now(UTC)))


def press(desk: ControlDesk, client: WebClient, body: Mapping[str, Any], at: datetime) -> None:
    """Opens the modal of a control that has one while its trigger lives (3 s), and queues the click."""
    name, about = _pressed(body)
    if name == REFRESH:
        return actions.refresh(desk, body, about)
    click = click_of(body, name, about, at)
    spec = catalogue().get(name)
    if spec is None or spec.pressed is None:
        return _tell(desk, click, NOT_KNOWN)
    if spec.opens:
        window = waiting(spec.label, spec.action_id)
        view_id = open_modal(client, body.get("trigger_id"), window, click.correlation_id)
        if view_id is None:
            return _tell(desk, click, TOO_LATE)
        click = click.model_copy(update={"view_id": view_id})
    try:
        desk.take_control(click)
    except NotQueuedError:
        _tell(desk, click, NOT_TAKEN)


def submit(desk: ControlDesk, body: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Queues what was submitted. Returns what the modal shows until it is worked on."""
    view: Mapping[str, Any] = body.get("view") or {}
    name, origin = str(view.get("callback_id") or "").removeprefix(PREFIX), origin_of(body)
    spec, callback_id = catalogue().get(name), f"{PREFIX}{name}"
    click = Click(
        id=id_of_payload("click", body),
        correlation_id=new_id("c"),
        control=name,
        step="submitted",
        about="",
        user=origin.user,
        team=origin.team,
        at=at,
        view_id=str(view.get("id") or "") or None,
        opened_by=str(view.get("private_metadata") or "")[:MAX_ABOUT],
        values=values_of(view, MAX_VALUE),
    )
    if spec is None or spec.submitted is None:
        return telling(_title(view), Message(_referred(NOT_KNOWN, click)), callback_id)
    try:
        desk.take_control(click)
    except NotQueuedError:
        return telling(_title(view), Message(_referred(NOT_TAKEN, click)), callback_id)
    return waiting(_title(view), callback_id)


def click_of(body: Mapping[str, Any], name: str, about: str, at: datetime) -> Click:
    """The press of a control below a message."""
    origin, container = origin_of(body), body.get("container") or {}
    return Click(
        id=id_of_payload("click", body),
        correlation_id=new_id("c"),
        control=name,
        step="pressed",
        about=about,
        user=origin.user,
        team=origin.team,
        at=at,
        channel=origin.channel,
        message_ts=container.get("message_ts"),
        thread_ts=origin.thread_ts or container.get("message_ts"),
        private=bool(container.get("is_ephemeral")),
        response_url=origin.response_url,
    )


def _pressed(body: Mapping[str, Any]) -> tuple[str, str]:
    """The control, and the opaque id that it carries: from a button, or from a line of the menu."""
    action = action_of(body)
    name, about = str(action.get("action_id") or "").removeprefix(PREFIX), str(action.get("value") or "")
    if action.get("action_id") == MORE:
        name, about = chosen(chosen_in(action))
    return name[:MAX_ABOUT], about[:MAX_ABOUT]


def _tell(desk: ControlDesk, click: Click, why: str) -> None:
    _log.warning("click not taken", control=click.control, why=why, correlation_id=click.correlation_id)
    desk.tell(click.origin, Message(_referred(why, click)))


def _referred(why: str, click: Click) -> str:
    return f"{why} (reference {code(click.correlation_id)})."


def _title(view: Mapping[str, Any]) -> str:
    title: Mapping[str, Any] = view.get("title") or {}
    return str(title.get("text") or "alb502")
