"""Watch until recovery: looks every minute and edits this one answer; the thread is told when it is over."""

from __future__ import annotations

from typing import Final

from handlers.controls.control import Outcome, Visit, control
from handlers.views.blocks import Message
from handlers.views.escape import moment, person
from handlers.watches import is_calm

WATCH: Final = "watch"


@control(
    name=WATCH,
    label="Watch until recovery",
    rank=20,
    reach="thread",
    offered=lambda report: not is_calm(report),
)
def watch(visit: Visit) -> Outcome:
    """Begins to watch, or says who does already."""
    begun = visit.hands.watch(visit)
    if isinstance(begun, str):
        return Message(begun)
    found, is_new = begun
    until = moment(found.until, visit.now)
    if not is_new:
        by = person(found.origin.user)
        return Message(f"This is watched already, until {until} at most; {by} asked for it.")
    return Message(
        f":eyes: I look every minute, until {until} at most. The answer is edited each time; this thread is told "
        "when it has recovered."
    )
