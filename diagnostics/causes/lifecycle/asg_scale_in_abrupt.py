"""Auto Scaling terminated a host while it still had work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Gap, Metrics, ScalingActivities, ScalingActivity, StoppedTasks, Task
from diagnostics.rules.host_effects import HostEffect, effect_on
from diagnostics.rules.host_ends import HELPED_BY, LEADS_TO, is_scale_in
from diagnostics.rules.host_map import HOST_MAP_USES, HostMap
from diagnostics.rules.row_evidence import ROW_USES
from diagnostics.rules.task_stops import named

BEFORE_ERRORS = timedelta(minutes=5)
"""An instance takes a few minutes to end; errors that begin later have another reason."""
TOLERANCE = timedelta(minutes=1)
MAX_CAUSE = 300
_HOOKS = "autoscaling:DescribeLifecycleHooks"
NO_DRAIN = supporting("the group has no lifecycle hook for the termination of an instance", _HOOKS)
HOOKED = supporting("the group has a lifecycle hook that should give time to drain", _HOOKS)


@cause(
    code="asg-scale-in-abrupt",
    title="Auto Scaling terminated a host that still served requests",
    needs=(ScalingActivities,),
    uses=(*HOST_MAP_USES, Metrics, *ROW_USES),
    clear_needs=(*HOST_MAP_USES, Metrics),
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instance-draining.html",
        "https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html",
    ),
    leads_to=LEADS_TO,
    helped_by=HELPED_BY,
)
def asg_scale_in_abrupt(facts: Facts) -> Iterator[Finding]:
    """Auto Scaling ended an instance by its own decision (scale-in, refresh, zone balance) with tasks still on it.

    Decided by the terminate activity together with tasks that stopped because that very host ended, or with rows that
    broke off on the instance at its end. Refuted when its tasks had been drained before, when the activity replaced an
    instance that was ill or gone already, or when it is not near the errors. Without tasks and rows, the order in time
    alone fits, no more.
    """
    hosts = HostMap.of(facts)
    for activity in facts[ScalingActivities].items:
        if activity.instance_id is None or not is_scale_in(activity, hosts.host(activity.instance_id)):
            continue
        if activity.started_at >= facts.window.start - TOLERANCE:
            yield from _findings(facts, hosts, activity, activity.instance_id)


def _findings(facts: Facts, hosts: HostMap, activity: ScalingActivity, instance_id: str) -> Iterator[Finding]:
    ended = hosts.ended_with(instance_id)
    effect = effect_on(facts, hosts, instance_id, ended)
    onset = facts.observed.onset
    near = onset is not None and -TOLERANCE <= onset - activity.started_at <= BEFORE_ERRORS
    lost = bool(ended) or bool(effect.silent) or bool(effect.lost)
    untold = isinstance(facts.maybe(StoppedTasks), Gap) or not hosts.running
    may_be = near and untold and facts.observed.saw("elb_502", "elb_504") and facts.observed.errors_are_ours
    if lost or may_be:
        yield _finding(facts, activity, instance_id, effect, ended, certain=lost)


def _finding(
    facts: Facts,
    activity: ScalingActivity,
    instance_id: str,
    effect: HostEffect,
    ended: tuple[Task, ...],
    *,
    certain: bool,
) -> Finding:
    done = facts[ScalingActivities]
    drains = done.drains(activity.group)
    record = decisive if certain else supporting
    said = f"{activity.started_at:%H:%M} Auto Scaling: {activity.description[:80]}: {activity.cause[-MAX_CAUSE:]}"
    explains = effect.explains if certain else frozenset({"elb_502", "elb_504"}) & facts.observed.symptoms
    number = f" with {len(ended)} of its tasks on it" if ended else ""
    return Finding(
        resource=activity.group,
        summary=f"Auto Scaling group {activity.group} terminated {instance_id} at {activity.started_at:%H:%M}{number}"
        f"{'; nothing drains a host of this group first' if drains is False else ''}",
        supports=(
            record(said, "autoscaling:DescribeScalingActivities", at=activity.started_at),
            *_of_tasks(ended),
            *effect.records,
            *((NO_DRAIN,) if drains is False else ()),
        ),
        against=(HOOKED,) if drains else (),
        effect_seen=effect.is_seen or not certain,
        surely_hurts=bool(ended),
        affects=effect.affects | frozenset({instance_id}),
        explains=explains,
        since=activity.started_at,
        overturned_by="Tasks that were stopped by the scheduler before the host ended: aws ecs list-tasks"
        f" --cluster {facts.subject.cluster or 'CLUSTER'} --desired-status STOPPED",
        advice="Switch on managed draining and managed termination protection of the capacity provider; without ECS"
        " attach the target group to the Auto Scaling group and add a termination lifecycle hook as long as the"
        " deregistration delay.",
        at_most="possible" if not certain else "likely" if effect.by_elimination else None,
        circumstantial=not certain,
    )


def _of_tasks(ended: tuple[Task, ...]) -> Iterator[Evidence]:
    if ended:
        text = f"{named(ended)} stopped with it: {(ended[0].stopped_reason or '')[:MAX_CAUSE]}"
        yield decisive(text, "ecs:DescribeTasks", at=ended[0].stopped_at, value=len(ended))
