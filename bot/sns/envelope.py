"""A message of SNS as it comes over HTTP, and what its signature covers.
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal
from urllib.parse import urlsplit

Kind = Literal["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]
KINDS: Final[tuple[Kind, ...]] = ("Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation")
_SIGNED: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_TOPIC: Final = re.compile(r"arn:aws[a-z-]*:sns:(?P<region>[a-z0-9-]{1,30}):\d{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?")
_HOST: Final = re.compile(r"sns\.(?P<region>[a-z0-9-]{1,30})\.amazonaws\.com(?:\.cn)?")
_CERTIFICATE_PATH: Final = re.compile(r"/SimpleNotificationService-[A-Za-z0-9]{1,100}\.pem")


class NotFromSnsError(Exception):
    """The message is not taken; the text says why, for the log."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message. `version`: of its signature, "1" (SHA-1) or "2" (SHA-256)."""

    kind: Kind
    id: str
    topic: str
    message: str
    at: datetime
    version: Literal["1", "2"]
    signature: str
    certificate_url: str
    confirm_url: str | None
    signed: bytes

    @property
    def region(self) -> str:
        return self.topic.split(":")[3]


def read_envelope(body: bytes) -> Envelope:
    """Raises `NotFromSnsError` for what SNS would not send; nothing in it is trusted yet."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise NotFromSnsError("no JSON; raw message delivery has to be off, since it is not signed") from None
    if not isinstance(found, dict):
        raise NotFromSnsError("no JSON object")
    kind = next((one for one in KINDS if one == found.get("Type")), None)
    if kind is None:
        raise NotFromSnsError("no message of SNS: raw message delivery has to be off, since it is not signed")
    topic, version = _text(found, "TopicArn"), found.get("SignatureVersion")
    if not _TOPIC.fullmatch(topic):
        raise NotFromSnsError("TopicArn is no ARN of a topic")
    if version not in ("1", "2"):
        raise NotFromSnsError("SignatureVersion is neither 1 nor 2")
    return Envelope(
        kind=kind,
        id=_text(found, "MessageId"),
        topic=topic,
        message=_text(found, "Message"),
        at=_time(_text(found, "Timestamp")),
        version=version,
        signature=_text(found, "Signature"),
        certificate_url=certificate_url(_text(found, "SigningCertURL"), topic.split(":")[3]),
        confirm_url=None if kind == "Notification" else confirm_url(_text(found, "SubscribeURL"), topic.split(":")[3]),
        signed=_signed(found, kind),
    )


def certificate_url(url: str, region: str) -> str:
    """The URL if SNS of this region serves its certificate there; a certificate from anywhere else proves nothing."""
    if "?" in url or not _CERTIFICATE_PATH.fullmatch(_path_at_sns(url, region)):
        raise NotFromSnsError("SigningCertURL is no certificate of SNS")
    return url


def confirm_url(url: str, region: str) -> str:
    """The URL if it leads to SNS of this region."""
    if _path_at_sns(url, region) != "/":
        raise NotFromSnsError("SubscribeURL does not lead to SNS")
    return url


def _path_at_sns(url: str, region: str) -> str:
    """Nothing that two parsers of URLs could read differently gets that far."""
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return ""
    try:
        parts = urlsplit(url)
        host = _HOST.fullmatch(parts.netloc)
    except ValueError:
        return ""
    return parts.path if parts.scheme == "https" and host and host["region"] == region and not parts.fragment else ""


def _signed(found: dict[str, Any], kind: Kind) -> bytes:
    """Name and value of each signed member, each on its own line; a Subject that is not there is left out."""
    lines = [f"{name}\n{found[name]}\n" for name in _SIGNED[kind] if isinstance(found.get(name), str)]
    try:
        return "".join(lines).encode()
    except UnicodeEncodeError:
        raise NotFromSnsError("half a character, which cannot be signed") from None


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise NotFromSnsError(f"{name} is missing")
    return value


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise NotFromSnsError("Timestamp is no time") from None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
