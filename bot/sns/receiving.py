"""``POST /alarms/sns``: whose messages are taken, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final, Protocol

import structlog

from bot.sns.envelope import Envelope, NotFromSnsError, read_envelope
from bot.sns.verifying import UnreachableSnsError, Verifier, fetched
from bot.telemetry import traces

TAKEN: Final = 200
UNREADABLE: Final = 400
REFUSED: Final = 403
LATER: Final = 503
"""SNS delivers again."""

_log: Final = structlog.get_logger(__name__)


class NotTakenError(Exception):
    """The message was right and could not be kept; SNS should deliver it again."""


class Inbox(Protocol):
    """Where verified notifications go. It keeps them before it returns, so that nothing is lost afterwards."""

    def take(self, envelope: Envelope) -> bool:
        """Takes the notification in; False when one with this id was taken before. Raises `NotTakenError`."""


class Receiver:
    """Takes messages of configured topics only. `confirm` gets the URL that subscribes this endpoint."""

    def __init__(
        self,
        topics: Collection[str],
        inbox: Inbox,
        verifier: Verifier | None = None,
        confirm: Callable[[str], object] = fetched,
    ) -> None:
        self._topics = frozenset(topics)
        self._inbox = inbox
        self._verifier = verifier or Verifier()
        self._confirm = confirm

    def receive(self, body: bytes) -> int:
        """The HTTP status to answer with. Nothing of a message is looked at before its signature was found right, but
        for the topic, so that messages of others cost no look-up of a certificate."""
        with traces.span("SNS message", "request"):
            return self._received(body)

    def _received(self, body: bytes) -> int:
        try:
            envelope = read_envelope(body)
        except NotFromSnsError as error:
            _log.warning("no message of SNS", reason=str(error))
            return UNREADABLE
        if envelope.topic not in self._topics:
            _log.warning("message of a topic that is not in alarms.sns_topics", topic=envelope.topic)
            return REFUSED
        try:
            self._verifier.check(envelope)
            return self._verified(envelope)
        except NotFromSnsError as error:
            _log.warning("message of SNS refused", reason=str(error), topic=envelope.topic)
            return REFUSED
        except (UnreachableSnsError, NotTakenError) as error:
            _log.warning("message of SNS put off", reason=str(error), topic=envelope.topic)
            return LATER

    def _verified(self, envelope: Envelope) -> int:
        if envelope.kind == "Notification":
            if not self._inbox.take(envelope):
                _log.info("message of SNS came again", id=envelope.id)
        elif envelope.kind == "SubscriptionConfirmation" and envelope.confirm_url is not None:
            self._confirm(envelope.confirm_url)
            _log.info("subscribed", topic=envelope.topic)
        else:
            _log.warning("unsubscribed: alarms of this topic come no more", topic=envelope.topic)
        return TAKEN
