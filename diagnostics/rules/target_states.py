"""What the targets that a sentence does not speak of are doing, so that no number contradicts another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from diagnostics.facts import Target

_WORDS = {
    "draining": "draining",
    "initial": "in the first health checks",
    "unused": "unused",
    "unavailable": "without health checks",
    "unhealthy": "unhealthy for another reason",
}


def others_in_words(others: Iterable[Target]) -> str:
    """``; of the others 3 are draining, 1 is in the first health checks``; empty where there are no others."""
    counts = Counter(_WORDS.get(target.state, target.state) for target in others)
    parts = [f"{number:,} {'is' if number == 1 else 'are'} {state}" for state, number in counts.most_common()]
    return f"; of the others {', '.join(parts)}" if parts else ""
