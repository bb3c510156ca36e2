"""What a way of merging calls has to say about an operation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from diagnostics.collect.collector import Read

Path = tuple[str, ...]
Parts = Sequence[str] | None


class Way(Protocol):
    """How calls of one operation become one. `by_resource`: see `ListParameter`."""

    @property
    def by_resource(self) -> bool: ...

    def parts(self, read: Read) -> Parts:
        """The names that `read` asks for; None when it cannot be merged in this way."""

    def merged(self, read: Read, parts: Sequence[str]) -> Read:
        """A read like `read` for all of `parts`; reads that differ for no parts at all cannot be one call."""

    def limit(self, read: Read) -> int:
        """How many parts a call may have."""

    def share(self, items: Sequence[Any], wanted: frozenset[str], asked: Sequence[str], read: Read) -> tuple[Any, ...]:
        """The items that `read` would have got, which asks for `wanted`, of the answer for `asked`."""
