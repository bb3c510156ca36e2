"""Evidence, timeline, commands, checks, gaps: where a workspace knows no folds, buttons post them in the thread."""

from __future__ import annotations

from functools import partial

from handlers.controls.control import PREFIX, Outcome, Visit, control
from handlers.controls.hands import in_the_thread
from handlers.views.blocks import Message
from handlers.views.details import LABELS, Name, unfolded
from handlers.views.escape import code
from handlers.views.summary import UNFOLD


def unfold(name: Name, visit: Visit) -> Outcome:
    """Posts it once for each report; whoever sees the answer alone is told it alone."""
    shown = unfolded(visit.report, name, visit.now)
    command = f"alb502 report {visit.report.id}"
    if shown is None:
        return Message(f"There is nothing of it in this report. All of it in a terminal: {code(command)}")
    if visit.click.private:
        return shown
    return in_the_thread(visit.hands.post(visit, f"show-{name}", lambda _: shown), command)


for _rank, _name in enumerate(LABELS, 90):
    control(
        name=f"{UNFOLD.removeprefix(PREFIX)}{_name}",
        label=LABELS[_name],
        rank=_rank,
        reach="thread",
        offered=lambda _: False,  # the answer itself has these buttons where they are needed
    )(partial(unfold, _name))
