"""Runs one collector by hand: what it asks in each round, and what it makes of the answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from diagnostics.aws_access import Pages
from diagnostics.collect.collector import Later, Read, Reads
from diagnostics.collect.errand import Errand


@dataclass
class Driven:
    """`rounds` are the reads that were asked for together; `outcome` is what the collector returned."""

    outcome: Any = None
    rounds: list[list[Read]] = field(default_factory=list)

    @property
    def asked(self) -> list[Read]:
        return [read for step in self.rounds for read in step]


def drive(
    collector: Reads[Any], answer: Callable[[Read], Pages], work: Callable[[Errand[Any]], Any] | None = None
) -> Driven:
    """Every `Later` that the collector waits for must have been settled before, and every `Errand` without `work`."""
    driven = Driven()
    answers: Sequence[Pages] = ()
    try:
        step = next(collector)
        while True:
            if isinstance(step, Later | Errand):
                answers = ()
                if work and isinstance(step, Errand):
                    step.settle(work(step))
            else:
                driven.rounds.append(list(step))
                answers = [answer(read) for read in step]
            step = collector.send(answers)
    except StopIteration as end:
        driven.outcome = end.value
    return driven


def settled(kind: type[Any], outcome: Any) -> Later[Any]:
    later: Later[Any] = Later(kind)
    later.settle(outcome)
    return later
