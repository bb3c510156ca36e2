"""How a kind of post is written down: one file with one pure function, found by its place in the tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from handlers.alarm_formats.post import AlarmPost
from handlers.alarm_formats.said import Said

Recognise = Callable[[Said], AlarmPost | None]
"""None: it is not this kind of post. What the post says of the state must come from here; ARNs, links and dimensions
are found without its help."""


@dataclass(frozen=True, slots=True)
class Format:
    """`last_resort`: asked only when no other kind fits."""

    name: str
    recognise: Recognise
    last_resort: bool = False


_REGISTRY: dict[str, Format] = {}


def alarm_format(name: str, *, last_resort: bool = False) -> Callable[[Recognise], Recognise]:
    """Registers a kind of post under the name that people know it by. Raises ValueError for a name that is taken."""

    def register(function: Recognise) -> Recognise:
        if name in _REGISTRY:
            raise ValueError(f"alarm format {name!r} is registered twice")
        _REGISTRY[name] = Format(name, function, last_resort)
        return function

    return register


def registered() -> Mapping[str, Format]:
    return MappingProxyType(_REGISTRY)
