"""Lines as servers write them, one file for each file of signs: the line, its signature, and details it must have."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping

Line = tuple[str, str | None, Mapping[str, str]]


def all_lines() -> Iterator[tuple[str, Line]]:
    for module in pkgutil.iter_modules(__path__):
        for line in importlib.import_module(f"{__name__}.{module.name}").LINES:
            yield module.name, line
