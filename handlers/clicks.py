"""Clicks on controls: the signed interaction is checked, answered at once and queued. Nothing is decided here.

Payloads: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload and
https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Protocol

import structlog
from slack_bolt import Ack, App
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from handlers import actions
from handlers.ask import Desk, NotQueuedError, Origin, id_of_payload, new_id
from handlers.controls import catalogue
from handlers.controls.control import MORE, PREFIX, Click, ControlSpec
from handlers.controls.refresh import REFRESH
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


class Now(Protocol):
    def __call__(self) -> datetime: ...


def register(app: App, desk: ControlDesk, now: Now) -> None:
    """Listens to all controls and to their modals."""

    @app.action(re.compile(rf"{PREFIX}[a-z-]+"))
    def on_press(ack: Ack, body: Mapping[str, Any], client: WebClient) -> None:
        spec = catalogue().get(_pressed(body)[0])
        if spec is not None and spec.opens:  # opening a window may take Slack longer than it waits for us
            ack()
            press(desk, client, body, now())
        else:  # whoever dies before it is queued has not said that it was taken
            press(desk, client, body, now())
            ack()

    @app.view(re.compile(rf"{PREFIX}[a-z-]+"))
    def on_submit(ack: Ack, body: Mapping[str, Any]) -> None:
        ack(response_action="update", view=submit(desk, body, now()))


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
        view_id = _opened(client, spec, body, click)
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
    name = str(view.get("callback_id") or "").removeprefix(PREFIX)
    user: Mapping[str, Any] = body.get("user") or {}
    spec, callback_id = catalogue().get(name), f"{PREFIX}{name}"
    click = Click(
        id=id_of_payload("click", body),
        correlation_id=new_id("c"),
        control=name,
        step="submitted",
        about="",
        user=str(user.get("id") or ""),
        team=str(user.get("team_id") or (body.get("team") or {}).get("id") or ""),
        at=at,
        view_id=str(view.get("id") or "") or None,
        opened_by=str(view.get("private_metadata") or "")[:MAX_ABOUT],
        values=values_of(dict(view), MAX_VALUE),
    )
    if spec is None or spec.submitted is None:
        return telling(_title(view), Message(text=_referred(NOT_KNOWN, click), blocks=()), callback_id)
    try:
        desk.take_control(click)
    except NotQueuedError:
        return telling(_title(view), Message(text=_referred(NOT_TAKEN, click), blocks=()), callback_id)
    return waiting(_title(view), callback_id)


def click_of(body: Mapping[str, Any], name: str, about: str, at: datetime) -> Click:
    """The press of a control below a message."""
    container: Mapping[str, Any] = body.get("container") or {}
    user: Mapping[str, Any] = body.get("user") or {}
    message_ts = container.get("message_ts")
    return Click(
        id=id_of_payload("click", body),
        correlation_id=new_id("c"),
        control=name,
        step="pressed",
        about=about,
        user=str(user.get("id") or ""),
        team=str(user.get("team_id") or (body.get("team") or {}).get("id") or ""),
        at=at,
        channel=str(container.get("channel_id") or (body.get("channel") or {}).get("id") or ""),
        message_ts=message_ts,
        thread_ts=container.get("thread_ts") or message_ts,
        private=bool(container.get("is_ephemeral")),
        response_url=body.get("response_url"),
    )


def _pressed(body: Mapping[str, Any]) -> tuple[str, str]:
    """The control, and the opaque id that it carries: from a button, or from a line of the menu."""
    action: Mapping[str, Any] = next(iter(body.get("actions") or ()), {})
    name, about = str(action.get("action_id") or "").removeprefix(PREFIX), str(action.get("value") or "")
    if action.get("action_id") == MORE:
        name, about = chosen(str((action.get("selected_option") or {}).get("value") or ""))
    return name[:MAX_ABOUT], about[:MAX_ABOUT]


def _opened(client: WebClient, spec: ControlSpec, body: Mapping[str, Any], click: Click) -> str | None:
    try:
        answer = client.views_open(
            trigger_id=str(body.get("trigger_id") or ""), view=waiting(spec.label, spec.action_id)
        )
    except (SlackClientError, OSError) as error:
        _log.warning("modal not opened", error=type(error).__name__, correlation_id=click.correlation_id)
        return None
    opened: Mapping[str, Any] = answer.get("view") or {}
    return str(opened.get("id") or "") or None


def _tell(desk: ControlDesk, click: Click, why: str) -> None:
    _log.warning("click not taken", control=click.control, why=why, correlation_id=click.correlation_id)
    origin = Origin(
        team=click.team,
        channel=click.channel,
        user=click.user,
        thread_ts=click.thread_ts,
        response_url=click.response_url,
    )
    desk.tell(origin, Message(text=_referred(why, click), blocks=()))


def _referred(why: str, click: Click) -> str:
    return f"{why} (reference {code(click.correlation_id)})."


def _title(view: Mapping[str, Any]) -> str:
    title: Mapping[str, Any] = view.get("title") or {}
    return str(title.get("text") or "alb502")
