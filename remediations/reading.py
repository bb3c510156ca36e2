"""Looking something up at AWS as a plan describes it, and whether it is as the plan expects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import JsonValue

from diagnostics.aws_access import Reader
from diagnostics.facts.fact import Gap
from diagnostics.redaction import redact_text
from remediations.plan import Call, Guard, Look
from remediations.refusals import only_reads

MAX_PAGES = 20
MAX_SHOWN = 120
MAX_KEPT = 4_000
_NOT_THERE = ("NotFound", "NotFoundException", "NotFoundFault", "DoesNotExist")


class Reads(Protocol):
    """Reads AWS as whoever may only read."""

    def read(self, call: Call) -> dict[str, Any] | Gap:
        """The whole answer, all its pages. Never raises for what AWS does."""


class ReadsSource(Protocol):
    """Where reads come from, by account and region."""

    def __call__(self, account_id: str, region: str) -> Reads: ...


class AwsReads:
    """Reads one region of one account anew each time."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def read(self, call: Call) -> dict[str, Any] | Gap:
        """Several pages come as one answer; one that AWS did not give to its end is a gap.

        Nothing but reading is sent, whatever the plan says: plans come from the store, and are looked at by processes
        that may not write.
        """
        if not only_reads(call):
            return Gap(action=call.action, resource="*", error="NotARead", message="this call does not only read")
        parameters: dict[str, Any] = dict(call.parameters)
        pages = self._reader.pages(call.service, call.operation, "", max_pages=MAX_PAGES, **parameters)
        if pages.gaps:
            return pages.gaps[0]
        whole: dict[str, Any] = {}
        for page in pages.items:
            for key, value in page.items():
                together = isinstance(value, list) and isinstance(whole.get(key), list)
                whole[key] = [*whole[key], *value] if together else value
        return whole


@dataclass(frozen=True, slots=True)
class Seen:
    """How a guard was found. `found`: the value, None also where nothing could be read; `gap` says why not."""

    guard: Guard
    found: JsonValue = None
    gap: str | None = None

    @property
    def holds(self) -> bool:
        return self.gap is None and same(self.found, self.guard.expected)

    @property
    def kept(self) -> JsonValue:
        """What was found, as it may be written down."""
        return without_secrets(self.found)

    @property
    def told(self) -> str:
        """Why it does not hold, for people: from what to what a value has changed, or why it is not known."""
        if self.gap is not None:
            return f"whether {self.guard.text} could not be read: {self.gap}"
        if isinstance(self.guard.expected, bool):
            return f"it is no longer so that {self.guard.text}"
        return f"it is no longer so that {self.guard.text}: {shown(self.guard.expected)} is now {shown(self.found)}"


def value_of(reads: Reads, look: Look) -> JsonValue | Gap:
    """What is found there now. A thing that AWS does not have gives an empty answer, in which nothing is found."""
    answer = reads.read(look.call)
    if isinstance(answer, Gap):
        if not answer.error.endswith(_NOT_THERE):
            return answer
        answer = {}
    return found_in(answer, look.path, look.call.action)


def found_in(answer: Mapping[str, Any], path: str, action: str) -> JsonValue | Gap:
    """The value at a JMESPath; a path that does not fit the answer is a gap."""
    try:
        found: JsonValue = jmespath.search(path, plain(answer))
    except JMESPathError as error:
        return Gap(
            action=action, resource="*", error=type(error).__name__, message="the answer lacks what was expected"
        )
    return found


def see(reads: Reads, guard: Guard) -> Seen:
    """Looks whether the guard holds. What cannot be read does not hold."""
    found = value_of(reads, guard.look)
    if isinstance(found, Gap):
        return Seen(guard, gap=f"{found.action} ({found.error})")
    return Seen(guard, found=found)


def same(one: JsonValue, other: JsonValue) -> bool:
    """Equality of JSON: numbers by value, and never a truth value for a number."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    return one == other


def plain(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as JSON: moments as ISO 8601, without what the transport added."""
    without = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
    found: dict[str, Any] = json.loads(json.dumps(without, default=_as_text))
    return found


def without_secrets(value: JsonValue) -> JsonValue:
    """A guard may look at whatever the role that reads may see."""
    if isinstance(value, str):
        return redact_text(value, MAX_KEPT)
    if isinstance(value, dict):
        return {redact_text(name): without_secrets(inner) for name, inner in value.items()}
    return [without_secrets(inner) for inner in value] if isinstance(value, list) else value


def shown(value: JsonValue) -> str:
    """A value on one bounded line."""
    text = "nothing" if value is None else redact_text(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
