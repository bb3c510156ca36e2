"""What the work on answers needs to know of what surrounds them: alarms' threads, controls, watches, fixes."""

from __future__ import annotations

from typing import Protocol

from handlers.ask import Answer, Ask, Place
from handlers.incidents import Incident
from handlers.thread import Draw


class KnownIncidents(Protocol):
    """Which alarms' thread the answer to a question stands in, and what people see of it."""

    def of_ask(self, ask_id: str) -> Incident | None: ...

    def in_thread(self, channel: str, thread_ts: str) -> Incident | None: ...

    def is_told(self, incident: Incident) -> bool: ...

    def told(self, incident: Incident) -> None: ...

    def retelling(self, incident_id: str) -> None: ...


class Below(Protocol):
    """What stands below and above answers, and who is to hear of them later."""

    def choices(self, answer: Answer, ask: Ask, place: Place) -> tuple[str, ...]:
        """An id for each thing that the words of a question can mean."""

    def watched(self, summary: Draw, place: Place, answer: Answer) -> Draw:
        """The answer with what is said of it while somebody watches it."""

    def above(self, drawn: Draw, place: Place, answer: Answer) -> Draw:
        """The answer, or its headline, with the fix that has ended what it tells of."""

    def stands(self, ask: Ask, place: Place, answer: Answer) -> None:
        """People see the answer."""
