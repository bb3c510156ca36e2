"""What Application Auto Scaling may do with the service, and what it did lately: three calls in one round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from diagnostics.aws_access import Pages
from diagnostics.collect.answers import gaps_of, nothing_read
from diagnostics.collect.collector import Read, Reads, collector
from diagnostics.collect.sources.ecs_service import NO_SERVICE
from diagnostics.facts import ScalingLimits, ScalingPolicy, ServiceScaling, ServiceScalingActivity
from diagnostics.redaction import redact_prose
from diagnostics.snapshot import Subject

NAMESPACE = "ecs"
DIMENSION = "ecs:service:DesiredCount"
MAX_ACTIVITIES = 20
MAX_TEXT = 500


@collector(cached=True)
def service_scaling(subject: Subject) -> Reads[ServiceScaling]:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingActivities.html"""
    if not (subject.cluster and subject.service):
        return subject.unread("ecs") or NO_SERVICE
    resource = f"service/{subject.cluster.rsplit('/', 1)[-1]}/{subject.service.rsplit('/', 1)[-1]}"
    answers: Sequence[Pages] = yield [
        _read("describe_scalable_targets", "ScalableTargets", resource, ResourceIds=[resource]),
        _read("describe_scaling_policies", "ScalingPolicies", resource, ResourceId=resource),
        _read(
            "describe_scaling_activities",
            "ScalingActivities",
            resource,
            ResourceId=resource,
            IncludeNotScaledActivities=True,
            MaxResults=MAX_ACTIVITIES,
        ),
    ]
    if failed := nothing_read(answers):
        return failed
    targets, policies, activities = answers
    if targets.failed:
        return targets.failed
    return ServiceScaling(
        limits=next((_limits(raw) for raw in targets.items), None),
        policies=tuple(_policy(raw) for raw in policies.items),
        activities=tuple(sorted(map(_activity, activities.items), key=lambda one: one.at, reverse=True)),
        gaps=gaps_of(answers),
    )


def _read(operation: str, key: str, resource: str, **params: Any) -> Read:
    asked = {"ServiceNamespace": NAMESPACE, "ScalableDimension": DIMENSION, **params}
    return Read("application-autoscaling", operation, key, asked, resource=resource)


def _limits(raw: Mapping[str, Any]) -> ScalingLimits:
    suspended = raw.get("SuspendedState") or {}
    return ScalingLimits(
        minimum=raw["MinCapacity"],
        maximum=raw["MaxCapacity"],
        out_suspended=bool(suspended.get("DynamicScalingOutSuspended")),
        in_suspended=bool(suspended.get("DynamicScalingInSuspended")),
        arn=raw.get("ScalableTargetARN"),
    )


def _policy(raw: Mapping[str, Any]) -> ScalingPolicy:
    tracking = raw.get("TargetTrackingScalingPolicyConfiguration") or {}
    predefined = tracking.get("PredefinedMetricSpecification") or {}
    custom = tracking.get("CustomizedMetricSpecification") or {}
    return ScalingPolicy(
        name=raw["PolicyName"],
        type=raw["PolicyType"],
        metric=predefined.get("PredefinedMetricType") or custom.get("MetricName"),
        target_value=tracking.get("TargetValue"),
    )


def _activity(raw: Mapping[str, Any]) -> ServiceScalingActivity:
    return ServiceScalingActivity(
        at=raw["StartTime"],
        ended_at=raw.get("EndTime"),
        status=raw["StatusCode"],
        description=redact_prose(raw.get("Description", ""))[:MAX_TEXT],
        cause=redact_prose(raw.get("Cause", ""))[:MAX_TEXT],
        message=redact_prose(raw.get("StatusMessage", ""))[:MAX_TEXT],
        not_scaled=tuple(reason["Code"] for reason in raw.get("NotScaledReasons") or ()),
    )
