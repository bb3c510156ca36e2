"""What the ECS service's own events say, as moments for the timeline.

A service that replaces its tasks over and over writes five events for each of them; the story needs one line for all.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from diagnostics.digest import in_words
from diagnostics.facts import EcsService
from diagnostics.moments import MAX_TEXT, Moment
from diagnostics.printable import counted, line
from diagnostics.snapshot import Snapshot

SOURCE: Final = "ecs:DescribeServices"
WEIGHT: Final = 4
MANY: Final = 6
"""From so many routine events on they are one line; a roll-out that works writes fewer."""
PAUSE: Final = timedelta(minutes=10)
"""What is further apart than this does not belong together."""
_ROUTINE: Final = re.compile(
    r"(?:has (?P<verb>started|stopped)|(?P<in_group>registered|deregistered)) "
    r"(?P<number>\d{1,5}) (?:running )?(?P<noun>task|target)s?\b"
)
_VERB: Final = re.compile(r"(?:has|was|is|registered|deregistered)\b")

_Event = tuple[datetime, str]


def told(snapshot: Snapshot) -> Iterator[Moment]:
    """The events of the window; many that only say that tasks come and go are told as one, with their numbers."""
    service = snapshot.get(EcsService)
    if not isinstance(service, EcsService):
        return
    name = f"(service {service.service}) "
    routine: list[_Event] = []
    for event in sorted(service.events, key=lambda event: event.at):
        if event.at < snapshot.window.start:
            continue
        message = event.message.removeprefix(name).replace(name.rstrip(), "").strip()
        if _ROUTINE.match(message):
            routine.append((event.at, message))
        else:
            yield _one((event.at, message))
    for run in _runs(routine):
        if len(run) < MANY:
            yield from map(_one, run)
        else:
            yield _comings_and_goings(run)


def _runs(events: Sequence[_Event]) -> Iterator[Sequence[_Event]]:
    """What happened without a pause in between, together."""
    start = 0
    for number, ((one, _), (following, _)) in enumerate(itertools.pairwise(events), 1):
        if following - one > PAUSE:
            yield events[start:number]
            start = number
    yield events[start:]


def _comings_and_goings(run: Sequence[_Event]) -> Moment:
    """``ECS started 20 tasks, registered 20 targets, …, in 74 events until 13:00:36``."""
    sums: Counter[tuple[str, str]] = Counter()
    for _, message in run:
        found = _ROUTINE.match(message)
        if found:
            sums[found["verb"] or found["in_group"], found["noun"]] += int(found["number"])
    parts = [f"{verb} {counted(number, noun)}" for (verb, noun), number in sums.items()]
    (begin, _), (end, _) = run[0], run[-1]
    text = f"ECS {', '.join(parts)}, in {len(run)} events until {end:%H:%M:%S}"
    return Moment(at=begin, event=text, source=SOURCE, weight=WEIGHT)


def _one(event: _Event) -> Moment:
    at, message = event
    return Moment(at=at, event=line(_readable(message), MAX_TEXT), source=SOURCE, weight=WEIGHT)


def _readable(message: str) -> str:
    """ECS writes whole ARNs and ids: ``service registered 1 targets in (target group web).``"""
    shorter = in_words(message)
    return f"service {shorter}" if _VERB.match(shorter) else shorter
