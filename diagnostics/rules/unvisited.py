"""Whether what reached a target at some moment can have come from a client of the load balancer.

Anybody can call himself a health check, and requests and health checks come from the same addresses, the load
balancer's own. But a request is counted, and a health check is not.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from diagnostics.facts import Metrics, Read, Series
from diagnostics.rules.counters import of_groups
from diagnostics.snapshot import Subject


def was_unvisited(metrics: Read[Metrics], subject: Subject, at: datetime) -> bool:
    """No request was counted for any of the subject's target groups then, nor in the periods next to it; False where
    that is not known."""
    if not isinstance(metrics, Metrics) or not subject.target_groups:
        return False
    return all(_without_requests(metrics, subject, group, at) for group in subject.target_groups)


def _without_requests(metrics: Metrics, subject: Subject, group: str, at: datetime) -> bool:
    asked = (metrics.find("RequestCount", **where) for where in of_groups(subject, [group]))
    found = [series for series in asked if series is not None]
    return bool(found) and all(_was_quiet(series, metrics, at) for series in found)


def _was_quiet(series: Series, metrics: Metrics, at: datetime) -> bool:
    period = timedelta(seconds=series.period_s)
    begin = datetime.fromtimestamp(at.timestamp() // series.period_s * series.period_s, UTC) - period
    end = begin + 3 * period
    covered = metrics.covered_from <= begin and end <= metrics.covered_to
    return covered and not any(point.value > 0 for point in series.between(begin, end))
