"""Which CloudWatch series a diagnosis needs, and how they are asked for and put together again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from diagnostics.aws_access import Pages
from diagnostics.collect.answers import batches
from diagnostics.collect.collector import Read
from diagnostics.facts import Gap, Point, Series

ELB = "AWS/ApplicationELB"
ECS = "AWS/ECS"
LAMBDA = "AWS/Lambda"
EC2 = "AWS/EC2"
QUERIES_PER_CALL = 500
POINTS_PER_CALL = 100_800
MAX_PAGES = 5
MAX_MEASURED_GROUPS = 10
"""Of which requests are counted: the same ones now, yesterday and a week ago."""
MINUTE_S = 60
# Finer data than this is gone after these times.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#Metric
_KEPT = ((60, timedelta(days=15)), (300, timedelta(days=63)))
_PERIODS_S = (60, 300, 900, 3600)
ACTION = "cloudwatch:GetMetricData"

LOAD_BALANCER_COUNTERS = (
    "HTTPCode_ELB_500_Count",
    "HTTPCode_ELB_502_Count",
    "HTTPCode_ELB_503_Count",
    "HTTPCode_ELB_504_Count",
    "HTTPCode_ELB_5XX_Count",
    "HTTPCode_ELB_4XX_Count",
    "HTTPCode_Target_5XX_Count",
    "RequestCount",
    "TargetConnectionErrorCount",
    "TargetTLSNegotiationErrorCount",
    "HTTP_Fixed_Response_Count",
    "RejectedConnectionCount",
    "ActiveConnectionCount",
    "NewConnectionCount",
    "ELBAuthError",
    "ELBAuthFailure",
    "ELBAuthUserClaimsSizeExceeded",
    "JWTValidationFailureCount",
    "HTTP_Redirect_Url_Limit_Exceeded_Count",
    "LowReputationRequestsDenied",
    "TargetControlRequestRejectCount",
)
ZONE_COUNTERS = ("HTTPCode_ELB_502_Count", "HTTPCode_ELB_503_Count", "HTTPCode_ELB_504_Count")
GROUP_SERIES = (
    ("RequestCount", "Sum"),
    ("RequestCountPerTarget", "Sum"),
    ("HTTPCode_Target_2XX_Count", "Sum"),
    ("HTTPCode_Target_3XX_Count", "Sum"),
    ("HTTPCode_Target_4XX_Count", "Sum"),
    ("HTTPCode_Target_5XX_Count", "Sum"),
    ("TargetConnectionErrorCount", "Sum"),
    ("TargetTLSNegotiationErrorCount", "Sum"),
    ("TargetResponseTime", "p50"),
    ("TargetResponseTime", "p99"),
    ("TargetResponseTime", "Maximum"),
    ("HealthyHostCount", "Minimum"),
    ("HealthyHostCount", "Maximum"),
    ("UnHealthyHostCount", "Minimum"),
    ("UnHealthyHostCount", "Maximum"),
    ("UnhealthyRoutingRequestCount", "Sum"),
    ("ActiveZonalShiftHostCount", "Sum"),
)
LAMBDA_GROUP_SERIES = (
    ("LambdaUserError", "Sum"),
    ("LambdaInternalError", "Sum"),
)
SIBLING_SERIES = (
    ("TargetConnectionErrorCount", "Sum"),
    ("TargetTLSNegotiationErrorCount", "Sum"),
    ("HTTPCode_Target_5XX_Count", "Sum"),
    ("UnHealthyHostCount", "Minimum"),
)
SERVICE_SERIES = tuple(
    (metric, statistic) for metric in ("CPUUtilization", "MemoryUtilization") for statistic in ("Average", "Maximum")
)
HOST_SERIES = (("CPUUtilization", "Maximum"), ("CPUCreditBalance", "Minimum"), ("CPUSurplusCreditBalance", "Maximum"))
FUNCTION_SERIES = (
    ("Invocations", "Sum"),
    ("Errors", "Sum"),
    ("Throttles", "Sum"),
    ("Duration", "Maximum"),
    ("ConcurrentExecutions", "Maximum"),
)
_ERROR_METRICS = frozenset({*LOAD_BALANCER_COUNTERS[:4], "HTTPCode_Target_5XX_Count"})


@dataclass(frozen=True, slots=True)
class Query:
    """One series. `dimensions` as in `Series`: pairs sorted by name."""

    namespace: str
    metric: str
    statistic: str
    dimensions: tuple[tuple[str, str], ...]

    @property
    def tells_onset(self) -> bool:
        """Whether its non-zero points are the trouble itself: errors, unhealthy targets."""
        if any(name == "AvailabilityZone" for name, _ in self.dimensions):
            return False
        return self.metric in _ERROR_METRICS or (self.metric, self.statistic) == ("UnHealthyHostCount", "Maximum")


@dataclass(frozen=True, slots=True)
class Span:
    """A time range on whole periods; the end is exclusive."""

    start: datetime
    end: datetime
    period_s: int


def load_balancer_queries(balancer: str, zones: Iterable[str]) -> Iterator[Query]:
    for metric in LOAD_BALANCER_COUNTERS:
        yield _query(ELB, metric, "Sum", LoadBalancer=balancer)
    for zone in zones:
        for metric in ZONE_COUNTERS:
            yield _query(ELB, metric, "Sum", LoadBalancer=balancer, AvailabilityZone=zone)


def group_queries(balancer: str, group: str, series: Iterable[tuple[str, str]]) -> Iterator[Query]:
    for metric, statistic in series:
        yield _query(ELB, metric, statistic, LoadBalancer=balancer, TargetGroup=group)


def service_queries(cluster: str, service: str) -> Iterator[Query]:
    for metric, statistic in SERVICE_SERIES:
        yield _query(ECS, metric, statistic, ClusterName=cluster, ServiceName=service)


def host_queries(instance: str) -> Iterator[Query]:
    for metric, statistic in HOST_SERIES:
        yield _query(EC2, metric, statistic, InstanceId=instance)


def function_queries(name: str, qualifier: str | None) -> Iterator[Query]:
    """Of the function as a whole, which other callers may use too, and of its alias or version alone."""
    for metric, statistic in FUNCTION_SERIES:
        yield _query(LAMBDA, metric, statistic, FunctionName=name)
        if qualifier:
            yield _query(LAMBDA, metric, statistic, FunctionName=name, Resource=f"{name}:{qualifier}")


def account_function_queries(balancer: str) -> Iterator[Query]:
    """Of all functions of the account together, and what this load balancer exchanged with functions."""
    yield _query(LAMBDA, "ConcurrentExecutions", "Maximum")
    yield _query(LAMBDA, "UnreservedConcurrentExecutions", "Maximum")
    yield _query(ELB, "LambdaTargetProcessedBytes", "Sum", LoadBalancer=balancer)


def span_of(start: datetime, end: datetime, now: datetime, queries: int, finest_s: int = MINUTE_S) -> Span:
    """`start` to `end` in the finest period that CloudWatch still keeps and that fits into one call's points."""
    per_call = min(queries, QUERIES_PER_CALL) or 1
    for period_s in (one for one in _PERIODS_S if one >= finest_s):
        points = (end - start).total_seconds() / period_s + 2
        kept = all(period_s > finest or now - start < age for finest, age in _KEPT)
        if (kept and points * per_call <= POINTS_PER_CALL) or period_s == _PERIODS_S[-1]:
            break
    return Span(_floor(start, period_s), _floor(end + timedelta(seconds=period_s - 1), period_s), period_s)


