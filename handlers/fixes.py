"""Clicks on fixes: the signed interaction is checked, answered at once and queued. Nothing is decided here.

Payloads: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload and
https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal, Protocol

import structlog
from slack_bolt import Ack, App
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from diagnostics.facts.fact import Frozen
from handlers.ask import NotQueuedError, new_id
from handlers.views import fixes as drawn
from handlers.views.blocks import Message
from remediations.seals import Sealed

Kind = Literal["open", "review", "ask", "approve", "refuse", "undo"]

MAX_TYPED: Final = 300
MAX_BUTTON: Final = 200
NO_CHOICE: Final = -1
NOT_TAKEN: Final = "My queue does not answer, so nothing was done. Press again in a minute."
TOO_LATE: Final = "The window for this could not be opened in time. Press again."

_log: Final = structlog.get_logger(__name__)


class FixClick(Frozen):
    """One click of one person. `about`: what the button or the modal carries, an id of ours and nothing else.

    `view_id`: the modal that was opened for it. `narrower` and `typed`: what was chosen and typed in it, `shown` the
    digest of the plan in it. `proof`: that it came from Slack, by whoever took it in.
    """

    id: str
    correlation_id: str
    kind: Kind
    about: str
    user: str
    team: str
    at: datetime
    channel: str = ""
    thread_ts: str | None = None
    view_id: str | None = None
    narrower: int | None = None
    typed: str | None = None
    shown: str = ""
    proof: Sealed | None = None


class FixReception(Protocol):
    """Takes clicks in."""

    def take_click(self, click: FixClick) -> None:
        """Queues it. Raises `NotQueuedError`."""

    def wrong_word(self, ticket_id: str, typed: str) -> str | None:
        """What is wrong with the word that was typed to approve this, said in the modal; None when nothing is."""

    def tell_presser(self, click: FixClick, message: Message) -> None:
        """Tells the person alone, in the background."""


class Now(Protocol):
    def __call__(self) -> datetime: ...


def register(app: App, desk: FixReception, now: Now) -> None:
    """Listens to the buttons and the modal of fixes."""

    @app.action(re.compile(rf"{drawn.OPEN}-\d"))
    def opened(ack: Ack, body: Mapping[str, Any], client: WebClient) -> None:
        ack()
        _open(desk, client, body, "open", now())

    @app.action(drawn.REVIEW)
    def reviewed(ack: Ack, body: Mapping[str, Any], client: WebClient) -> None:
        ack()
        _open(desk, client, body, "review", now())

    @app.action(drawn.REFUSE)
    def refused(ack: Ack, body: Mapping[str, Any]) -> None:
        _take(desk, pressed(body, "refuse", now()))
        ack()

    @app.action(drawn.UNDO)
    def undone(ack: Ack, body: Mapping[str, Any]) -> None:
        _take(desk, pressed(body, "undo", now()))
        ack()

    @app.view(drawn.PLAN)
    def submitted(ack: Ack, body: Mapping[str, Any]) -> None:
        click = submission(body, now())
        wrong = desk.wrong_word(click.about, click.typed or "") if click.kind == "approve" else None
        if wrong is not None:
            ack(response_action="errors", errors={drawn.TYPED: wrong})
            return
        try:
            desk.take_click(click)
        except NotQueuedError:
            ack(response_action="update", view=drawn.told(NOT_TAKEN))
            return
        ack()


def pressed(body: Mapping[str, Any], kind: Kind, at: datetime) -> FixClick:
    """The click on a button of a message."""
    action: Mapping[str, Any] = next(iter(body.get("actions") or ()), {})
    container = body.get("container") or {}
    user = body.get("user") or {}
    return FixClick(
        id=new_id("click"),
        correlation_id=new_id("c"),
        kind=kind,
        about=str(action.get("value") or "")[:MAX_BUTTON],
        user=str(user.get("id", "")),
        team=str(user.get("team_id") or (body.get("team") or {}).get("id") or ""),
        at=at,
        channel=str(container.get("channel_id") or (body.get("channel") or {}).get("id") or ""),
        thread_ts=container.get("thread_ts") or container.get("message_ts"),
    )


def submission(body: Mapping[str, Any], at: datetime) -> FixClick:
    """What was submitted with the modal: an approval, or the wish for one. Its label says which; who may is decided
    later, whatever the label says."""
    view = body.get("view") or {}
    values: Mapping[str, Any] = (view.get("state") or {}).get("values") or {}
    chosen: Mapping[str, Any] = values.get(drawn.CHOICE, {}).get(drawn.CHOICE, {})
    choice: Mapping[str, Any] = chosen.get("selected_option") or {}
    typed = values.get(drawn.TYPED, {}).get(drawn.TYPED, {}).get("value")
    submit: Mapping[str, Any] = view.get("submit") or {}
    label = submit.get("text")
    user = body.get("user") or {}
    about, _, shown = str(view.get("private_metadata") or "")[:MAX_BUTTON].partition(drawn.SHOWN_SIGN)
    return FixClick(
        id=new_id("click"),
        correlation_id=new_id("c"),
        kind="ask" if label == drawn.ASK_LABEL else "approve",
        about=about,
        shown=shown,
        user=str(user.get("id", "")),
        team=str(user.get("team_id") or (body.get("team") or {}).get("id") or ""),
        at=at,
        view_id=str(view.get("id") or "") or None,
        narrower=_chosen(str(choice.get("value", ""))),
        typed=None if typed is None else str(typed)[:MAX_TYPED],
    )


def _chosen(value: str) -> int | None:
    """The number of a narrower form, None for the whole plan. What is neither is none of its forms."""
    if value in ("", drawn.WHOLE):
        return None
    return int(value) if value.isascii() and value.isdigit() and len(value) < 4 else NO_CHOICE


def _open(desk: FixReception, client: WebClient, body: Mapping[str, Any], kind: Kind, at: datetime) -> None:
    """Opens the modal while its trigger lives (3 s), and queues what fills it."""
    click = pressed(body, kind, at)
    try:
        view = client.views_open(trigger_id=str(body.get("trigger_id", "")), view=drawn.loading())
    except (SlackClientError, OSError) as error:
        _log.warning("modal not opened", error=type(error).__name__, correlation_id=click.correlation_id)
        desk.tell_presser(click, Message(text=TOO_LATE, blocks=()))
        return
    opened: Mapping[str, Any] = view.get("view") or {}
    _take(desk, click.model_copy(update={"view_id": str(opened.get("id") or "") or None}))


def _take(desk: FixReception, click: FixClick) -> None:
    try:
        desk.take_click(click)
    except NotQueuedError:
        desk.tell_presser(click, Message(text=NOT_TAKEN, blocks=()))
