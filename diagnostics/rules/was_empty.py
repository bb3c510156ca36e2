"""Whether a target group that has targets now had none while requests got 503.

HealthyHostCount and UnHealthyHostCount are reported only while something is registered.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from diagnostics.causes.cause import Facts
from diagnostics.facts import Metrics, Point
from diagnostics.facts.fact import Frozen

NEARLY_ALL = 0.8


class Vacancy(Frozen):
    """The minutes with a 503. `empty`: no target was counted in nearly all of them; None: that was not read."""

    begin: datetime
    end: datetime
    minutes: int
    empty: bool | None


def vacancy(facts: Facts, group: str) -> Vacancy | None:
    """None where there were no 503 minutes, or their counter was not read."""
    metrics = facts.maybe(Metrics)
    if not isinstance(metrics, Metrics):
        return None
    balancers = [arn.split(":loadbalancer/", 1)[-1] for arn in facts.subject.load_balancers]
    failing = sorted({point.at for one in balancers for point in _failing(facts, metrics, one)})
    if not failing:
        return None
    counted: dict[datetime, float] = {}
    for balancer in balancers:
        both = {"LoadBalancer": balancer, "TargetGroup": group.rsplit(":", 1)[-1]}
        for name in ("HealthyHostCount", "UnHealthyHostCount"):
            series = metrics.find(name, "Maximum", **both)
            for point in series.points if series else ():
                counted[point.at] = counted.get(point.at, 0.0) + point.value
    nobody = sum(counted.get(at, 0.0) == 0 for at in failing)
    known = any(value > 0 for value in counted.values())
    return Vacancy(
        begin=failing[0],
        end=failing[-1],
        minutes=len(failing),
        empty=nobody >= NEARLY_ALL * len(failing) if known else None,
    )


def _failing(facts: Facts, metrics: Metrics, balancer: str) -> Iterator[Point]:
    series = metrics.find("HTTPCode_ELB_503_Count", "Sum", LoadBalancer=balancer)
    points = series.between(facts.window.start, facts.window.end) if series else ()
    yield from (point for point in points if point.value > 0)
