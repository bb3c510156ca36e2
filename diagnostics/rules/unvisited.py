"""Whether what reached a target at some moment can have come from a client of the load balancer.

Anybody can call himself a health check, and requests and health checks come from the same addresses, the load
balancer's own. But a request is counted, and a health check is not.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from diagnostics.facts import Gap, Metrics, NotApplicable
from diagnostics.snapshot import Subject


def was_unvisited(metrics: Metrics | Gap | NotApplicable, subject: Subject, at: datetime) -> bool:
    """No request was counted for any of the subject's target groups then, nor in the periods next to it; False where
    that is not known."""
    if not isinstance(metrics, Metrics) or not subject.target_groups:
        return False
    return all(_without_requests(metrics, subject, group, at) for group in subject.target_groups)


def _without_requests(metrics: Metrics, subject: Subject, group: str, at: datetime) -> bool:
    found = [
        series
        for balancer in subject.load_balancers
        if (
            series := metrics.find(
                "RequestCount",
                "Sum",
                LoadBalancer=balancer.split(":loadbalancer/", 1)[-1],
                TargetGroup=group.rsplit(":", 1)[-1],
            )
        )
    ]
    for series in found:
        period = timedelta(seconds=series.period_s)
        begin = datetime.fromtimestamp(at.timestamp() // series.period_s * series.period_s, UTC) - period
        end = begin + 3 * period
        covered = metrics.covered_from <= begin and end <= metrics.covered_to
        if not covered or any(point.value > 0 for point in series.between(begin, end)):
            return False
    return bool(found)
