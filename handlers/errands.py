"""Small things to be looked up for one person: what to choose from in the picker, and what Home shows."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

from diagnostics.facts.fact import Frozen
from diagnostics.question import Question
from handlers.ask import Origin


class Errand(Frozen):
    """As it waits in the queue. `view_id`: the modal that is to be filled."""

    id: str
    correlation_id: str
    kind: Literal["picker", "home"]
    origin: Origin
    at: datetime
    view_id: str | None = None


class Pick(Frozen):
    """What a picker offers, in its order, and where the answer belongs."""

    origin: Origin
    questions: tuple[Question, ...] = ()


class ErrandDesk(Protocol):
    """Takes errands in."""

    def take_errand(self, errand: Errand) -> None:
        """Queues it. Raises `NotQueuedError`."""

    def pick_behind(self, pick_id: str) -> Pick | None:
        """What a picker offers; None once it is forgotten. Raises `NotQueuedError` if that cannot be told."""
