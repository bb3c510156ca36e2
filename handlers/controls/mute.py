"""Mute: keeps the alarms of what the answer is about out of this channel for a while."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from handlers.controls.control import Outcome, Visit, Window, control
from handlers.views.alarms import spell
from handlers.views.blocks import Message, section
from handlers.views.escape import code
from handlers.views.modals import choice, modal

TITLE: Final = "Mute alarms"
FOR: Final = "for"
MAX_NAME: Final = 120
SPANS: Final = ("1800", "3600", "7200", "14400", "28800", "86400")
UNDERSTOOD_NOT: Final = "Choose for how long; nothing was muted."


def _mute(visit: Visit) -> Outcome:
    seconds = visit.click.values.get(FOR, "")
    if seconds not in SPANS:
        return Message(UNDERSTOOD_NOT)
    refused = visit.hands.mute(visit, int(seconds))
    if refused is not None:
        return Message(refused)
    label = code(visit.report.target.label, MAX_NAME)
    return Message(
        f":no_bell: Muting the alarms of the load balancer of {label} for {spell(timedelta(seconds=int(seconds)))}. "
        f"The channel is told, and how to end it."
    )


@control(
    name="mute",
    label="Mute alarms…",
    rank=60,
    reach="thread",
    opens=True,
    submitted=_mute,
)
def mute(visit: Visit) -> Outcome:
    """Asks for how long."""
    spans = [(spell(timedelta(seconds=int(seconds))), seconds) for seconds in SPANS]
    name = code(visit.report.target.label, MAX_NAME)
    blocks = [
        section(f"This channel is then not told of the alarms of the load balancer of {name}. They are counted."),
        choice(FOR, "For how long", spans),
    ]
    return Window(modal(TITLE, blocks, callback_id="control-mute", about=visit.click.id, submit="Mute"))
