"""CloudWatch alarms that watch this path, with the state they are in."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from diagnostics.facts.fact import Fact, Frozen


class Alarm(Frozen):
    """`state` OK, ALARM or INSUFFICIENT_DATA, `since` when it went there; `reason` is CloudWatch's text, bounded."""

    name: str
    state: str
    since: datetime | None = None
    metric: str = ""
    reason: str = ""


class Alarms(Fact):
    """Metric alarms on the load balancers, target groups, service or function of the subject, newest change first.

    `complete` False: the account has more alarms than were looked through; those that are in ALARM come first.
    """

    name: ClassVar[str] = "alarms"

    items: tuple[Alarm, ...] = ()
    complete: bool = True
