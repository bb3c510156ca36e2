"""What a scenario file holds, and what is expected of a diagnosis of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from demo.world.world import World

ACCOUNT = "111122223333"
HISTORY_S = 75 * 60
"""How long before the present a scenario's world begins, so that its making is not in the usual window."""

Verdict = Literal["causes_found", "no_fault_found", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Expect:
    """What asking for `target` must answer.

    `first`: the code of the first cause, None when there must be none. `also`: codes that must be among the causes.
    `may`: codes that are expected as consequences or contributions. `never`: codes that must not be among the causes,
    because the scenario looks like them or because somebody hasty would name them.
    """

    target: str
    verdict: Verdict
    first: str | None = None
    also: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Scenario:
    """One incident. `target` is what a person would ask for; `expect` has one entry for each question.

    `repair`: the AWS CLI line that ends it, with the names of `repair.places` in braces; None when one is not enough.
    """

    name: str
    title: str
    target: str
    build: Callable[[World, str], None]
    expect: tuple[Expect, ...]
    repair: str | None = None
