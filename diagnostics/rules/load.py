"""Whether more requests came than usual while the trouble lasted.

Usual is the busiest of three: the hours before the trouble, the same time of the day before, and of a week ago. Callers
who get errors ask again, so that a little more than usual says nothing.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median

from diagnostics.causes.cause import Facts
from diagnostics.facts import Fact, Frozen, Metrics, Series, UsualLoad
from diagnostics.rules.counters import group_dimension

LOAD_USES: tuple[type[Fact], ...] = (Metrics, UsualLoad)
"""What a cause declares to ask here."""
SEVERAL_TIMES = 2.0
"""So many times the usual load is more than retries and a busy day make."""
FLAT = 1.3
BEFORE = timedelta(minutes=10)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
AROUND = timedelta(minutes=30)
ENOUGH_POINTS = 5
ENOUGH_A_MINUTE = 1.0
STEADY = 0.9


class Load(Frozen):
    """Requests a minute of all own targets together. `rose_at`: the first minute of the trouble's load."""

    now: float
    usual: float
    rose_at: datetime | None = None

    @property
    def times(self) -> float:
        return self.now / max(self.usual, ENOUGH_A_MINUTE)

    @property
    def is_several_times(self) -> bool:
        return self.times >= SEVERAL_TIMES

    @property
    def is_flat(self) -> bool:
        return self.times < FLAT

    @property
    def words(self) -> str:
        """``1,800 requests a minute, 3.0 times the usual 600``"""
        return f"{self.now:,.0f} requests a minute, {self.times:.1f} times the usual {self.usual:,.0f}"


def load_of(facts: Facts, start: datetime, end: datetime) -> Load | None:
    """The load between two moments; None where requests, or what is usual, were not counted."""
    metrics = facts.maybe(Metrics)
    if not isinstance(metrics, Metrics):
        return None
    counted = _own(facts, metrics.with_metric("RequestCount"))
    own = _minutes(counted, start - AROUND - timedelta(hours=3), end)
    during = {at: value for at, value in own.items() if start - timedelta(minutes=1) <= at < end}
    before = [value for at, value in own.items() if at < start - BEFORE]
    earlier = [_earlier(facts, counted, start - ago, end - ago) for ago in (DAY, WEEK)]
    known = [median(values) for values in (before, *earlier) if len(values) >= ENOUGH_POINTS]
    if not during or not known:
        return None
    usual, now = max(known), median(during.values())
    return Load(now=now, usual=usual, rose_at=_rise(own, usual, end))


def _rise(minutes: dict[datetime, float], usual: float, end: datetime) -> datetime | None:
    """The beginning of the last run of minutes with several times the usual load."""
    rose: datetime | None = None
    for at in sorted((at for at in minutes if at < end), reverse=True):
        if minutes[at] < SEVERAL_TIMES * STEADY * usual:
            if rose is not None:
                break
            continue
        rose = at
    return rose


def _earlier(facts: Facts, counted: Sequence[Series], start: datetime, end: datetime) -> list[float]:
    """Of the same groups; none where one of them was not read: what it has now would look like more than usual."""
    usual = facts.maybe(UsualLoad)
    if not isinstance(usual, UsualLoad):
        return []
    busy = {one.dimensions for one in counted if one.points}
    same = [one for one in usual.with_metric("RequestCount") if one.dimensions in busy]
    if len(same) < len(busy):
        return []
    return list(_minutes(same, start - AROUND, end + AROUND).values())


def _own(facts: Facts, series: Iterable[Series]) -> list[Series]:
    """Those of the own groups, of all groups of a load balancer that is asked about as a whole; of the load balancers
    where no group was counted, since they count the same requests again."""
    counted = list(series)
    of_groups = [one for one in counted if "TargetGroup" in dict(one.dimensions)]
    if groups := set(map(group_dimension, facts.subject.target_groups)):
        return [one for one in of_groups if dict(one.dimensions)["TargetGroup"] in groups]
    return of_groups or counted


def _minutes(series: Iterable[Series], start: datetime, end: datetime) -> dict[datetime, float]:
    """Requests a minute of all of them together."""
    found: dict[datetime, float] = {}
    for one in series:
        for point in one.between(start, end):
            found[point.at] = found.get(point.at, 0.0) + point.value * 60 / one.period_s
    return found
