"""Clicks on fixes: the signed interaction is checked, answered at once and queued. Nothing is decided here.

Payloads: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload and
https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, Protocol

from slack_bolt import Ack, App
from slack_sdk import WebClient

from diagnostics.facts.fact import Frozen
from handlers.ask import Desk, NotQueuedError, Origin, id_of_payload, new_id
from handlers.interaction import action_of, open_modal, origin_of
from handlers.views import fix_story
from handlers.views import fixes as drawn
from handlers.views.blocks import Message
from handlers.views.modals import values_of
from remediations.seals import Sealed

Kind = Literal["open", "review", "ask", "approve", "refuse", "undo"]

MAX_TYPED: Final = 300
MAX_BUTTON: Final = 200
NO_CHOICE: Final = -1
NOT_TAKEN: Final = "My queue does not answer, so nothing was done. Press again in a minute."
TOO_LATE: Final = "The window for this could not be opened in time. Press again."


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

    @property
    def origin(self) -> Origin:
        return Origin(team=self.team, channel=self.channel, user=self.user, thread_ts=self.thread_ts)


class FixReception(Desk, Protocol):
    """Takes clicks in and tells people."""

    def take_click(self, click: FixClick) -> None:
        """Queues it, once however often it is delivered. Raises `NotQueuedError`."""

    def wrong_word(self, ticket_id: str, typed: str) -> str | None:
        """What is wrong with the word that was typed to approve this, said in the modal; None when nothing is."""


def register(app: App, desk: FixReception) -> None:
    """Listens to the buttons and the modal of fixes."""

    @app.action(re.compile(rf"{drawn.OPEN}-\d"))
    def opened(ack: Ack, body: Mapping[str, Any], client: WebClient) -> None:
        ack()
        _open(desk, client, body, "open", datetime.now(UTC))

    @app.action(fix_story.REVIEW)
    def reviewed(ack: Ack, body: Mapping[str, Any], client: WebClient) -> None:
        ack()
        _open(desk, client, body, "review", datetime.now(UTC))

    @app.action(fix_story.REFUSE)
    def refused(ack: Ack, body: Mapping[str, Any]) -> None:
        _take(desk, pressed(body, "refuse", datetime.now(UTC)))
        ack()

    @app.action(fix_story.UNDO)
    def undone(ack: Ack, body: Mapping[str, Any]) -> None:
        _take(desk, pressed(body, "undo", datetime.now(UTC)))
        ack()

    @app.view(drawn.PLAN)
    def submitted(ack: Ack, body: Mapping[str, Any]) -> None:
        click = submission(body, datetime.now(UTC))
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
    origin = origin_of(body)
    return FixClick(
        id=id_of_payload("click", body),
        correlation_id=new_id("c"),
        kind=kind,
        about=str(action_of(body).get("value") or "")[:MAX_BUTTON],
        user=origin.user,
        team=origin.team,
        at=at,
        channel=origin.channel,
        thread_ts=origin.thread_ts or (body.get("container") or {}).get("message_ts"),
    )


def submission(body: Mapping[str, Any], at: datetime) -> FixClick:
    """What was submitted with the modal: an approval, or the wish for one. Its label says which; who may is decided
    later, whatever the label says."""
    view: Mapping[str, Any] = body.get("view") or {}
    origin, values = origin_of(body), values_of(view, MAX_TYPED)
    about, _, shown = str(view.get("private_metadata") or "")[:MAX_BUTTON].partition(drawn.SHOWN_SIGN)
    return FixClick(
        id=id_of_payload("click", body),
        correlation_id=new_id("c"),
        kind="ask" if (view.get("submit") or {}).get("text") == drawn.ASK_LABEL else "approve",
        about=about,
        shown=shown,
        user=origin.user,
        team=origin.team,
        at=at,
        view_id=str(view.get("id") or "") or None,
        narrower=_chosen(values.get(drawn.CHOICE, "")),
        typed=values.get(drawn.TYPED),
    )


def _chosen(value: str) -> int | None:
    """The number of a narrower form, None for the whole plan. What is neither is none of its forms."""
    if value in ("", drawn.WHOLE):
        return None
    return int(value) if value.isascii() and value.isdigit() and len(value) < 4 else NO_CHOICE


def _open(desk: FixReception, client: WebClient, body: Mapping[str, Any], kind: Kind, at: datetime) -> None:
    """Opens the modal, and queues what fills it."""
    click = pressed(body, kind, at)
    view_id = open_modal(client, body.get("trigger_id"), drawn.loading(), click.correlation_id)
    if view_id is not None:
        _take(desk, click.model_copy(update={"view_id": view_id}))
    elif not desk.has_seen(click.id):
        desk.tell(click.origin, Message(TOO_LATE))


def _take(desk: FixReception, click: FixClick) -> None:
    try:
        desk.take_click(click)
    except NotQueuedError:
        desk.tell(click.origin, Message(NOT_TAKEN))
