"""CloudWatch alarms that watch this path, with the state they are in."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from diagnostics.facts.fact import Fact, Frozen


class Alarm(Frozen):
    """`state` OK, ALARM or INSUFFICIENT_DATA, `since` when it went there; `reason` is CloudWatch's text, bounded.

    The rest is empty or None for an alarm that is computed of several metrics. `statistic`: such as ``Sum`` or ``p99``.
    `notifies`: whether it does anything when it goes off; None: not known.
    """

    name: str
    state: str
    since: datetime | None = None
    metric: str = ""
    reason: str = ""
    namespace: str = ""
    dimensions: dict[str, str] = Field(default_factory=dict)
    statistic: str = ""
    comparison: str = ""
    threshold: float | None = None
    notifies: bool | None = None


class Alarms(Fact):
    """Metric alarms on the load balancers, target groups, service or function of the subject, newest change first.

    `complete` False: the account has more alarms than were looked through; those that are in ALARM come first, and
    those on the metrics of recommended alarms were asked for by their metric.
    """

    name: ClassVar[str] = "alarms"

    items: tuple[Alarm, ...] = ()
    complete: bool = True
