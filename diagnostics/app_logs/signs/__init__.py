"""The signs of each group of runtimes, one file a group, found by their place."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from diagnostics.app_logs.sign import Sign


@cache
def all_signs() -> tuple[Sign, ...]:
    """Every sign in the order in which they are tried: those of one server before the general ones."""
    found: list[Sign] = []
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        found.extend(importlib.import_module(module.name).SIGNS)
    return tuple(sorted(found, key=lambda sign: sign.general))
