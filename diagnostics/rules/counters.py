"""CloudWatch counters of the subject's own load balancers and target groups.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from diagnostics.facts import EcsService, Metrics, Point, Read, Series
from diagnostics.rules.onset import Burst
from diagnostics.snapshot import Snapshot, Subject, Window

Dimensions = Mapping[str, str]

COUNTED_LATELY = timedelta(minutes=5)
NO_REQUESTS_FOR = timedelta(minutes=5)


def balancer_dimension(arn: str) -> str:
    """``app/shop/50dc6c495c0c9188``"""
    return arn.split(":loadbalancer/", 1)[-1]


def group_dimension(arn: str) -> str:
    """``targetgroup/checkout/73e2d6bc24d8a067``"""
    return arn.rsplit(":", 1)[-1]


def of_balancers(subject: Subject) -> list[Dimensions]:
    """Each own load balancer as a whole."""
    return [{"LoadBalancer": balancer_dimension(arn)} for arn in subject.load_balancers]


def of_groups(subject: Subject, groups: Iterable[str] | None = None) -> list[Dimensions]:
    """Each own target group, or each of these, on each own load balancer."""
    wanted = subject.target_groups if groups is None else tuple(groups)
    return [{**where, "TargetGroup": group_dimension(arn)} for where in of_balancers(subject) for arn in wanted]


def series_at(
    metrics: Read[Metrics], metric: str, where: Iterable[Dimensions], statistic: str = "Sum", *, whole: bool = False
) -> tuple[Series, ...]:
    """Those with exactly one of these dimensions that were read; with `whole`, none unless all of them were."""
    asked = [metrics.find(metric, statistic, **one) for one in where] if isinstance(metrics, Metrics) else []
    found = tuple(one for one in asked if one is not None)
    return found if len(found) == len(asked) or not whole else ()


def total(
    metrics: Read[Metrics],
    metric: str,
    where: Iterable[Dimensions],
    start: datetime,
    end: datetime,
    *,
    whole: bool = False,
) -> int | None:
    """What such series counted between two moments; None where there are none."""
    found = series_at(metrics, metric, where, whole=whole)
    return round(sum(point.value for one in found for point in one.between(start, end))) if found else None


def total_of_balancers(metrics: Read[Metrics], metric: str, subject: Subject, window: Window) -> int | None:
    """Of all own load balancers in the window; None where one of them was not counted."""
    return total(metrics, metric, of_balancers(subject), window.start, window.end, whole=True)


def own_requests(metrics: Read[Metrics], subject: Subject, window: Window) -> int | None:
    """Requests of the last minutes that reached the subject's own target groups; None: not known."""
    return total(metrics, "RequestCount", of_groups(subject), window.end - NO_REQUESTS_FOR, window.end)


def series_of(metrics: Read[Metrics], metric: str, statistic: str, groups: Iterable[str]) -> tuple[Series, ...]:
    """Those of these target groups, whatever their other dimensions are; empty where metrics were not read."""
    wanted = {group_dimension(arn) for arn in groups}
    found = metrics.with_metric(metric, statistic) if isinstance(metrics, Metrics) else ()
    return tuple(one for one in found if dict(one.dimensions).get("TargetGroup") in wanted)


def series_of_service(metrics: Read[Metrics], service: object, metric: str, statistic: str) -> Series | None:
    """Of the ECS service; where the service itself was not read, the only one that was measured is meant."""
    if not isinstance(metrics, Metrics):
        return None
    if isinstance(service, EcsService):
        return metrics.find(metric, statistic, ClusterName=service.cluster, ServiceName=service.service)
    found = [one for one in metrics.with_metric(metric, statistic) if "ServiceName" in dict(one.dimensions)]
    return found[0] if len(found) == 1 else None


def error_share(snapshot: Snapshot, burst: Burst, errors: tuple[Point, ...], *, unreached: int) -> float | None:
    """0-1 of the requests while the errors lasted: a total outage of ten minutes is one, whatever the rest of the hour
    was like. `unreached` are requests that reached no target, which RequestCount leaves out. None: not counted."""
    start, end = max(burst.start, snapshot.window.start), burst.end + timedelta(minutes=1)
    where = of_groups(snapshot.subject) or of_balancers(snapshot.subject)
    reached = total(snapshot.get(Metrics), "RequestCount", where, start, end)
    if reached is None:
        return None
    failed = sum(point.value for point in errors if start <= point.at < end)
    requests = max(reached + unreached, failed)
    return failed / requests if requests else None


def counted_unhealthy(snapshot: Snapshot) -> bool:
    """What CloudWatch counted last, for when the targets themselves could not be asked."""
    end = snapshot.window.end
    found = series_of(snapshot.get(Metrics), "UnHealthyHostCount", "Maximum", snapshot.subject.target_groups)
    lately = (one.between(end - COUNTED_LATELY, end) for one in found)
    return any(max(points, key=lambda point: point.at).value > 0 for points in lately if points)