def reads_of(queries: Sequence[Query], span: Span) -> list[Read]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html"""
    return [
        Read(
            "cloudwatch",
            "get_metric_data",
            "MetricDataResults",
            {
                "MetricDataQueries": [_to_api(f"q{index}", query, span.period_s) for index, query in enumerate(some)],
                "StartTime": span.start,
                "EndTime": span.end,
                "ScanBy": "TimestampAscending",
            },
            max_pages=MAX_PAGES,
        )
        for some in batches(queries, QUERIES_PER_CALL)
    ]


def series_of(queries: Sequence[Query], span: Span, answers: Sequence[Pages]) -> tuple[list[Series], list[Gap]]:
    """The series that were answered, also empty ones, and a gap for each call with series that were not."""
    series: list[Series] = []
    gaps: list[Gap] = []
    for some, answer in zip(batches(queries, QUERIES_PER_CALL), answers, strict=True):
        gaps.extend(answer.gaps)
        points: dict[str, dict[datetime, float]] = {}
        refused: set[str] = set()
        for result in answer.items:
            name = result["Id"]
            found = points.setdefault(name, {})
            found.update(zip(result["Timestamps"], result["Values"], strict=True))
            if result.get("StatusCode") in {"InternalError", "Forbidden"}:
                refused.add(name)
        if refused:
            message = f"{len(refused)} of {len(some)} series were not answered"
            gaps.append(Gap(action=ACTION, resource="*", error="SeriesNotAnswered", message=message))
        for index, query in enumerate(some):
            if f"q{index}" in points and f"q{index}" not in refused:
                series.append(_series(query, span.period_s, points[f"q{index}"]))
    return series, gaps


def joined(newer: Series, older: Series | None) -> Series:
    """One series out of two that follow one another."""
    if older is None:
        return newer
    return newer.model_copy(update={"points": (*older.points, *newer.points)})


def _query(namespace: str, metric: str, statistic: str, **dimensions: str) -> Query:
    return Query(namespace, metric, statistic, tuple(sorted(dimensions.items())))


def _to_api(name: str, query: Query, period_s: int) -> Mapping[str, Any]:
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {
                "Namespace": query.namespace,
                "MetricName": query.metric,
                "Dimensions": [{"Name": key, "Value": value} for key, value in query.dimensions],
            },
            "Period": period_s,
            "Stat": query.statistic,
        },
    }


def _series(query: Query, period_s: int, points: Mapping[datetime, float]) -> Series:
    return Series(
        namespace=query.namespace,
        metric=query.metric,
        statistic=query.statistic,
        dimensions=query.dimensions,
        period_s=period_s,
        points=tuple(Point(at=at, value=value) for at, value in sorted(points.items())),
    )


def _floor(at: datetime, period_s: int) -> datetime:
    seconds = int(at.timestamp()) // period_s * period_s
    return datetime.fromtimestamp(seconds, at.tzinfo)
