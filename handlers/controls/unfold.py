"""Evidence, timeline, commands, checks, gaps: where a workspace knows no folds, buttons post them in the thread."""

from __future__ import annotations

from functools import partial

from handlers.controls.control import PREFIX, Outcome, Visit, control
from handlers.views.blocks import Message
from handlers.views.details import LABELS, Name, unfolded
from handlers.views.escape import code
from handlers.views.summary import UNFOLD


def unfold(name: Name, visit: Visit) -> Outcome:
    """Posts it once for each report; whoever sees the answer alone is told it alone."""
    shown = unfolded(visit.report, name, visit.now)
    if shown is None:
        return _told(f"There is nothing of it in this report. All of it in a terminal: {_command(visit)}")
    if visit.click.private:
        return shown
    posted = visit.hands.post(visit, f"show-{name}", lambda _: shown)
    if posted == "posted":
        return None
    if posted == "known":
        return _told(f"It stands in this thread already. In a terminal: {_command(visit)}")
    return _told(f"I cannot post in this thread. In a terminal: {_command(visit)}")


def _command(visit: Visit) -> str:
    return code(f"alb502 report {visit.report.id}")


def _told(text: str) -> Message:
    return Message(text=text, blocks=())


for _rank, _name in enumerate(LABELS, 90):
    control(
        name=f"{UNFOLD.removeprefix(PREFIX)}{_name}",
        label=LABELS[_name],
        rank=_rank,
        does=f"posts in the thread what the fold “{LABELS[_name]}” would show",
        reach="thread",
        offered=lambda _: False,  # the answer itself has these buttons where they are needed
    )(partial(unfold, _name))
