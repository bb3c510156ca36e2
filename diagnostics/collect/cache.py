"""Facts that may be a little old. The cache itself is passed in from outside."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from diagnostics.collect.collector import CollectorSpec, Read
from diagnostics.collect.log_options import LogOptions
from diagnostics.facts.fact import Fact
from diagnostics.snapshot import SCHEMA, Outcome, Subject, Window


class FactCache(Protocol):
    """Keeps text under a key for a while. Failures inside it are its own affair: they look like an empty cache."""

    def get(self, key: str) -> tuple[str, float] | None:
        """The text and its age in seconds, or None."""

    def put(self, key: str, value: str, ttl_s: int) -> None:
        """Keep `value` for `ttl_s` seconds."""


@dataclass(slots=True)
class Shelf:
    """The cache as this collection uses it."""

    cache: FactCache | None
    ttl_s: int
    refresh: bool
    account: str
    region: str
    subject: Subject
    window: Window
    now: datetime
    logs: LogOptions
    hits: int = 0
    oldest_s: float | None = None

    def key(self, spec: CollectorSpec, reads: Sequence[Read]) -> str | None:
        if self.cache is None or not spec.cached:
            return None
        return cache_key(spec, self.account, self.region, (*(read.identity for read in reads), *self._asked(spec)))

    def _asked(self, spec: CollectorSpec) -> list[str]:
        """What a fact of this kind depends on beside its calls.

        A window moves with the clock: one that is as long and ends as long ago, to the minute, is the same question.
        Log files hold rows of many services, which are counted for one.
        """
        span, ago = self.window.end - self.window.start, self.now - self.window.end
        asked = {
            "window": f"{span} until {ago.total_seconds() // 60:.0f} min ago",
            "logs": f"{self.logs} for {self.subject.model_dump_json()}",
        }
        return [asked[parameter.need] for parameter in spec.parameters if parameter.need in asked]

    def find(self, spec: CollectorSpec, key: str) -> Fact | None:
        if self.cache is None or self.refresh:
            return None
        found = self.cache.get(key)
        if found is None:
            return None
        text, age_s = found
        fact = fact_from(text, spec)
        if fact is not None:
            self.hits += 1
            self.oldest_s = max(age_s, self.oldest_s or 0.0)
        return fact

    def keep(self, key: str, outcome: Outcome) -> None:
        """Only what was read in full: a gap is asked for again next time."""
        if self.cache is not None and isinstance(outcome, Fact) and not outcome.gaps:
            self.cache.put(key, outcome.model_dump_json(), self.ttl_s)


def cache_key(spec: CollectorSpec, account: str, region: str, asked: Sequence[str]) -> str:
    """Names a fact by what was asked for it, in this order: who asks the same gets the same."""
    digest = hashlib.sha256("\n".join(asked).encode()).hexdigest()
    return f"fact/{SCHEMA}/{spec.yields.name}/{account}/{region}/{digest[:32]}"


def fact_from(text: str, spec: CollectorSpec) -> Fact | None:
    """None when another version of this program wrote it."""
    try:
        return spec.yields.model_validate_json(text)
    except ValueError:
        return None
