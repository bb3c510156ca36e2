"""The alarms that tell of 502 and 504 before users do, and which of them an account has.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from diagnostics.facts import (
    Alarm,
    Alarms,
    Frozen,
    LoadBalancer,
    LoadBalancerAttributes,
    LoadBalancers,
    TargetGroup,
    TargetGroups,
)
from diagnostics.snapshot import Subject

NAMESPACE = "AWS/ApplicationELB"
PREFIX = "alb502-"
PERIOD_S = 60
MANY = 10
SLOW_SHARE = 0.8
"""Of the idle timeout: what takes longer is about to become 504."""
MAX_BALANCERS = 2
MAX_GROUPS = 4
ERRORS_502, UNHEALTHY, SLOW, REFUSED = (
    "HTTPCode_ELB_502_Count",
    "UnHealthyHostCount",
    "TargetResponseTime",
    "TargetConnectionErrorCount",
)
OF_BALANCERS = (ERRORS_502,)
OF_GROUPS = (UNHEALTHY, SLOW, REFUSED)
_MIXES = {
    "HTTPCode_ELB_5XX_Count": "it counts 502, 503 and 504 together, and errors that no target ever saw",
    "HTTPCode_Target_5XX_Count": "it counts answers of the targets; a 502 of the load balancer is not among them",
}
_FITTING = {UNHEALTHY: ("Maximum", "Average", "Minimum", "Sum"), ERRORS_502: ("Sum",), REFUSED: ("Sum",)}
LEAST_PERCENTILE = 90.0

Status = Literal["exists", "wrong-metric", "missing"]


class RecommendedAlarm(Frozen):
    """One alarm, as PutMetricAlarm takes it: it goes off when `statistic` is at least `threshold` in `periods` minutes
    in a row. `why`: what it tells."""

    name: str
    metric: str
    dimensions: dict[str, str]
    statistic: str
    threshold: float
    periods: int
    why: str

    @property
    def condition(self) -> str:
        """``Sum >= 10 for 2 minutes``."""
        minutes = "1 minute" if self.periods == 1 else f"{self.periods} minutes"
        return f"{self.statistic} >= {self.threshold:g} for {minutes}"


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether somebody watches it. `alarms`: those that do, or that seem to; `why` they are not enough, or what is to
    be known about them."""

    recommended: RecommendedAlarm
    status: Status
    alarms: tuple[Alarm, ...] = ()
    why: str = ""


def recommended(
    subject: Subject, balancers: LoadBalancers, groups: TargetGroups, attributes: LoadBalancerAttributes | None
) -> tuple[RecommendedAlarm, ...]:
    """For the subject's own load balancers and target groups. Without the idle timeout none for slow answers."""
    found: list[RecommendedAlarm] = []
    for arn in subject.load_balancers[:MAX_BALANCERS]:
        balancer = balancers.of(arn)
        if balancer is None or balancer.type != "application":
            continue
        found.append(_errors(balancer))
        for group_arn in subject.target_groups[:MAX_GROUPS]:
            group = groups.of(group_arn)
            if group is not None and arn in group.load_balancer_arns:
                idle_s = attributes.idle_timeout_s(arn) if attributes and arn in attributes.by_arn else None
                found.extend(_of_group(balancer, group, idle_s))
    return tuple(found)


def standings(wanted: Iterable[RecommendedAlarm], alarms: Alarms) -> tuple[Standing, ...]:
    """For each recommended alarm, whether it is there."""
    known = tuple(alarm for alarm in alarms.items if alarm.namespace in ("", NAMESPACE))
    return tuple(_standing(one, known) for one in wanted)


def _errors(balancer: LoadBalancer) -> RecommendedAlarm:
    why = "the load balancer itself answers 502"
    return _alarm(balancer.name, ERRORS_502, {"LoadBalancer": balancer.dimension}, "Sum", MANY, 2, why)


