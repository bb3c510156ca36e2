"""CloudWatch metrics: a store keyed by series and minute.

The API operations over it are in `metric_api`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from demo.aws.call import AwsError
from demo.aws.series import Series
from demo.clock import Clock

MAX_SERIES = 100_000


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """What identifies one metric; `dimensions` are sorted by name."""

    account: str
    region: str
    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, account: str, region: str, namespace: str, metric: str, dimensions: Mapping[str, str]) -> SeriesKey:
        return cls(account, region, namespace, metric, tuple(sorted(dimensions.items())))


class MetricStore:
    """Metric samples of all accounts and regions. Guard it with the layer's lock when threads share it."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._series: dict[SeriesKey, Series] = {}
        self._places: dict[tuple[str, str], dict[SeriesKey, Series]] = {}

    def record(
        self,
        account: str,
        region: str,
        namespace: str,
        metric: str,
        dimensions: Mapping[str, str],
        minute: int,
        values: Sequence[float],
        counts: Sequence[float] | None = None,
    ) -> None:
        """Merge samples into one minute (whole minutes since the epoch).

        `counts` says how often each value came (once by default): a minute of a thousand requests that all took
        20 ms is `values=[0.02], counts=[1000]`. Raises ValueError when both differ in length.
        """
        if not values:
            return
        samples = self.series(SeriesKey.of(account, region, namespace, metric, dimensions)).at(minute)
        for value, times in zip(values, counts or [1.0] * len(values), strict=True):
            samples.add(float(value), float(times))

    def series(self, key: SeriesKey) -> Series:
        """The series of `key`, made when it is new. Raises AwsError LimitExceeded beyond MAX_SERIES."""
        found = self._series.get(key)
        if found is None:
            if len(self._series) >= MAX_SERIES:
                raise AwsError("LimitExceeded", f"the simulated CloudWatch keeps at most {MAX_SERIES} metrics")
            found = self._series[key] = Series()
            self._places.setdefault((key.account, key.region), {})[key] = found
        return found

    def find(self, key: SeriesKey) -> Series | None:
        """The series of `key` if it has ever been recorded."""
        return self._series.get(key)

    def listed(self, account: str, region: str) -> Iterator[tuple[SeriesKey, Series]]:
        """All series of one account and region, oldest first."""
        yield from self._places.get((account, region), {}).items()
