"""Samples of one metric by the minute, and CloudWatch's statistics over them."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

MAX_DISTINCT_VALUES_PER_MINUTE = 2_000
RETENTION_MINUTES = 15 * 24 * 60
_PERCENTILE = re.compile(r"^p(\d{1,2}(?:\.\d{1,10})?|100)$")
_PLAIN_STATISTICS = ("Average", "Maximum", "Minimum", "SampleCount", "Sum")


def is_statistic(name: str) -> bool:
    """Whether `statistic` can compute it: the five plain ones and p0 to p100 with decimals."""
    return name in _PLAIN_STATISTICS or _PERCENTILE.match(name) is not None


@dataclass(slots=True)
class Samples:
    """The samples of one minute: totals, and how often each value came, from which percentiles are read.

    A statistic set without its values (PutMetricData's StatisticValues) leaves the distribution empty.
    """

    count: float = 0.0
    total: float = 0.0
    low: float = float("inf")
    high: float = float("-inf")
    distribution: dict[float, float] = field(default_factory=dict)

    def add(self, value: float, times: float = 1.0) -> None:
        """Count `value` `times` times."""
        self.add_totals(times, value * times, value, value)
        if value not in self.distribution and len(self.distribution) >= MAX_DISTINCT_VALUES_PER_MINUTE:
            value = min(self.distribution, key=lambda known: abs(known - value))
        self.distribution[value] = self.distribution.get(value, 0.0) + times

    def add_each(self, times: Mapping[float, float]) -> None:
        """Count each value as often as it says."""
        if len(self.distribution) + len(times) > MAX_DISTINCT_VALUES_PER_MINUTE:
            for value, often in times.items():
                self.add(value, often)
        elif times:
            total = sum(value * often for value, often in times.items())
            self.add_totals(sum(times.values()), total, min(times), max(times))
            for value, often in times.items():
                self.distribution[value] = self.distribution.get(value, 0.0) + often

    def add_totals(self, count: float, total: float, low: float, high: float) -> None:
        """Merge an already aggregated set of samples."""
        self.count += count
        self.total += total
        self.low = min(self.low, low)
        self.high = max(self.high, high)


class Series:
    """One metric's minutes in order of time. Minutes older than RETENTION_MINUTES before the newest are dropped."""

    __slots__ = ("_minutes", "_samples")

    def __init__(self) -> None:
        self._minutes: list[int] = []
        self._samples: dict[int, Samples] = {}

    @property
    def newest_minute(self) -> int | None:
        return self._minutes[-1] if self._minutes else None

    def at(self, minute: int) -> Samples:
        """The samples of that minute, made when there are none yet."""
        samples = self._samples.get(minute)
        if samples is None:
            samples = self._samples[minute] = Samples()
            bisect.insort(self._minutes, minute)
            self._forget_old()
        return samples

    def _forget_old(self) -> None:
        keep_from = bisect.bisect_left(self._minutes, self._minutes[-1] - RETENTION_MINUTES)
        for minute in self._minutes[:keep_from]:
            del self._samples[minute]
        del self._minutes[:keep_from]

    def points(self, start_s: int, end_s: int, period_s: int, stat: str) -> dict[int, float]:
        """`stat` by period: {start of the period in epoch seconds: value}, for periods that hold samples.

        Periods are aligned to multiples of `period_s`; the one that holds `start_s` counts whole and `end_s` is
        exclusive, as GetMetricData has it.
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
        """
        first = bisect.bisect_left(self._minutes, start_s // period_s * period_s // 60)
        last = bisect.bisect_left(self._minutes, -(-end_s // 60))
        periods: dict[int, list[Samples]] = {}
        for minute in self._minutes[first:last]:
            periods.setdefault(minute * 60 // period_s * period_s, []).append(self._samples[minute])
        values = ((period, statistic(samples, stat)) for period, samples in periods.items())
        return {period: value for period, value in values if value is not None}


def statistic(parts: Sequence[Samples], stat: str) -> float | None:
    """`stat` over all parts together; None for a percentile of samples whose values are unknown.

    Raises ValueError for a name that `is_statistic` refuses.
    """
    if stat == "SampleCount":
        return sum(part.count for part in parts)
    if stat == "Sum":
        return sum(part.total for part in parts)
    if stat == "Minimum":
        return min(part.low for part in parts)
    if stat == "Maximum":
        return max(part.high for part in parts)
    if stat == "Average":
        return sum(part.total for part in parts) / sum(part.count for part in parts)
    match = _PERCENTILE.match(stat)
    if match is None:
        raise ValueError(f"unknown statistic {stat!r}")
    return _percentile((part.distribution for part in parts), float(match[1]))


def _percentile(distributions: Iterable[dict[float, float]], percent: float) -> float | None:
    merged: dict[float, float] = {}
    for distribution in distributions:
        for value, times in distribution.items():
            merged[value] = merged.get(value, 0.0) + times
    if not merged:
        return None
    ordered = sorted(merged)
    rank = round(percent / 100 * sum(merged.values()), 6)  # 99.9 % of 1000 samples is the 999th, floats or not
    seen = 0.0
    for value in ordered:
        seen += merged[value]
        if seen >= rank:
            return value
    return ordered[-1]
