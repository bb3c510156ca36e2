"""How much the service may grow, how much load is usual for it, and how its hosts are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from diagnostics.facts.fact import Fact, Frozen
from diagnostics.facts.metrics import Series


class ScalingLimits(Frozen):
    """Between how many tasks Application Auto Scaling may choose, and which of its ways are switched off. `arn` names
    the scalable target."""

    minimum: int
    maximum: int
    out_suspended: bool = False
    in_suspended: bool = False
    arn: str | None = None


class ScalingPolicy(Frozen):
    """`metric` and `target_value` belong to target tracking only."""

    name: str
    type: str
    metric: str | None = None
    target_value: float | None = None


class ServiceScalingActivity(Frozen):
    """`status` is AWS's word: Pending, InProgress, Successful, Overridden, Unfulfilled, Failed.

    `not_scaled` are the reasons why nothing was done, such as ``AlreadyAtMaxCapacity``.
    """

    at: datetime
    ended_at: datetime | None = None
    status: str
    description: str = ""
    cause: str = ""
    message: str = ""
    not_scaled: tuple[str, ...] = ()


class ServiceScaling(Fact):
    """What scales the service. `limits` None: nothing does. Activities newest first."""

    name: ClassVar[str] = "service_scaling"

    limits: ScalingLimits | None = None
    policies: tuple[ScalingPolicy, ...] = ()
    activities: tuple[ServiceScalingActivity, ...] = ()


class UsualLoad(Fact):
    """Requests of the subject's target groups since the day before, and around the same time a week ago.

    Coarser than `Metrics`, and longer."""

    name: ClassVar[str] = "usual_load"

    covered_from: datetime
    covered_to: datetime
    series: tuple[Series, ...]

    def with_metric(self, metric: str) -> Iterable[Series]:
        return (series for series in self.series if series.metric == metric)


class HostMetrics(Fact):
    """Processor and credits of the EC2 instances behind the subject; credits exist for burstable instances only."""

    name: ClassVar[str] = "host_metrics"

    series: tuple[Series, ...]

    def of(self, metric: str, statistic: str) -> Iterable[tuple[str, Series]]:
        """Instance id and series."""
        for series in self.series:
            if series.metric == metric and series.statistic == statistic:
                yield dict(series.dimensions).get("InstanceId", ""), series
