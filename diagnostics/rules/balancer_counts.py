"""Counters of the subject's load balancers as a whole, as causes ask for them."""

from __future__ import annotations

from diagnostics.causes.cause import Facts
from diagnostics.facts import Metrics


def counted(facts: Facts, metric: str) -> int | None:
    """The sum in the window over all load balancers of the subject; None where one of them was not counted."""
    metrics = facts.maybe(Metrics)
    if not isinstance(metrics, Metrics) or not facts.subject.load_balancers:
        return None
    found = [
        metrics.find(metric, LoadBalancer=arn.split(":loadbalancer/", 1)[-1]) for arn in facts.subject.load_balancers
    ]
    if any(series is None for series in found):
        return None
    window = facts.window
    points = [point for series in found if series for point in series.between(window.start, window.end)]
    return round(sum(point.value for point in points))
