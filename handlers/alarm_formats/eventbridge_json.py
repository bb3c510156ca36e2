"""CloudWatch's own event of a change of state, posted by a function or a webhook that passes it on.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from handlers.alarm_formats.clues import exact_name, state_named, text_of, time_of
from handlers.alarm_formats.format import alarm_format
from handlers.alarm_formats.post import AlarmPost
from handlers.alarm_formats.said import Said

EVENT = "CloudWatch Alarm State Change"


@alarm_format("EventBridge event")
def eventbridge_json(said: Said) -> AlarmPost | None:
    """An event that names an alarm and its new state; metrics of several load balancers name none."""
    for found in said.objects:
        detail = found.get("detail")
        if found.get("detail-type") != EVENT or not isinstance(detail, Mapping):
            continue
        name, state = detail.get("alarmName"), detail.get("state")
        if not isinstance(name, str) or not isinstance(state, Mapping):
            continue
        dimensions = list(_dimensions(detail))
        return AlarmPost(
            at=time_of(state.get("timestamp")) or time_of(found.get("time")) or said.posted_at,
            alarm=exact_name(name),
            region=text_of(found.get("region")),
            account=text_of(found.get("account")),
            state=state_named(text_of(state.get("value"))),
            load_balancer=_only(dimensions, "LoadBalancer"),
            target_group=_only(dimensions, "TargetGroup"),
        )
    return None


def _dimensions(detail: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    configuration = detail.get("configuration")
    metrics = configuration.get("metrics") if isinstance(configuration, Mapping) else None
    for item in metrics if isinstance(metrics, list) else ():
        stat = item.get("metricStat") if isinstance(item, Mapping) else None
        metric = stat.get("metric") if isinstance(stat, Mapping) else None
        dimensions = metric.get("dimensions") if isinstance(metric, Mapping) else None
        if isinstance(dimensions, Mapping):
            yield from ((str(name), value) for name, value in dimensions.items() if isinstance(value, str))


def _only(pairs: list[tuple[str, str]], wanted: str) -> str | None:
    values = {value for name, value in pairs if name == wanted}
    return values.pop() if len(values) == 1 else None
