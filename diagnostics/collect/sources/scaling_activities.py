"""What Auto Scaling did with the hosts lately, and whether something is drained before an instance ends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from diagnostics.collect.answers import distinct, failures_of, items_of, nothing_read
from diagnostics.collect.collector import Read, Reads, collector
from diagnostics.facts import Hosts, LifecycleHook, NotApplicable, ScalingActivities, ScalingActivity
from diagnostics.redaction import redact_prose
from diagnostics.rules.host_ends import instance_in
from diagnostics.snapshot import Window

MAX_GROUPS = 5
MAX_RECORDS = 100
MAX_CAUSE = 1200
LOOK_BACK = timedelta(hours=3)


@collector(cached=False)
def scaling_activities(hosts: Hosts, window: Window) -> Reads[ScalingActivities]:
    """Newest first, one page of each group.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeScalingActivities.html
    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeLifecycleHooks.html
    """
    groups = distinct(host.scaling_group for host in hosts.items)[:MAX_GROUPS]
    if not groups:
        return NotApplicable(reason="none of its hosts belongs to an Auto Scaling group")
    answers = yield [
        *(
            Read(
                "autoscaling",
                "describe_scaling_activities",
                "Activities",
                {"AutoScalingGroupName": group, "MaxRecords": MAX_RECORDS},
                resource=group,
            )
            for group in groups
        ),
        *(
            Read(
                "autoscaling",
                "describe_lifecycle_hooks",
                "LifecycleHooks",
                {"AutoScalingGroupName": group},
                resource=group,
            )
            for group in groups
        ),
    ]
    done, hooks = answers[: len(groups)], answers[len(groups) :]
    if failed := nothing_read(done):
        return failed
    activities = [_activity(raw) for raw in items_of(done) if raw["StartTime"] >= window.start - LOOK_BACK]
    return ScalingActivities(
        items=tuple(sorted(activities, key=lambda activity: activity.started_at, reverse=True)),
        hooks=tuple(map(_hook, items_of(hooks))),
        hooks_read=tuple(group for group, answer in zip(groups, hooks, strict=True) if not answer.failed),
        # Older pages than the first are from before the window, in all but the busiest groups.
        gaps=failures_of([*done, *hooks]),
    )


def _activity(raw: Mapping[str, Any]) -> ScalingActivity:
    description = redact_prose(str(raw.get("Description") or ""), MAX_CAUSE)
    return ScalingActivity(
        id=raw["ActivityId"],
        group=raw["AutoScalingGroupName"],
        description=description,
        cause=redact_prose(str(raw.get("Cause") or ""), MAX_CAUSE),
        status=raw["StatusCode"],
        instance_id=instance_in(description),
        started_at=raw["StartTime"],
        ended_at=raw.get("EndTime"),
    )


def _hook(raw: Mapping[str, Any]) -> LifecycleHook:
    return LifecycleHook(
        name=raw["LifecycleHookName"],
        group=raw["AutoScalingGroupName"],
        transition=raw.get("LifecycleTransition", ""),
        timeout_s=raw.get("HeartbeatTimeout"),
    )
