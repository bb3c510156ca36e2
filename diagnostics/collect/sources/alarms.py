"""Alarms on this path and the state they are in: two calls side by side, whatever the number of alarms.

CloudWatch cannot be asked for the alarms of a resource; those that are in ALARM now, and the first page of all. Where
there are further pages, those on the metrics of recommended alarms are asked for by their metric.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from diagnostics.collect.answers import failures_of, items_of, nothing_read
from diagnostics.collect.collector import Read, Reads, collector
from diagnostics.facts import Alarm, Alarms
from diagnostics.locate.alarm_dimensions import Watched, watched_by
from diagnostics.redaction import redact_prose, redact_text
from diagnostics.rules.recommended_alarms import MAX_BALANCERS, MAX_GROUPS, NAMESPACE, OF_BALANCERS, OF_GROUPS
from diagnostics.snapshot import Subject

PAGE = 100
MAX_ALARMS = 50
MAX_NAME = 255
MAX_REASON = 500


@collector(cached=True)
def alarms(subject: Subject) -> Reads[Alarms]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html"""
    everything = {"AlarmTypes": ["MetricAlarm"], "MaxRecords": PAGE}
    answers = yield [
        Read("cloudwatch", "describe_alarms", "MetricAlarms", {**everything, "StateValue": "ALARM"}),
        Read("cloudwatch", "describe_alarms", "MetricAlarms", everything),
    ]
    if failed := nothing_read(answers):
        return failed
    complete = not any(answer.truncated for answer in answers)
    if not complete:
        answers = [*answers, *(yield list(_by_metric(subject)))]
    own = {raw["AlarmName"]: raw for raw in items_of(answers) if any(_is_own(it, subject) for it in watched_by(raw))}
    found = sorted(map(_alarm, own.values()), key=_changed, reverse=True)
    return Alarms(
        items=tuple(found[:MAX_ALARMS]),
        complete=complete,
        gaps=failures_of(answers),
    )


def _by_metric(subject: Subject) -> Iterator[Read]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmsForMetric.html"""
    for balancer in subject.load_balancers[:MAX_BALANCERS]:
        whole = {"LoadBalancer": balancer.split(":loadbalancer/", 1)[-1]}
        yield from (_of_metric(metric, whole) for metric in OF_BALANCERS)
        for group in subject.target_groups[:MAX_GROUPS]:
            yield from (_of_metric(metric, whole | {"TargetGroup": group.rsplit(":", 1)[-1]}) for metric in OF_GROUPS)


def _of_metric(metric: str, dimensions: Mapping[str, str]) -> Read:
    named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    given = {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": named}
    return Read("cloudwatch", "describe_alarms_for_metric", "MetricAlarms", given)


def _is_own(watched: Watched, subject: Subject) -> bool:
    """An alarm on a load balancer as a whole belongs to each of its services; one on another target group does not."""
    dimensions = watched.dimensions
    if watched.account not in (None, subject.account):
        return False
    if group := dimensions.get("TargetGroup"):
        return group in {arn.rsplit(":", 1)[-1] for arn in subject.target_groups}
    if balancer := dimensions.get("LoadBalancer"):
        return balancer in {arn.split(":loadbalancer/", 1)[-1] for arn in subject.load_balancers}
    if service := dimensions.get("ServiceName"):
        return service == subject.service and dimensions.get("ClusterName") in (None, subject.cluster)
    function = dimensions.get("FunctionName")
    return bool(function and subject.function) and function in (subject.function or "").split(":")


def _alarm(raw: Mapping[str, Any]) -> Alarm:
    return Alarm(
        name=redact_text(str(raw["AlarmName"]), MAX_NAME),
        state=str(raw.get("StateValue", "")),
        since=raw.get("StateTransitionedTimestamp") or raw.get("StateUpdatedTimestamp"),
        metric=redact_text(str(raw.get("MetricName") or ""), MAX_NAME),
        reason=redact_prose(str(raw.get("StateReason") or ""), MAX_REASON),
        namespace=str(raw.get("Namespace") or ""),
        dimensions={str(one["Name"]): str(one["Value"]) for one in raw.get("Dimensions") or ()},
        statistic=str(raw.get("Statistic") or raw.get("ExtendedStatistic") or ""),
        comparison=str(raw.get("ComparisonOperator") or ""),
        threshold=raw.get("Threshold"),
        notifies=bool(raw.get("ActionsEnabled") and raw.get("AlarmActions")) if "ActionsEnabled" in raw else None,
    )


def _changed(alarm: Alarm) -> float:
    return alarm.since.timestamp() if alarm.since else 0.0
