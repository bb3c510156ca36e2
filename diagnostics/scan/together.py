"""The first look at many subjects: their collectors go side by side, and each round of calls is one for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from diagnostics.collect.collector import CollectorSpec, Now
from diagnostics.collect.graph import leading_to
from diagnostics.scan.asking import Asking, own_words
from diagnostics.scan.look import FIRST_LOOK, Look
from diagnostics.scan.merging import question
from diagnostics.snapshot import Snapshot, Subject, Window

Tell = Callable[[int, int], None]
"""How many of how many readings are in."""


def look_at(
    subjects: Sequence[Subject],
    window: Window,
    asking: Asking,
    *,
    now: Now,
    tell: Tell = lambda _done, _total: None,
    specs: Sequence[CollectorSpec] | None = None,
) -> tuple[Snapshot, ...]:
    """A snapshot of each, in the same order, with the facts of a first look; what is not in by `asking.until` is a
    gap."""
    wanted = leading_to(*FIRST_LOOK) if specs is None else specs
    looks = [Look(subject, window, now, wanted) for subject in subjects]
    total = len(looks) * len(wanted)
    while True:
        tell(sum(len(look.outcomes) for look in looks), total)
        reads = [look.wanted() for look in looks]
        if not any(reads) or time.monotonic() >= asking.until:
            break
        answers = asking.answers(read for own in reads for read in own)
        for look, own in zip(looks, reads, strict=True):
            look.take([own_words(read, answers[question(read)]) for read in own])
    for look in looks:
        look.give_up()
    return tuple(look.snapshot() for look in looks)
