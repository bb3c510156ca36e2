"""How a fix is written: metadata and one pure function from facts to plans.

The decorator registers and does nothing else. A fix names the `causes` that it ends; when one of them is in a report
and all `needs` were read, its function is asked for plans. What it does not know it does not offer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from diagnostics.causes.cause import Facts
from diagnostics.facts.fact import Fact
from diagnostics.report import Cause, Report, Risk
from remediations.plan import Plan

F = TypeVar("F", bound=Fact)

Aim = Literal["back", "ends", "relieves", "prevents"]
"""`back`: to what worked before. `ends`: the cause. `relieves`: a stop-gap. `prevents`: that it comes again."""

Prepare = Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]]
"""From the answers of a write's `reads`, by name, and its arguments to the parameters of its call. Pure. Raises
CannotPrepareError when what was read does not allow it."""


class CannotPrepareError(Exception):
    """What AWS has now is not what the fix is made for; the text is for people."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the settings say about where fixes put things."""

    access_log_bucket: str | None = None
    alarm_topic: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What a fix may see: the facts that it declared, the report, and the cause in it that it is asked to end."""

    facts: Facts
    report: Report
    cause: Cause
    preferences: Preferences = Preferences()


FixFunction = Callable[[Case], Iterator[Plan]]


@dataclass(frozen=True, slots=True)
class FixSpec:
    """A registered fix. `risk` is the least one that a plan of it has, `up_to` the highest; without that, all have the
    same. `calls`: the IAM actions that its plans and their undos need. `for_risks`: risks ask for it, too. `aim`: what
    it is for, by which fixes are ordered."""

    id: str
    title: str
    description: str
    risk: Risk
    causes: tuple[str, ...]
    calls: tuple[str, ...]
    needs: tuple[type[Fact], ...]
    uses: tuple[type[Fact], ...]
    for_risks: bool
    docs: tuple[str, ...]
    function: FixFunction
    prepare: Mapping[str, Prepare] = field(default_factory=dict)
    aim: Aim = "ends"
    up_to: Risk | None = None

    @property
    def risk_in_words(self) -> str:
        return f"{self.risk} to {self.up_to}" if self.up_to else self.risk


_REGISTRY: dict[str, FixSpec] = {}
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")


def fix(
    *,
    id: str,  # noqa: A002 - the word that users see
    title: str,
    risk: Risk,
    causes: tuple[str, ...],
    calls: tuple[str, ...],
    needs: tuple[type[Fact], ...],
    uses: tuple[type[Fact], ...] = (),
    for_risks: bool = False,
    docs: tuple[str, ...] = (),
    prepare: Mapping[str, Prepare] | None = None,
    aim: Aim = "ends",
    up_to: Risk | None = None,
) -> Callable[[FixFunction], FixFunction]:
    """Registers a fix; the function's docstring says what it changes, what makes it sound and what is dangerous about
    it, and is shown to users.

    Raises ValueError for an id that is malformed or taken.
    """

    def register(function: FixFunction) -> FixFunction:
        if not _ID.match(id):
            raise ValueError(f"fix id {id!r} must be words joined by hyphens")
        if id in _REGISTRY:
            raise ValueError(f"fix id {id!r} is registered twice")
        if not function.__doc__:
            raise ValueError(f"fix {id!r} needs a docstring")
        _REGISTRY[id] = FixSpec(
            id=id,
            title=title,
            description=function.__doc__,
            risk=risk,
            causes=causes,
            calls=calls,
            needs=needs,
            uses=tuple(kind for kind in dict.fromkeys(uses) if kind not in needs),
            for_risks=for_risks,
            docs=docs,
            function=function,
            prepare=MappingProxyType(dict(prepare or {})),
            aim=aim,
            up_to=up_to,
        )
        return function

    return register


def registered() -> Mapping[str, FixSpec]:
    return MappingProxyType(_REGISTRY)
