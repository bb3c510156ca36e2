"""The fixes: one file for each, found by its place in the tree."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from remediations.fix import FixSpec, registered


@cache
def catalogue() -> Mapping[str, FixSpec]:
    """Every fix by id. Importing a module of this package registers what it defines."""
    for module in pkgutil.iter_modules(__path__, prefix=f"{__name__}."):
        importlib.import_module(module.name)
    return dict(sorted(registered().items()))


@cache
def fixes_for(cause: str) -> tuple[FixSpec, ...]:
    """The fixes that end this cause, in the order of their ids."""
    return tuple(spec for spec in catalogue().values() if cause in spec.causes)
