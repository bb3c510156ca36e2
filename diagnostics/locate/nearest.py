"""Names that resemble an unknown one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

from diagnostics.question import Candidate

MAX_NEAREST: Final = 5
MAX_COMPARED: Final = 20_000
MIN_LIKENESS: Final = 0.6
PART_LIKENESS: Final = 0.8
MIN_PART_CHARS: Final = 3


def nearest(name: str, known: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """At most `MAX_NEAREST` candidates, the most alike first; services before target groups before load balancers."""
    wanted = name.casefold()
    matcher = SequenceMatcher(b=wanted, autojunk=False)
    scored: list[tuple[float, int, Candidate]] = []
    for position, candidate in zip(range(MAX_COMPARED), known, strict=False):
        score = _likeness(matcher, wanted, candidate.name.casefold())
        if score >= MIN_LIKENESS:
            scored.append((-score, position, candidate))
    return tuple(candidate for _, _, candidate in sorted(scored, key=lambda item: item[:2])[:MAX_NEAREST])


def _likeness(matcher: SequenceMatcher[str], wanted: str, name: str) -> float:
    """1 for the same word in other case; a word that is a part of the other counts as close."""
    if wanted == name:
        return 1.0
    shorter = min(len(wanted), len(name))
    part = shorter >= MIN_PART_CHARS and (wanted in name or name in wanted)
    matcher.set_seq1(name)
    if not part and (matcher.real_quick_ratio() < MIN_LIKENESS or matcher.quick_ratio() < MIN_LIKENESS):
        return 0.0
    return max(matcher.ratio(), PART_LIKENESS if part else 0.0)
