"""What AWS itself says is wrong with its services."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from diagnostics.facts.fact import Fact, Frozen


class HealthEvent(Frozen):
    """An issue in AWS Health's words: `service` as ``ELASTICLOADBALANCING``, `code` as ``AWS_ECS_OPERATIONAL_ISSUE``.

    `scope` is ``PUBLIC`` or ``ACCOUNT_SPECIFIC``; `end` None: it goes on. `zone` None: the whole region.
    """

    arn: str
    service: str
    code: str
    scope: str
    status: str
    start: datetime
    end: datetime | None = None
    zone: str | None = None


class HealthEvents(Fact):
    """Issues of the services on the way, in the subject's region, that began in or shortly before the window.

    Read only where something is observed that such an issue could explain.
    """

    name: ClassVar[str] = "health_events"

    items: tuple[HealthEvent, ...]
