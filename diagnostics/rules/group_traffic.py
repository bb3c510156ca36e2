"""How users fare with one target group while its health checks fail.

Health check requests are not in these counters, so answers counted here are answers to people.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from __future__ import annotations

from datetime import datetime, timedelta

from diagnostics.facts import Frozen, Metrics, Point, Read, TargetGroup
from diagnostics.rules.counters import of_groups, series_at, series_of, total
from diagnostics.snapshot import Subject

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
    metrics: Read[Metrics], subject: Subject, group: TargetGroup, since: datetime, until: datetime
) -> GroupTraffic:
    """What the target group answered between two moments, over the subject's load balancers."""
    where = of_groups(subject, [group.arn])
    bad = total(metrics, "HTTPCode_Target_5XX_Count", where, since, until)
    good = total(metrics, "HTTPCode_Target_2XX_Count", where, since, until)
    if good is None:
        requests = total(metrics, "RequestCount", where, since, until)
        good = None if requests is None or bad is None else max(requests - bad, 0)
    times = series_at(metrics, "TargetResponseTime", where, "p99")
    return GroupTraffic(
        good=good,
        server_errors=bad,
        connection_errors=total(metrics, "TargetConnectionErrorCount", where, since, until),
        slow_s=max((point.value for one in times for point in one.between(since, until)), default=None),
    )


def sick_since(
    metrics: Read[Metrics], group: TargetGroup, until: datetime, quiet: timedelta = QUIET
) -> datetime | None:
    """The first minute of the present run of minutes with an unhealthy target; None when unknown or long over.

    `quiet` ends a run: an earlier one, such as that of a deployment, is another story.
    """
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


def was_ever_healthy(metrics: Read[Metrics], group: TargetGroup) -> bool | None:
    """Whether any target of the group was healthy at any time that the metrics cover; None when not known."""
    points = _host_points(metrics, "HealthyHostCount", group)
    return any(point.value > 0 for point in points) if points else None


def _host_points(metrics: Read[Metrics], metric: str, group: TargetGroup) -> list[Point]:
    return [point for one in series_of(metrics, metric, "Maximum", [group.arn]) for point in one.points]
