"""What controls can have done. Made in `bot`; a control sees this and nothing else of the outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from diagnostics.report import Report
from handlers.controls.control import Outcome, Visit
from handlers.feedback import Feedback
from handlers.views.blocks import Message
from handlers.views.escape import code
from handlers.watches import Watch

if TYPE_CHECKING:
    from handlers.thread import Draw

Posted = Literal["posted", "known", "unreachable"]
"""`known`: it stood there already. `unreachable`: the bot may not post there."""


def in_the_thread(posted: Posted, command: str) -> Outcome:
    """What is said of something that was to be posted in the thread; `command` prints it in a terminal."""
    if posted == "posted":
        return None
    why = "It stands in this thread already." if posted == "known" else "I cannot post in this thread."
    return Message(f"{why} In a terminal: {code(command)}")


class Hands(Protocol):
    """May raise `SlackLaterError`; the click is worked on again then."""

    def watch(self, visit: Visit) -> tuple[Watch, bool] | str:
        """The watch over this answer's message and whether it is new; a line when it cannot be watched."""

    def mute(self, visit: Visit, seconds: int) -> str | None:
        """Has the alarms muted in the channel of the answer; a line when that cannot be."""

    def keep(self, feedback: Feedback) -> bool:
        """Keeps what somebody says of an answer. False if it replaces what the same person said of it before."""

    def why_not_told(self, visit: Visit, channel: str) -> str | None:
        """Why a channel may not be told of this answer by this person, if it may not."""

    def post(self, visit: Visit, name: str, draw: Draw, channel: str | None = None) -> Posted:
        """Posts a message once for each `name` and answer: in the thread of the answer, or in another channel."""

    def address(self, visit: Visit) -> str | None:
        """A link to the answer."""

    def markdown(self, report: Report) -> str:
        """The report as the beginning of a post-mortem."""
