"""What people can press below an answer: one file for each control, found by its place in the tree."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from handlers.controls.control import ControlSpec, registered


@cache
def catalogue() -> Mapping[str, ControlSpec]:
    """Every control by name, the most important first. Importing a module of this package registers what it defines."""
    for module in pkgutil.iter_modules(__path__, prefix=f"{__name__}."):
        importlib.import_module(module.name)
    return dict(sorted(registered().items(), key=lambda one: (one[1].rank, one[0])))
