"""What `thread` needs from outside to post each message once: a ledger, a budget and a memory for layouts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol


class SupersededError(Exception):
    """A newer delivery of the same job has begun; this one has to stop without another effect."""


@dataclass(frozen=True, slots=True)
class Claim:
    """`done_ts`: the message stands already. `in_doubt_since_s` (Unix time): somebody may have posted it since.
    `posting_for_s`: another delivery may be posting it at this moment, for so long; it is not claimed."""

    done_ts: str | None = None
    in_doubt_since_s: int | None = None
    posting_for_s: float | None = None


class Ledger(Protocol):
    def claim(self, ask_id: str, name: str, fence: int) -> Claim:
        """Claims the effect. Raises `SupersededError`."""

    def confirm(self, ask_id: str, name: str, ts: str) -> None: ...

    def renew(self, ask_id: str, name: str, fence: int) -> None:
        """It is posted now, a while after it was claimed. Raises `SupersededError` if somebody else has it by now."""

    def doubt(self, ask_id: str, name: str, fence: int) -> None:
        """The call is over, and nobody knows whether it had its effect."""

    def release(self, ask_id: str, name: str, fence: int) -> None:
        """It was certainly not posted."""

    def check(self, ask_id: str, fence: int) -> None:
        """Raises `SupersededError` if a newer delivery has begun."""


class Budget(Protocol):
    """How often Slack may be called, counted over all processes of the bot."""

    def take(self, method: str, channel: str, *, spare: bool = False, message: str = "") -> float:
        """0.0 if the call may be made now, else the seconds after which it may be tried again.

        `spare`: the call can be left out, so it gets only what more important ones will not miss, and not shortly after
        another edit of the same `message`.
        """

    def pause(self, method: str, seconds: float) -> None:
        """Slack has refused: nothing of this method is sent for so long."""


Dress = Literal["answer", "progress"]
"""What workspaces take or refuse each by itself: charts and folds of answers, task cards of progress."""


class Layouts(Protocol):
    """Which workspaces refuse the rich layout."""

    def is_plain(self, team: str, dress: Dress = "answer") -> bool: ...

    def mark_plain(self, team: str, dress: Dress = "answer") -> None: ...
