"""How the traffic itself is spread, so that errors are weighed by it: a busy route has more of everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from diagnostics.facts import AccessLogs, KeyCount

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class RowTraffic:
    """Rows of the subject by target, route, client and minute; a key without a count of rows is not known. `rows` are
    all of them, without those of other services behind the same load balancer."""

    rows: int
    by_target: Mapping[str, int]
    by_route: Mapping[str, int]
    by_client: Mapping[str, int]
    by_minute: Mapping[datetime, KeyCount]

    @classmethod
    def of(cls, logs: AccessLogs) -> RowTraffic:
        own = sum(item.rows or 0 for item in logs.by_minute)
        return cls(
            rows=own or logs.rows,
            by_target=_known(logs.by_target),
            by_route=_known(logs.by_route),
            by_client=_known(logs.by_client),
            by_minute={at: item for item in logs.by_minute if (at := minute_of(item.key)) is not None},
        )

    @property
    def targets(self) -> int:
        return len(self.by_target)

    def share_of_target(self, key: str) -> float:
        """Its part of the dispatched requests, 0-1; an equal part where that is not known."""
        total = sum(self.by_target.values())
        if key in self.by_target and total and self.by_target[key]:
            return self.by_target[key] / total
        return 1 / max(self.targets, 1)

    def share_of_route(self, key: str) -> float | None:
        return self.by_route[key] / self.rows if key in self.by_route and self.rows else None

    def requests_between(self, first: datetime, last: datetime) -> float:
        """Requests of the minutes from `first` to `last`; of the whole window where minutes were not counted."""
        if not self.by_minute:
            return float(self.rows)
        return float(sum(item.rows or 0 for item in self._minutes(first, last)))

    def requests_of_route(self, key: str, first: datetime, last: datetime) -> float | None:
        """About how many requests the route got in this time: its part of the window's, spread like the traffic."""
        if key not in self.by_route or not self.rows:
            return None
        return self.by_route[key] * min(self.requests_between(first, last) / self.rows, 1.0)

    def failing_share(self, first: datetime, last: datetime) -> float | None:
        """The part of all requests in this time that failed, whatever the failure; None when not counted."""
        minutes = self._minutes(first, last)
        rows = sum(item.rows or 0 for item in minutes)
        return min(sum(item.errors for item in minutes) / rows, 1.0) if rows else None

    def _minutes(self, first: datetime, last: datetime) -> list[KeyCount]:
        return [item for at, item in self.by_minute.items() if first - MINUTE < at <= last]


def minute_of(key: str) -> datetime | None:
    """The minute that a key of `AccessLogs.by_minute` names; None for anything else."""
    try:
        at = datetime.fromisoformat(key)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _known(counts: tuple[KeyCount, ...]) -> dict[str, int]:
    return {item.key: item.rows for item in counts if item.rows is not None}