def _of_group(balancer: LoadBalancer, group: TargetGroup, idle_s: int | None) -> Iterator[RecommendedAlarm]:
    where = {"LoadBalancer": balancer.dimension, "TargetGroup": group.dimension}
    if group.health_check.enabled:
        yield _alarm(group.name, UNHEALTHY, where, "Maximum", 1, 3, "a target fails its health checks")
    if group.target_type == "lambda":
        return
    if idle_s is not None:
        why = f"answers come near the idle timeout of {idle_s} s, after which users get 504"
        yield _alarm(group.name, SLOW, where, "p99", round(SLOW_SHARE * idle_s, 1), 3, why)
    yield _alarm(group.name, REFUSED, where, "Sum", MANY, 2, "the load balancer cannot connect to targets")


def _alarm(
    owner: str, metric: str, where: dict[str, str], statistic: str, threshold: float, periods: int, why: str
) -> RecommendedAlarm:
    return RecommendedAlarm(
        name=f"{PREFIX}{owner}-{metric}",
        metric=metric,
        dimensions=where,
        statistic=statistic,
        threshold=threshold,
        periods=periods,
        why=why,
    )


def _standing(one: RecommendedAlarm, alarms: tuple[Alarm, ...]) -> Standing:
    on_metric = [alarm for alarm in alarms if alarm.metric == one.metric and _covers(alarm, one)]
    good = tuple(alarm for alarm in on_metric if _is_fitting(alarm, one))
    if good:
        silent = all(alarm.notifies is False for alarm in good)
        return Standing(one, "exists", good, "it does nothing when it goes off" if silent else "")
    if on_metric:
        alarm = on_metric[0]
        how = f"it watches {alarm.statistic or 'an unknown statistic'} {_sign(alarm)}, not {one.condition}"
        return Standing(one, "wrong-metric", tuple(on_metric), how)
    instead = tuple((alarm, why) for alarm in alarms if (why := _why_wrong(alarm, one)))
    if instead:
        return Standing(one, "wrong-metric", tuple(alarm for alarm, _ in instead), instead[0][1])
    return Standing(one, "missing")


def _covers(alarm: Alarm, one: RecommendedAlarm) -> bool:
    """On the same thing; what counts connections or time may also be watched for the load balancer as a whole."""
    whole = {"LoadBalancer": one.dimensions["LoadBalancer"]}
    return alarm.dimensions == one.dimensions or (one.metric in (SLOW, REFUSED) and alarm.dimensions == whole)


def _is_fitting(alarm: Alarm, one: RecommendedAlarm) -> bool:
    if alarm.comparison and not alarm.comparison.startswith("GreaterThan"):
        return False
    if one.metric == SLOW:
        return _percentile(alarm.statistic) >= LEAST_PERCENTILE or alarm.statistic == "Maximum"
    return alarm.statistic in _FITTING[one.metric]


def _percentile(statistic: str) -> float:
    """99.0 of ``p99`` or ``tm99``; 0 for what is none."""
    digits = statistic.lstrip("ptm")
    return float(digits) if statistic != digits and digits.replace(".", "", 1).isdigit() else 0.0


def _why_wrong(alarm: Alarm, one: RecommendedAlarm) -> str:
    """Why an alarm that seems to watch this does not; empty for one that watches something else."""
    same = alarm.dimensions.get("LoadBalancer") == one.dimensions["LoadBalancer"]
    if one.metric == ERRORS_502 and same:
        return _MIXES.get(alarm.metric, "")
    if one.metric == UNHEALTHY and same and alarm.metric == UNHEALTHY and "TargetGroup" not in alarm.dimensions:
        return "it names no target group, without which this metric has no data"
    return ""


def _sign(alarm: Alarm) -> str:
    signs = {"GreaterThanOrEqualToThreshold": ">=", "GreaterThanThreshold": ">", "LessThanThreshold": "<"}
    sign = signs.get(alarm.comparison, "<=" if alarm.comparison.startswith("LessThan") else "against")
    return f"{sign} {alarm.threshold:g}" if alarm.threshold is not None else "without a threshold"
