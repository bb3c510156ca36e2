"""CloudWatch series, one point a minute unless `period_s` says otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from diagnostics.facts.fact import Fact, Frozen


class Point(Frozen):
    at: datetime
    value: float


class Series(Frozen):
    """`dimensions` sorted by name, as pairs. Points in time order; CloudWatch has none where a counter was 0."""

    namespace: str
    metric: str
    statistic: str
    dimensions: tuple[tuple[str, str], ...]
    period_s: int
    points: tuple[Point, ...] = ()

    def between(self, start: datetime, end: datetime) -> tuple[Point, ...]:
        return tuple(point for point in self.points if start <= point.at < end)


class Metrics(Fact):
    """Series that were asked for, also those without a point.

    A counter without points is 0 in the covered time, because its siblings of the same call were answered;
    a health metric without points is unknown.
    """

    name: ClassVar[str] = "metrics"

    covered_from: datetime
    covered_to: datetime
    series: tuple[Series, ...]

    def find(self, metric: str, statistic: str = "Sum", **dimensions: str) -> Series | None:
        """The series with exactly these dimensions: ``find("RequestCount", LoadBalancer="app/…", TargetGroup="…")``.

        None when it was not asked for or could not be read, which is not the same as a series without points.
        """
        wanted = tuple(sorted(dimensions.items()))
        return next(
            (
                series
                for series in self.series
                if series.metric == metric and series.statistic == statistic and series.dimensions == wanted
            ),
            None,
        )

    def with_metric(self, metric: str, statistic: str = "Sum") -> Iterable[Series]:
        return (series for series in self.series if series.metric == metric and series.statistic == statistic)
