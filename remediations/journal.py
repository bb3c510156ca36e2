"""The journal of one execution: what was sent to AWS and what came of it, kept as it happens.

Whoever carries on after a worker has died reads it and knows what may have been done.
"""

from __future__ import annotations

from typing import Literal, Protocol

from pydantic import Field, JsonValue

from diagnostics.facts.fact import Frozen

StepState = Literal["sent", "done", "rejected", "lost"]


class Step(Frozen):
    """One write. ``sent`` alone: it left, or was about to, and nobody wrote down an answer.

    `by_reading`: its effect was found by reading, since the answer was lost. `text`: what went wrong, for people.
    `seal`: the executor's, where the journal is in a store that others can write to.
    """

    index: int
    state: StepState
    action: str = ""
    request_id: str | None = None
    kept: dict[str, JsonValue] = Field(default_factory=dict)
    by_reading: bool = False
    text: str = ""
    seal: str = ""


class Journal(Protocol):
    """Of one plan. Each method but `steps` writes at once; what a store raises for its own trouble is let through."""

    def steps(self) -> dict[int, Step]:
        """The newest word on each write that was begun."""

    def sending(self, index: int, action: str) -> None:
        """The write is about to leave. Raises `SupersededError`, in the same step, if somebody else took over."""

    def record(self, step: Step) -> None:
        """What came of it. Allowed to whoever sent it, also after somebody else took over: it is true."""


class MemoryJournal:
    """A journal of one process, for the terminal."""

    def __init__(self) -> None:
        self._steps: dict[int, Step] = {}

    def steps(self) -> dict[int, Step]:
        return dict(self._steps)

    def sending(self, index: int, action: str) -> None:
        self._steps[index] = Step(index=index, state="sent", action=action)

    def record(self, step: Step) -> None:
        self._steps[step.index] = step
