"""Who changed what, as CloudTrail recorded it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field, JsonValue

from diagnostics.facts.fact import Fact, Frozen
from diagnostics.facts.load_balancing import Rule


class Change(Frozen):
    """One management event that was not read-only.

    `actor` is the role, session or user in words; `by_service` is the AWS service that acted for somebody, such as
    ``ecs.amazonaws.com``. `request` are the request parameters, bounded; `error` is set when AWS refused the call.
    """

    id: str
    at: datetime
    name: str
    source: str
    actor: str
    by_service: str | None = None
    user_agent: str = ""
    source_ip: str = ""
    resources: tuple[str, ...] = ()
    request: dict[str, JsonValue] = Field(default_factory=dict)
    before: dict[str, JsonValue] = Field(default_factory=dict)
    """The former values of what is in `request`, where this program changed them and knows."""
    response: dict[str, JsonValue] = Field(default_factory=dict)
    error: str | None = None


class Changes(Fact):
    """Events of the look-ups that were made, newest first, each once. `complete` False: there were further pages.

    `looked_up` are the resources that were asked about; nothing is known of others.
    """

    name: ClassVar[str] = "changes"

    items: tuple[Change, ...]
    looked_up: tuple[str, ...] = ()
    complete: bool = True


class EarlierChanges(Fact):
    """Changes of a target group before one that changed its health check in the window, as far back as CloudTrail
    remembers, newest first: they tell the former settings."""

    name: ClassVar[str] = "earlier_changes"

    items: tuple[Change, ...]


class FormerRule(Frozen):
    """A listener rule as the last record before its deletion describes it, in full.

    `conditions` and `actions` have the form in which CreateRule takes them; `told_by` is that record's event.
    """

    rule: Rule
    conditions: tuple[dict[str, JsonValue], ...]
    actions: tuple[dict[str, JsonValue], ...]
    told_by: str
    told_at: datetime


class DeletedRule(Frozen):
    """`former` None: what it was is not known for certain; `unknown` says why."""

    arn: str
    listener_arn: str
    at: datetime
    actor: str
    former: FormerRule | None = None
    unknown: str = ""


class DeletedRules(Fact):
    """Listener rules of the subject's load balancers that somebody deleted lately, newest first. Read only where no
    rule sends requests to the subject."""

    name: ClassVar[str] = "deleted_rules"

    items: tuple[DeletedRule, ...]
