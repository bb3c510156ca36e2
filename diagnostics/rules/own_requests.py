"""Requests that reached the subject's own target groups."""

from __future__ import annotations

from diagnostics.facts import Gap, Metrics, NotApplicable
from diagnostics.rules.observations import NO_REQUESTS_FOR
from diagnostics.snapshot import Subject, Window


def own_requests(metrics: Metrics | Gap | NotApplicable, subject: Subject, window: Window) -> int | None:
    """Those of the last minutes; None: not known."""
    if not isinstance(metrics, Metrics):
        return None
    since = window.end - NO_REQUESTS_FOR
    total: int | None = None
    for balancer in subject.load_balancers:
        for group in subject.target_groups:
            dimensions = {
                "LoadBalancer": balancer.split(":loadbalancer/", 1)[-1],
                "TargetGroup": group.rsplit(":", 1)[-1],
            }
            series = metrics.find("RequestCount", "Sum", **dimensions)
            if series is not None:
                total = (total or 0) + round(sum(point.value for point in series.between(since, window.end)))
    return total
