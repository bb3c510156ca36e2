"""Facts that may be a little old. The cache itself is passed in from outside."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol

from diagnostics.collect.collector import CollectorSpec, Read
from diagnostics.facts.fact import Fact
from diagnostics.snapshot import SCHEMA


class FactCache(Protocol):
    """Keeps text under a key for a while. Failures inside it are its own affair: they look like an empty cache."""

    def get(self, key: str) -> tuple[str, float] | None:
        """The text and its age in seconds, or None."""

    def put(self, key: str, value: str, ttl_s: int) -> None:
        """Keep `value` for `ttl_s` seconds."""


def cache_key(spec: CollectorSpec, account: str, region: str, reads: Sequence[Read]) -> str:
    """Names a fact by the calls that it starts with, in their order: who asks the same gets the same."""
    digest = hashlib.sha256("\n".join(read.identity for read in reads).encode()).hexdigest()
    return f"fact/{SCHEMA}/{spec.yields.name}/{account}/{region}/{digest[:32]}"


def fact_from(text: str, spec: CollectorSpec) -> Fact | None:
    """None when another version of this program wrote it."""
    try:
        return spec.yields.model_validate_json(text)
    except ValueError:
        return None
