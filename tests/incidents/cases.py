"""An incident as data: what happened, and what the diagnosis must and must not say.

A file ``tests/incidents/<family>/<code>.py`` holds ``CASES``; `test_catalogue` runs every one of them and fails when a
cause has no case that finds it or no look-alike that must not be blamed.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from diagnostics.report import Band, Role, Verdict
from tests import incidents
from tests.incidents.building import Incident


@dataclass(frozen=True)
class Case:
    """`code` is the cause that the case is about.

    kind ``finds``: the code is among the causes with `role`; it is the first cause unless `first` names another.
    Causes other than `code`, `first` and `also` are blame that nobody earned and fail the case.
    kind ``look-alike``: the code is not among the causes; `first` is then the true first cause (None: no cause at all).
    `band`: the exact band wanted for `code`. `risk`: the code stands among the risks.
    """

    code: str
    title: str
    build: Callable[[], Incident]
    kind: Literal["finds", "look-alike"]
    first: str | None = None
    role: Role = "root"
    also: tuple[str, ...] = ()
    band: Band | None = None
    risk: bool = False
    verdict: Verdict | None = None
    summary_says: str | None = None


def finds(
    code: str,
    title: str,
    build: Callable[[], Incident],
    *,
    first: str | None = None,
    role: Role = "root",
    also: tuple[str, ...] = (),
    band: Band | None = None,
    summary_says: str | None = None,
) -> Case:
    """The code must be found. With role ``consequence`` or ``contributing``, `first` names its root."""
    return Case(code, title, build, "finds", first=first, role=role, also=also, band=band, summary_says=summary_says)


def look_alike(
    code: str,
    title: str,
    build: Callable[[], Incident],
    *,
    first: str | None = None,
    also: tuple[str, ...] = (),
    risk: bool = False,
    verdict: Verdict | None = None,
) -> Case:
    """It looks like this code and is not. `risk`: it is rightly named as a risk."""
    return Case(code, title, build, "look-alike", first=first, also=also, risk=risk, verdict=verdict)


def all_cases() -> Iterator[Case]:
    for family in pkgutil.iter_modules(incidents.__path__, prefix="tests.incidents."):
        if not family.ispkg:
            continue
        package = importlib.import_module(family.name)
        for module in pkgutil.iter_modules(package.__path__, prefix=f"{family.name}."):
            yield from importlib.import_module(module.name).CASES
