"""Seals: what somebody did at a button in Slack, and what an executor did, so that nobody without the key makes it up.

The process that takes Slack's clicks seals them, the executor believes nothing else. Those between, and the store, only
carry them. https://docs.python.org/3/library/hmac.html
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from pydantic import BaseModel

from diagnostics.facts.fact import Frozen
from diagnostics.report import ReportTarget
from remediations.plan import Plan
from remediations.reach import Reach

KEY_BYTES: Final = 32
"""A shorter key could be guessed."""
DIGEST_SIGN: Final = "."
"""Stands before the digest in the id of a fix button."""

DeedKind = Literal["open", "ask", "approve", "undo"]
_TARGET: Final = frozenset({"account", "account_name", "region", "cluster", "service", "function", "label"})
"""What of a report's target decides anything; its notes differ between channels."""


class Deed(Frozen):
    """What Slack's signed request said that a person did.

    `about` is what the button or the modal carried, `shown` the digest of what the modal showed. `standing`: what Slack
    said of them at that moment (``member``, ``guest``…), `groups` those of the approvers' groups that they were in.
    """

    kind: DeedKind
    about: str
    user: str
    at: datetime
    shown: str = ""
    channel: str = ""
    narrower: int | None = None
    typed: str | None = None
    standing: str = "unknown"
    groups: frozenset[str] = frozenset()


class Sealed(Frozen):
    """A deed with the seal of whoever took it in."""

    deed: Deed
    seal: str


class SealKey:
    """Makes and checks seals. Raises ValueError for a key that is too short."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        if len(key) < KEY_BYTES:
            raise ValueError(f"a key of at least {KEY_BYTES} bytes")
        self._key = key

    def sealed(self, deed: Deed) -> Sealed:
        return Sealed(deed=deed, seal=self.over("deed", deed))

    def made(self, sealed: Sealed) -> bool:
        return self.fits(sealed.seal, "deed", sealed.deed)

    def over(self, purpose: str, *parts: object) -> str:
        return hmac.new(self._key, _canonical([purpose, *parts]), hashlib.sha256).hexdigest()

    def fits(self, seal: str, purpose: str, *parts: object) -> bool:
        return hmac.compare_digest(seal.encode(), self.over(purpose, *parts).encode())


def digest(report: str, offer: str, plan: Plan, target: ReportTarget, reach: Reach) -> str:
    """The same for what would do the same to the same, in whatever process it is computed."""
    about = {name: value for name, value in target.model_dump().items() if name in _TARGET}
    return hashlib.sha256(_canonical([report, offer, plan, about, reach])).hexdigest()


def button_digest(button_id: str) -> str:
    """The digest that the id of a fix button holds; empty for one without."""
    return button_id.rpartition(DIGEST_SIGN)[2] if DIGEST_SIGN in button_id else ""


def _canonical(value: object) -> bytes:
    """One spelling of a value. What is at its default is left out, so that a new field changes no digest."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return _plain(value.model_dump(exclude_defaults=True))
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((_plain(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value
