"""Whether answers took longer than before, for whom, and for how long."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from statistics import median

from diagnostics.causes.cause import Facts
from diagnostics.facts import AccessLogs, Fact, Frozen, Metrics, Series
from diagnostics.rules.counters import series_of
from diagnostics.rules.row_clusters import RowCluster, top_share
from diagnostics.rules.row_evidence import seconds
from diagnostics.rules.row_traffic import RowTraffic

SLOW_USES: tuple[type[Fact], ...] = (Metrics, AccessLogs)
"""What a cause declares to ask here."""
SLOWER = 2.0
SLOW_FROM_S = 0.5
BEFORE = timedelta(minutes=10)
ONE_ROUTE = 0.6
ONE_TARGET = 0.8


class Slowness(Frozen):
    """Answer times in seconds: the middle one and the slowest hundredth, medians over the minutes."""

    p50: float | None
    p50_before: float | None
    p99: float | None
    p99_before: float | None

    @property
    def for_everybody(self) -> bool:
        """Half of all answers took several times as long as before."""
        return _rose(self.p50, self.p50_before, 0.1)

    @property
    def for_some(self) -> bool:
        return _rose(self.p99, self.p99_before, SLOW_FROM_S)

    @property
    def words(self) -> str:
        """``half of the answers took 2.4 s or longer, 40 ms before``"""
        if self.for_everybody:
            return f"half of the answers took {_took(self.p50)} or longer, {_took(self.p50_before)} before"
        return f"the slowest hundredth took {_took(self.p99)} or longer, {_took(self.p99_before)} before"


def _took(value_s: float | None) -> str:
    return "an unknown time" if value_s is None else seconds(value_s)


def slowness(facts: Facts, start: datetime, end: datetime) -> Slowness | None:
    """None where answer times were not read."""
    metrics = facts.maybe(Metrics)
    if not isinstance(metrics, Metrics):
        return None
    p50, p99 = (series_of(metrics, "TargetResponseTime", one, facts.subject.target_groups) for one in ("p50", "p99"))
    earlier = start - timedelta(hours=3), start - BEFORE
    return Slowness(
        p50=_middle(p50, start, end),
        p50_before=_middle(p50, *earlier),
        p99=_middle(p99, start, end),
        p99_before=_middle(p99, *earlier),
    )


def on_one_target(facts: Facts, clusters: Iterable[RowCluster]) -> bool:
    """True when these rows stand on one of several equal targets: that target's fault, whatever the others do."""
    logs = facts.maybe(AccessLogs)
    rows = [row for cluster in clusters for row in cluster.rows]
    top = top_share(row.target for row in rows)
    if not isinstance(logs, AccessLogs) or top is None:
        return False
    traffic = RowTraffic.of(logs)
    return traffic.targets > 1 and top.share >= ONE_TARGET and traffic.share_of_target(top.key) < ONE_TARGET


def on_one_route(facts: Facts, clusters: Iterable[RowCluster]) -> bool:
    """True when these rows gather on one route beyond its part of the traffic."""
    logs = facts.maybe(AccessLogs)
    top = top_share(row.route for cluster in clusters for row in cluster.rows)
    if not isinstance(logs, AccessLogs) or top is None:
        return False
    return top.share >= ONE_ROUTE and (RowTraffic.of(logs).share_of_route(top.key) or 0.0) < ONE_ROUTE


def _middle(series: Iterable[Series], start: datetime, end: datetime) -> float | None:
    values = [point.value for one in series for point in one.between(start, end)]
    return median(values) if values else None


def _rose(now: float | None, before: float | None, at_least_s: float) -> bool:
    return now is not None and before is not None and now >= at_least_s and now >= SLOWER * before
