"""One question from one place in Slack, as it waits in the queue, and what it needs from outside."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal, Protocol

from diagnostics.facts.fact import Frozen
from diagnostics.question import Ambiguous, Question, Refused, Unknown
from diagnostics.report import Report
from handlers.views import Message

NOT_TAKEN: Final = "This question could not be taken. Ask again in a minute."
NO_QUEUE: Final = "My queue does not answer, so this question was not taken. Ask again in a minute."

AskKind = Literal["command", "mention", "refresh", "alarm", "fix", "watch"]
Answer = Report | Ambiguous | Unknown | Refused
"""What is told to people: an outcome without the snapshot that only the engine needs."""


class Origin(Frozen):
    """Who asked, and where.

    `thread_ts` is the message in whose thread the answer belongs; a slash command has none.
    `response_url` takes at most 5 answers in 30 minutes: https://docs.slack.dev/interactivity/handling-user-interaction
    """

    team: str
    channel: str
    user: str
    thread_ts: str | None = None
    response_url: str | None = None


class Place(Frozen):
    """Where the answer stands. `parent_ts` is a line of ours that becomes the headline; None: nothing of ours is there.

    A private place is seen by the asker only and takes its messages by `Origin.response_url`.
    """

    channel: str
    parent_ts: str | None = None
    reply_ts: str | None = None
    private: bool = False


class Ask(Frozen):
    """A question with its origin. `place` is known from the start when an existing answer is refreshed.

    One of the kind `watch` is asked by nobody: it looks again at what somebody watches, without showing progress.
    """

    id: str
    correlation_id: str
    kind: AskKind
    question: Question
    origin: Origin
    asked_at: datetime
    place: Place | None = None


class Refresh(Frozen):
    """What the controls of a message are about: its question, which Refresh asks again, the place that the answer is
    overwritten in, and the report that stands there."""

    question: Question
    place: Place
    report: str | None = None


class Desk(Protocol):
    """Takes questions in. It never blocks for as long as Slack waits for an acknowledgement (3 s)."""

    def submit(self, ask: Ask) -> str | None:
        """Queues the question. Returns None, or one line for the asker when it could not be queued.

        Raises `NotQueuedError` when it could not be queued and Slack should deliver it again.
        """

    def tell(self, origin: Origin, message: Message) -> None:
        """Tells the asker alone, in the background and at most once."""

    def help_for(self, origin: Origin, command: str) -> Message:
        """What this person may do there. What cannot be found out in time is left open."""

    def has_seen(self, event_id: str) -> bool:
        """Whether the question of this event, or this click on a fix, is queued already. False when that cannot be
        told."""

    def refresh_behind(self, button_id: str) -> Refresh | None:
        """What a button does; None once it has expired. Raises `NotQueuedError` if that cannot be told."""


class NotQueuedError(Exception):
    """The question was not accepted; Slack should deliver it again."""


def new_id(prefix: str) -> str:
    """An id that cannot be guessed."""
    return f"{prefix}-{secrets.token_hex(10)}"


def id_of_event(event_id: str) -> str:
    """The ask of an event is named after it, so that a second delivery is the same ask."""
    return _named("ask", event_id)


def id_of_payload(prefix: str, payload: Mapping[str, Any]) -> str:
    """What a command or an interaction asks for is named after its trigger, which Slack gives to one alone: a request
    that comes twice, as over a connection that broke before its acknowledgement, is the same wish."""
    trigger_id = str(payload.get("trigger_id") or "")
    return _named(prefix, trigger_id) if trigger_id else new_id(prefix)


def _named(prefix: str, about: str) -> str:
    return f"{prefix}-{hashlib.sha256(about.encode('utf-8', 'surrogatepass')).hexdigest()[:20]}"
