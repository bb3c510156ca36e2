"""Watching an answer until what it tells of is over: bounded in time and number. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

from diagnostics.digest import digest
from diagnostics.facts.fact import Frozen
from diagnostics.question import Question
from diagnostics.report import Report
from handlers.ask import Origin, Place

LONGEST: Final = timedelta(hours=4)
SOON: Final = timedelta(minutes=1)
"""Between looks at first; so the end is told about two minutes after it came."""
LATER: Final = timedelta(minutes=5)
SOON_LOOKS: Final = 30
CALM_LOOKS: Final = 2
"""So many looks in a row have to find nothing wrong: errors that come now and then pause for a minute, too."""
MAX_BLIND: Final = 5
"""So many looks in a row that brought no report: then nothing more will be seen."""

State = Literal["on", "recovered", "too-long", "blind"]


class Watch(Frozen):
    """`step`: the number of the job that may act; `calm` and `blind`: looks in a row that found nothing wrong, or found
    out nothing. `look`: the question that was asked last."""

    id: str
    label: str
    question: Question
    origin: Origin
    place: Place
    began_at: datetime
    until: datetime
    step: int = 1
    calm: int = 0
    blind: int = 0
    look: str | None = None
    calm_since: datetime | None = None
    state: State = "on"

    @property
    def pause(self) -> timedelta:
        """Until the next look."""
        return SOON if self.step <= SOON_LOOKS else LATER


def is_calm(report: Report) -> bool:
    """Nothing is wrong any more, as far as could be read."""
    return digest(report).mood in {"well", "over"}


def seen(watch: Watch, report: Report | None, now: datetime) -> Watch:
    """The watch after one look; None: the look brought no report."""
    if report is None:
        blind = watch.blind + 1
        state: State = "blind" if blind >= MAX_BLIND else _in_time(watch, now)
        return watch.model_copy(update={"blind": blind, "calm": 0, "calm_since": None, "state": state})
    if not is_calm(report):
        return watch.model_copy(update={"blind": 0, "calm": 0, "calm_since": None, "state": _in_time(watch, now)})
    calm, since = watch.calm + 1, watch.calm_since or report.made_at
    state = "recovered" if calm >= CALM_LOOKS else _in_time(watch, now)
    return watch.model_copy(update={"blind": 0, "calm": calm, "calm_since": since, "state": state})


def _in_time(watch: Watch, now: datetime) -> State:
    return "too-long" if now >= watch.until else "on"
