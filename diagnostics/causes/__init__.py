"""The catalogue: one file for each cause code, found by its place in the tree."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from diagnostics.causes.cause import CauseSpec, registered


@cache
def catalogue() -> Mapping[str, CauseSpec]:
    """Every cause by code. Importing a module below a family package registers what it defines."""
    for family in pkgutil.iter_modules(__path__, prefix=f"{__name__}."):
        if not family.ispkg:
            continue
        package = importlib.import_module(family.name)
        for module in pkgutil.iter_modules(package.__path__, prefix=f"{family.name}."):
            importlib.import_module(module.name)
    return dict(sorted(registered().items()))
