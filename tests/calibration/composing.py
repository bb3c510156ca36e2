"""Incidents composed at random from a seed: a fault, what happens beside it, noise, and a read that is denied."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from diagnostics.causes import catalogue
from diagnostics.facts import Fact
from diagnostics.snapshot import Snapshot
from tests.calibration.surroundings import DECOYS, NOISE, denied, readable
from tests.incidents.building import Incident
from tests.incidents.cases import Case, all_cases
from tests.incidents.test_denied import SAME_ANSWER

HEALTHY_SHARE = 0.05
LOOK_ALIKE_SHARE = 0.15
MAX_DECOYS = 4
DENIED_SHARE = 0.35
MAX_DENIED = 3
UMBRELLAS = frozenset(
    {"all-targets-unhealthy-fail-open", "no-registered-targets", "deployment-failing-loop", "all-targets-unused"}
)
"""Codes that may stand beside any root as its consequence."""


@dataclass(frozen=True)
class Truth:
    """`first` is the right first cause, None where there is none; `required` must be named, `allowed` may be.

    `excused`: what may be named when something could not be read: the general codes of the required ones.
    """

    first: str | None
    required: frozenset[str]
    allowed: frozenset[str]
    excused: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Composed:
    """`whole` is the snapshot as it would be had nothing been denied."""

    number: int
    case: Case | None
    snapshot: Snapshot
    whole: Snapshot
    truth: Truth
    decoys: tuple[str, ...]
    denied: tuple[type[Fact], ...]

    @property
    def name(self) -> str:
        return f"{self.case.code}: {self.case.title}" if self.case else "all is well"

    @property
    def held_out(self) -> bool:
        """Never to be looked at while rules are tuned: all that is composed of one case, for ever in the same half."""
        chosen_by = self.name if self.case else str(self.number)
        return hashlib.sha256(chosen_by.encode()).digest()[0] % 2 == 1

    @property
    def story(self) -> str:
        unread = f"; denied: {', '.join(kind.name for kind in self.denied)}" if self.denied else ""
        return f"#{self.number} {self.name} [{', '.join(self.decoys)}{unread}]"


def composed(seed: int, count: int) -> Iterator[Composed]:
    """`count` incidents; the same ones for the same seed and the same cases."""
    cases = sorted(all_cases(), key=lambda case: (case.code, case.kind, case.title))
    by_code: dict[str, list[Case]] = {}
    for case in cases:
        if case.kind == "finds":
            by_code.setdefault(case.code, []).append(case)
    look_alikes = [case for case in cases if case.kind == "look-alike"]
    for number in range(count):
        yield _one(number, random.Random(f"{seed}:{number}"), by_code, look_alikes)  # noqa: S311


def _one(number: int, chance: random.Random, by_code: dict[str, list[Case]], look_alikes: Sequence[Case]) -> Composed:
    case = _fault(chance, by_code, look_alikes)
    snapshot = (case.build() if case else Incident()).snapshot()
    fitting = [one for one in DECOYS if one.fits(snapshot)]
    chosen = chance.sample(fitting, min(len(fitting), chance.randint(0, MAX_DECOYS)))
    noise = [one for one in NOISE if one.fits(snapshot) and chance.random() < 1 / 2]
    for one in (*chosen, *noise):
        snapshot = one.apply(snapshot, chance)
    whole = snapshot
    unread: tuple[type[Fact], ...] = ()
    if chance.random() < DENIED_SHARE:
        unread = tuple(chance.sample(readable(snapshot), chance.randint(1, MAX_DENIED)))
    for kind in unread:
        snapshot = denied(snapshot, kind)
    names = tuple(one.name for one in (*chosen, *noise))
    return Composed(number, case, snapshot, whole, _truth(case, unread), names, unread)


def _fault(chance: random.Random, by_code: dict[str, list[Case]], look_alikes: Sequence[Case]) -> Case | None:
    """Every code as often as any other, whatever the number of its cases."""
    kind = chance.random()
    if kind < HEALTHY_SHARE:
        return None
    if kind < HEALTHY_SHARE + LOOK_ALIKE_SHARE:
        return chance.choice(look_alikes)
    return chance.choice(by_code[chance.choice(sorted(by_code))])


def _truth(case: Case | None, unread: tuple[type[Fact], ...]) -> Truth:
    if case is None:
        return Truth(None, frozenset(), frozenset())
    first = case.first or (case.code if case.kind == "finds" else None)
    named = frozenset({case.code} if case.kind == "finds" else ()) | ({first} if first else frozenset())
    specs = catalogue()
    known = [code for code in sorted(named | {*case.also}) if code in specs]
    general = frozenset[str]().union(*(specs[code].replaces | SAME_ANSWER.get(code, frozenset()) for code in known))
    return Truth(
        first=first,
        required=named,
        allowed=named | frozenset(case.also) | (UMBRELLAS if first else frozenset()),
        excused=general if unread else frozenset(),
    )
