"""How users fare with one target group while its health checks fail.

Health check requests are not in these counters, so answers counted here are answers to people.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from diagnostics.facts import Gap, Metrics, NotApplicable, Point, TargetGroup
from diagnostics.facts.fact import Frozen

ENOUGH_REQUESTS = 10
GOOD_SHARE = 0.9
FRESH = timedelta(minutes=15)
QUIET = timedelta(minutes=5)
QUIET_BETWEEN_KILLS = timedelta(minutes=15)
"""While ECS replaces failing targets, each new one counts as not yet unhealthy for a while."""


class GroupTraffic(Frozen):
    """Counts since some moment. None: not read. `slow_s`: 99th percentile of the answer times, the highest minute."""

    good: int | None = None
    server_errors: int | None = None
    connection_errors: int | None = None
    slow_s: float | None = None

    @property
    def served(self) -> bool:
        """True when nearly all who asked got a good answer; False also where too few asked to tell."""
        good = self.good or 0
        bad = (self.server_errors or 0) + (self.connection_errors or 0)
        return good >= ENOUGH_REQUESTS and good >= GOOD_SHARE * (good + bad)

    @property
    def suffers(self) -> bool:
        """True when users were seen to get errors; unread counters show nothing."""
        return not self.served and (self.server_errors or 0) + (self.connection_errors or 0) >= ENOUGH_REQUESTS


def traffic_of(
    metrics: Metrics | Gap | NotApplicable,
    group: TargetGroup,
    load_balancers: Iterable[str],
    since: datetime,
    until: datetime,
) -> GroupTraffic:
    """What the target group answered between two moments, over the given load balancers (CloudWatch dimensions)."""
    if not isinstance(metrics, Metrics):
        return GroupTraffic()
    dimensions = [{"LoadBalancer": one, "TargetGroup": group.dimension} for one in load_balancers]
    bad = _sum(metrics, "HTTPCode_Target_5XX_Count", dimensions, since, until)
    good = _sum(metrics, "HTTPCode_Target_2XX_Count", dimensions, since, until)
    if good is None:
        requests = _sum(metrics, "RequestCount", dimensions, since, until)
        good = None if requests is None or bad is None else max(requests - bad, 0)
    slow = [
        point.value
        for one in dimensions
        if (series := metrics.find("TargetResponseTime", "p99", **one))
        for point in series.between(since, until)
    ]
    return GroupTraffic(
        good=good,
        server_errors=bad,
        connection_errors=_sum(metrics, "TargetConnectionErrorCount", dimensions, since, until),
        slow_s=max(slow, default=None),
    )


def sick_since(
    metrics: Metrics | Gap | NotApplicable, group: TargetGroup, until: datetime, quiet: timedelta = QUIET
) -> datetime | None:
    """The first minute of the present run of minutes with an unhealthy target; None when unknown or long over.

    `quiet` ends a run: an earlier one, such as that of a deployment, is another story.
    """
    if not isinstance(metrics, Metrics):
        return None
    points = _host_points(metrics, "UnHealthyHostCount", group)
    newest_first = sorted({point.at for point in points if point.value > 0 and point.at <= until}, reverse=True)
    if not newest_first or until - newest_first[0] > FRESH:
        return None
    start = newest_first[0]
    for at in newest_first[1:]:
        if start - at > quiet:
            break
        start = at
    return start


def was_ever_healthy(metrics: Metrics | Gap | NotApplicable, group: TargetGroup) -> bool | None:
    """Whether any target of the group was healthy at any time that the metrics cover; None when not known."""
    if not isinstance(metrics, Metrics):
        return None
    points = tuple(_host_points(metrics, "HealthyHostCount", group))
    return any(point.value > 0 for point in points) if points else None


def _host_points(metrics: Metrics, metric: str, group: TargetGroup) -> Iterable[Point]:
    for series in metrics.with_metric(metric, "Maximum"):
        if dict(series.dimensions).get("TargetGroup") == group.dimension:
            yield from series.points


def _sum(
    metrics: Metrics, metric: str, dimensions: Iterable[dict[str, str]], since: datetime, until: datetime
) -> int | None:
    found = [series for one in dimensions if (series := metrics.find(metric, "Sum", **one)) is not None]
    if not found:
        return None
    return round(sum(point.value for series in found for point in series.between(since, until)))
