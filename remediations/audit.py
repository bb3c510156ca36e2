"""The audit: who asked, saw, approved, refused, carried out, verified and undid what, in the order in which it was."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

from pydantic import Field, JsonValue

from diagnostics.facts.fact import Frozen

Event = Literal[
    "asked",
    "shown",
    "denied",
    "approved",
    "refused",
    "expired",
    "started",
    "wrote",
    "rejected",
    "executed",
    "verified",
    "failed",
    "undone",
    "closed",
]
"""``denied``: somebody tried what they may not. ``refused``: a person said no, or it could not be carried out as it was
approved. ``wrote``: one call to AWS that was done, or of which it is not known. ``rejected``: one that was not done,
and what AWS answered."""


class Who(Frozen):
    """A person: the id is Slack's, or the ARN of an AWS identity; the name is for people."""

    id: str
    name: str = ""

    @property
    def shown(self) -> str:
        return self.name or self.id


class Record(Frozen):
    """One line of the audit. `who` None: the bot itself. `ticket` names the plan, `undoes` the one that it takes back.

    `request_ids` are AWS's, to be found in CloudTrail.
    """

    event: Event
    at: datetime
    ticket: str
    who: Who | None = None
    report: str = ""
    fix: str = ""
    title: str = ""
    account: str = ""
    region: str = ""
    resource: str = ""
    undoes: str | None = None
    text: str = ""
    request_ids: tuple[str, ...] = ()
    details: dict[str, JsonValue] = Field(default_factory=dict)


class Kept(Frozen):
    """A record with its place in the stream."""

    id: str
    record: Record


class Audit(Protocol):
    """Append-only. Records that belong to a change of state are appended by the store in the same step."""

    def append(self, record: Record) -> None: ...

    def read(self, since: datetime | None = None, after: str | None = None, limit: int = 1_000) -> tuple[Kept, ...]:
        """The oldest first, from a moment or after a place in the stream on."""
