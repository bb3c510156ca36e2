"""The picker: what can be asked about, to choose from or to type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from diagnostics.question import Candidate
from handlers.views.answers import option_of
from handlers.views.blocks import Block, context, section
from handlers.views.modals import MAX_OPTIONS, Option, View, choice, modal, typed, waiting

PICKER: Final = "picker"
TITLE: Final = "Diagnose"
WHAT: Final = "what"
TYPED: Final = "typed"
SINCE: Final = "since"
SEEN: Final = "seen"
MAX_TYPED: Final = 300
SPANS: Final[tuple[Option, ...]] = (
    ("the last hour", "3600"),
    ("the last 2 hours", "7200"),
    ("the last 6 hours", "21600"),
    ("the last day", "86400"),
    ("the last 3 days", "259200"),
)
CODES: Final[tuple[Option, ...]] = tuple((code, code) for code in ("502", "503", "504", "500"))
EXAMPLE: Final = "A service, load balancer, target group or alarm by name or ARN, a Lambda function, or a URL"


def loading() -> View:
    """While it is looked up what there is."""
    return waiting(TITLE, PICKER)


def picker(candidates: Sequence[Candidate], total: int, pick_id: str, *, incomplete: bool = False) -> View:
    """The form. `pick_id` is the opaque id that what is offered is kept under; each is named by its number.

    `total` is how many there are, `incomplete` whether there may be more that were not looked up yet.
    """
    offered = candidates[:MAX_OPTIONS]
    blocks: list[Block] = []
    if offered:
        options = [(option_of(one), str(number)) for number, one in enumerate(offered)]
        blocks.append(choice(WHAT, "What does not work", options, optional=True, hint="Type to search"))
    notes = []
    if total > len(offered) > 0:
        notes.append(f"Showing {len(offered)} of {total}; any other can be typed below.")
    if incomplete or not offered:
        notes.append("The list is not complete yet; anything can be typed below.")
    if notes:
        blocks.append(context(" ".join(notes)))
    blocks += [
        typed(TYPED, "Or type it", longest=MAX_TYPED, optional=True, hint=EXAMPLE),
        choice(SINCE, "Look at", SPANS, optional=True),
        choice(SEEN, "The code that users see", CODES, optional=True),
    ]
    return modal(TITLE, blocks, callback_id=PICKER, about=pick_id, submit="Diagnose")


def not_for_you(why: str) -> View:
    """Why this person may not ask here."""
    return modal(TITLE, [section(why)], callback_id=PICKER)
