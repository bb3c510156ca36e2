"""Incidents to diagnose: one file each, found by being there.

A file defines NAME, TITLE, TARGET, EXPECT (one Expect or several) and build(world, account); REPAIR where one AWS CLI
line repairs it (see `repair.places` for the names that it may hold).
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from demo.scenarios.scenario import Expect, Scenario

_NOT_SCENARIOS = frozenset({"scenario", "history", "repair"})


def names() -> tuple[str, ...]:
    """All scenarios, in alphabetical order."""
    return tuple(sorted(_all()))


def load(name: str) -> Scenario:
    """One scenario. Raises KeyError, naming those that exist."""
    try:
        return _all()[name]
    except KeyError:
        raise KeyError(f"no scenario {name!r}; there are {', '.join(names())}") from None


@cache
def _all() -> dict[str, Scenario]:
    found = {}
    for info in pkgutil.iter_modules(__path__):
        if info.name in _NOT_SCENARIOS:
            continue
        module = import_module(f"{__name__}.{info.name}")
        expect = module.EXPECT if isinstance(module.EXPECT, tuple) else (module.EXPECT,)
        repair = getattr(module, "REPAIR", None)
        found[module.NAME] = Scenario(module.NAME, module.TITLE, module.TARGET, module.build, expect, repair)
    return found


__all__ = ["Expect", "Scenario", "load", "names"]
