"""How often something was counted, as CloudWatch is asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import JsonValue

from remediations.plan import Call, Quiet

MINUTE_S = 60


def sums(counted: Sequence[Quiet], start: datetime, end: datetime) -> Call:
    """The sum of each metric for each minute; its place in the sequence is its id, as ``q0``.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html"""
    queries: list[JsonValue] = [_query(index, one) for index, one in enumerate(counted)]
    between: dict[str, JsonValue] = {"StartTime": start.isoformat(), "EndTime": end.isoformat()}
    return Call.of("cloudwatch", "get_metric_data", MetricDataQueries=queries, **between)


def _query(index: int, counted: Quiet) -> JsonValue:
    dimensions: JsonValue = [{"Name": name, "Value": value} for name, value in sorted(counted.dimensions.items())]
    metric: JsonValue = {"Namespace": counted.namespace, "MetricName": counted.metric, "Dimensions": dimensions}
    return {"Id": f"q{index}", "MetricStat": {"Metric": metric, "Period": MINUTE_S, "Stat": "Sum"}}
