"""Alarms of ours: made under names that nobody has, and removed while they are as they were made."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue

from diagnostics.report import SettingChange
from diagnostics.rules.recommended_alarms import NAMESPACE, PERIOD_S, RecommendedAlarm
from diagnostics.snapshot import Subject
from remediations.plan import FROM, PLAN, PLAN_TAG, Call, Grant, Guard, Look, Plan, Success, Undo, Write
from remediations.steps import paths
from remediations.steps.arns import arn_of

COMPARISON = "GreaterThanOrEqualToThreshold"
KINDS: JsonValue = ["MetricAlarm", "CompositeAlarm"]
SEEN_S = 10
FIX = "alarms-create"


def plan(subject: Subject, wanted: Sequence[RecommendedAlarm], topic: str | None, *, label: str = "") -> Plan:
    """Creates these alarms; all of them tell the topic. The undo deletes exactly these."""
    names = [one.name for one in wanted]
    present = tuple(_is_made(one) for one in wanted)
    words = names[0] if len(names) == 1 else f"{len(names)} alarms"
    return Plan(
        fix=FIX,
        title=f"Create {words}",
        risk="low",
        resource=_arn(subject, names[0]),
        changes=tuple(
            SettingChange(resource=one.name, setting=f"alarm on {one.metric}", before=None, after=one.condition)
            for one in wanted
        ),
        guards=tuple(_is_free(name) for name in names),
        writes=tuple(_create(subject, one, topic) for one in wanted),
        success=Success(text="the alarms are there", within_s=SEEN_S, guards=present),
        undo=Undo(
            kind="exact",
            text=f"deletes {'it' if len(names) == 1 else 'them'}",
            writes=tuple(_delete(subject, name) for name in names),
            guards=present,
        ),
        touches=f"nobody's requests; {topic or 'nobody'} is told when one goes off",
        warnings=("CloudWatch takes money for each alarm",),
        eta_s=SEEN_S,
        label=label,
    )


def _create(subject: Subject, one: RecommendedAlarm, topic: str | None) -> Write:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""
    dimensions: list[JsonValue] = [{"Name": name, "Value": value} for name, value in sorted(one.dimensions.items())]
    percentile = one.statistic.startswith("p")
    parameters: dict[str, JsonValue] = {
        "AlarmName": one.name,
        "AlarmDescription": f"{one.why}, {one.condition}; made by alb502",
        "Namespace": NAMESPACE,
        "MetricName": one.metric,
        "Dimensions": dimensions,
        "ExtendedStatistic" if percentile else "Statistic": one.statistic,
        "Period": PERIOD_S,
        "EvaluationPeriods": one.periods,
        "DatapointsToAlarm": one.periods,
        "Threshold": one.threshold,
        "ComparisonOperator": COMPARISON,
        "TreatMissingData": "notBreaching",
        "Tags": [{"Key": PLAN_TAG, "Value": {FROM: PLAN}}],
    }
    if percentile:
        parameters["EvaluateLowSampleCountPercentile"] = "ignore"
    if topic:
        parameters["AlarmActions"] = [topic]
    arn = _arn(subject, one.name)
    return Write(
        call=Call.of("cloudwatch", "put_metric_alarm", **parameters),
        resources=(arn,),
        also=(Grant(action="cloudwatch:TagResource", resources=(arn,)),),
        done_when=_is_made(one),
    )


def _delete(subject: Subject, name: str) -> Write:
    """Each by a call of its own: of alarms that were made in part, only those are deleted.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html"""
    call = Call.of("cloudwatch", "delete_alarms", AlarmNames=[name])
    return Write(call=call, resources=(_arn(subject, name),), done_when=_is_free(name))


def _is_free(name: str) -> Guard:
    """PutMetricAlarm overwrites an alarm of the same name, whoever made it."""
    path = f"{paths.none_of('MetricAlarms')} && {paths.none_of('CompositeAlarms')}"
    return Guard(look=Look(call=_described(name), path=path), expected=True, text=f"there is no alarm named {name}")


def _is_made(one: RecommendedAlarm) -> Guard:
    """The alarm watches what it was made to watch."""
    fields = "MetricName, Statistic || ExtendedStatistic, Threshold, ComparisonOperator, EvaluationPeriods"
    expected: list[JsonValue] = [one.metric, one.statistic, one.threshold, COMPARISON, one.periods]
    look = Look(call=_described(one.name), path=f"MetricAlarms[0] | [{fields}]")
    return Guard(look=look, expected=expected, text=f"{one.name} watches {one.metric}: {one.condition}")


def _described(name: str) -> Call:
    return Call.of("cloudwatch", "describe_alarms", AlarmNames=[name], AlarmTypes=KINDS)


def _arn(subject: Subject, name: str) -> str:
    return arn_of(subject, "cloudwatch", f"alarm:{name}")
