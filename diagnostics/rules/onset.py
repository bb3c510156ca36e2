"""When errors began and in what rhythm they come, from minute counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from diagnostics.facts import Frozen
from diagnostics.facts.metrics import Point
from diagnostics.rules.deployment_span import DeploymentSpan, share_within

Pattern = Literal["constant", "intermittent", "deployment", "burst", "none"]

QUIET_ENDS_BURST = timedelta(minutes=15)
MINUTE = timedelta(minutes=1)
NEAR_DEPLOYMENT = timedelta(minutes=10)
STILL_GOING = timedelta(minutes=5)
CONSTANT_SHARE = 0.7
DEPLOYMENT_SHARE = 0.9
TRICKLE = 2.0
TRICKLE_SHARE = 0.1


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


def merged(series: Iterable[Iterable[Point]]) -> tuple[Point, ...]:
    """The sum of several series, in time order."""
    sums: dict[datetime, float] = {}
    for points in series:
        for point in points:
            sums[point.at] = sums.get(point.at, 0.0) + point.value
    return tuple(Point(at=at, value=value) for at, value in sorted(sums.items()))


def without_trickle(points: Sequence[Point]) -> tuple[Point, ...]:
    """Minutes with errors, less those with one or two beside a trouble that counts ten times more and over.

    Every service of some size has them now and then, and they would make each trouble look older than it is.
    """
    peak = max((point.value for point in points), default=0.0)
    floor = min(TRICKLE, peak * TRICKLE_SHARE)
    return tuple(point for point in points if point.value > floor)


def pattern_of(
    points: Sequence[Point],
    burst: Burst | None,
    deployments: Sequence[datetime],
    until: datetime,
    *,
    spans: Sequence[DeploymentSpan] = (),
) -> Pattern:
    """`constant`: most minutes since the onset have errors and they still come. `deployment`: they began within ten
    minutes after one, or nearly all came while one went on (`spans`), and are over. `burst`: over, no deployment near.
    `intermittent`: gaps between error minutes."""
    if burst is None:
        return "none"
    minutes = {point.at for point in points if point.value > 0 and burst.start <= point.at <= burst.end}
    length = (burst.end - burst.start) // MINUTE + 1
    density = len(minutes) / length
    ongoing = until - burst.end <= STILL_GOING
    near = any(timedelta(0) <= burst.start - at <= NEAR_DEPLOYMENT for at in deployments)
    if near and length <= NEAR_DEPLOYMENT // MINUTE:
        return "deployment"
    if not ongoing and share_within((p for p in points if burst.start <= p.at <= burst.end), spans) >= DEPLOYMENT_SHARE:
        return "deployment"
    if density >= CONSTANT_SHARE and ongoing and length > 2:
        return "constant"
    if length <= NEAR_DEPLOYMENT // MINUTE:
        return "burst"
    return "intermittent"
