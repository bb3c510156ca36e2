"""When errors began and in what rhythm they come, from minute counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from diagnostics.facts.fact import Frozen
from diagnostics.facts.metrics import Point

Pattern = Literal["constant", "intermittent", "deployment", "burst", "none"]

QUIET_ENDS_BURST = timedelta(minutes=15)
MINUTE = timedelta(minutes=1)
NEAR_DEPLOYMENT = timedelta(minutes=10)
STILL_GOING = timedelta(minutes=5)
CONSTANT_SHARE = 0.7


class Burst(Frozen):
    """A run of minutes with errors, without a quarter of an hour of quiet inside. `end` is the last such minute."""

    start: datetime
    end: datetime


def last_burst(points: Sequence[Point], until: datetime) -> Burst | None:
    """The newest run of error minutes that began before `until`; points need not be sorted."""
    times = sorted({point.at for point in points if point.value > 0 and point.at <= until})
    if not times:
        return None
    start = end = times[-1]
    for at in reversed(times[:-1]):
        if start - at > QUIET_ENDS_BURST:
            break
        start = at
    return Burst(start=start, end=end)


def pattern_of(
    points: Sequence[Point], burst: Burst | None, deployments: Sequence[datetime], until: datetime
) -> Pattern:
    """`constant`: most minutes since the onset have errors and they still come. `deployment`: they began within ten
    minutes after one and are over. `burst`: over, no deployment near. `intermittent`: gaps between error minutes."""
    if burst is None:
        return "none"
    minutes = {point.at for point in points if point.value > 0 and burst.start <= point.at <= burst.end}
    length = (burst.end - burst.start) // MINUTE + 1
    density = len(minutes) / length
    ongoing = until - burst.end <= STILL_GOING
    near = any(timedelta(0) <= burst.start - at <= NEAR_DEPLOYMENT for at in deployments)
    if near and length <= NEAR_DEPLOYMENT // MINUTE:
        return "deployment"
    if density >= CONSTANT_SHARE and ongoing and length > 2:
        return "constant"
    if length <= NEAR_DEPLOYMENT // MINUTE:
        return "burst"
    return "intermittent"
