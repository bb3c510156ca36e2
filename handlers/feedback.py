"""What people say of an answer: whether its first cause was the right one, and which one was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from diagnostics.facts.fact import Frozen

Verdict = Literal["right", "partly", "wrong"]
MAX_WORDS: Final = 500


class Feedback(Frozen):
    """`named`: the first cause of the answer, None when it named none. `real`: the cause that it was, from the
    catalogue. `words`: the same in the person's own words, bounded."""

    report: str
    at: datetime
    verdict: Verdict
    user: str
    team: str
    channel: str
    target: str
    account: str
    region: str
    named: str | None = None
    band: str | None = None
    real: str | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """What was said of the answers that named one cause. `taken_for`: what it was instead, the most frequent first."""

    named: str
    right: int
    partly: int
    wrong: int
    taken_for: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        return self.right + self.partly + self.wrong


def tallies(all_of_it: Iterable[Feedback]) -> tuple[Tally, ...]:
    """By the cause that was named, those that were wrong most often first."""
    verdicts: dict[str, Counter[Verdict]] = {}
    instead: dict[str, Counter[str]] = {}
    for one in all_of_it:
        named = one.named or "none named"
        verdicts.setdefault(named, Counter())[one.verdict] += 1
        if one.verdict != "right" and one.real is not None:
            instead.setdefault(named, Counter())[one.real] += 1
    found = [
        Tally(named, said["right"], said["partly"], said["wrong"], tuple(instead.get(named, Counter()).most_common()))
        for named, said in verdicts.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.wrong, -one.partly, -one.total, one.named)))
