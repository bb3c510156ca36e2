"""Whether a target group that has targets now had none while requests got 503.

HealthyHostCount and UnHealthyHostCount are reported only while something is registered.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from __future__ import annotations

from datetime import datetime

from diagnostics.causes.cause import Facts
from diagnostics.facts import Frozen, Metrics
from diagnostics.rules.counters import of_balancers, of_groups, series_at
from diagnostics.rules.onset import merged

NEARLY_ALL = 0.8


class Vacancy(Frozen):
    """The minutes with a 503. `empty`: no target was counted in nearly all of them; None: that was not read."""

    begin: datetime
    end: datetime
    minutes: int
    empty: bool | None


def vacancy(facts: Facts, group: str) -> Vacancy | None:
    """None where there were no 503 minutes, or their counter was not read."""
    metrics, subject, window = facts.maybe(Metrics), facts.subject, facts.window
    asked = series_at(metrics, "HTTPCode_ELB_503_Count", of_balancers(subject))
    points = (point for one in asked for point in one.between(window.start, window.end))
    failing = sorted({point.at for point in points if point.value > 0})
    if not failing:
        return None
    names, where = ("HealthyHostCount", "UnHealthyHostCount"), of_groups(subject, [group])
    hosts = (one for name in names for one in series_at(metrics, name, where, "Maximum"))
    counted = {point.at: point.value for point in merged(one.points for one in hosts)}
    nobody = sum(counted.get(at, 0.0) == 0 for at in failing)
    known = any(value > 0 for value in counted.values())
    return Vacancy(
        begin=failing[0],
        end=failing[-1],
        minutes=len(failing),
        empty=nobody >= NEARLY_ALL * len(failing) if known else None,
    )
