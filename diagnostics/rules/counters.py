"""CloudWatch counters of the subject's own load balancers and target groups.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from diagnostics.facts import Metrics, Point
from diagnostics.rules.onset import Burst
from diagnostics.snapshot import Snapshot

COUNTED_LATELY = timedelta(minutes=5)


def balancer_dimensions(snapshot: Snapshot) -> tuple[str, ...]:
    """``app/shop/50dc6c495c0c9188``, for each load balancer of the subject."""
    return tuple(arn.split(":loadbalancer/", 1)[-1] for arn in snapshot.subject.load_balancers)


def group_dimensions(snapshot: Snapshot) -> tuple[str, ...]:
    """``targetgroup/checkout/73e2d6bc24d8a067``, for each target group of the subject."""
    return tuple(arn.rsplit(":", 1)[-1] for arn in snapshot.subject.target_groups)


def own_dimensions(snapshot: Snapshot) -> Iterable[dict[str, str]]:
    """Each own target group on each load balancer; without groups the load balancers as a whole."""
    groups = group_dimensions(snapshot)
    for balancer in balancer_dimensions(snapshot):
        yield from [{"LoadBalancer": balancer, "TargetGroup": group} for group in groups] or [
            {"LoadBalancer": balancer}
        ]


def error_share(snapshot: Snapshot, burst: Burst, errors: tuple[Point, ...], *, unreached: int) -> float | None:
    """0-1 of the requests while the errors lasted: a total outage of ten minutes is one, whatever the rest of the hour
    was like. `unreached` are requests that reached no target, which RequestCount leaves out. None: not counted."""
    metrics = snapshot.get(Metrics)
    if not isinstance(metrics, Metrics):
        return None
    start, end = max(burst.start, snapshot.window.start), burst.end + timedelta(minutes=1)
    series = [found for one in own_dimensions(snapshot) if (found := metrics.find("RequestCount", "Sum", **one))]
    if not series:
        return None
    reached = sum(point.value for found in series for point in found.between(start, end))
    failed = sum(point.value for point in errors if start <= point.at < end)
    total = max(reached + unreached, failed)
    return failed / total if total else None


def counted_unhealthy(snapshot: Snapshot) -> bool:
    """What CloudWatch counted last, for when the targets themselves could not be asked."""
    metrics, own = snapshot.get(Metrics), set(group_dimensions(snapshot))
    if not isinstance(metrics, Metrics):
        return False
    since = snapshot.window.end - COUNTED_LATELY
    latest = (
        max(points, key=lambda point: point.at)
        for series in metrics.with_metric("UnHealthyHostCount", "Maximum")
        if dict(series.dimensions).get("TargetGroup") in own
        and (points := tuple(series.between(since, snapshot.window.end)))
    )
    return any(point.value > 0 for point in latest)
