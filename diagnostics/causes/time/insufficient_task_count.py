"""More requests came than the tasks can serve, and nothing added tasks in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import EcsService, Gap, Metrics, ServiceScaling, ServiceScalingActivity
from diagnostics.printable import counted
from diagnostics.rules.asking import balancer_metric
from diagnostics.rules.load import LOAD_USES, Load, load_of
from diagnostics.rules.processor import PROCESSOR_USES, processor_of
from diagnostics.rules.safer_deployments import update
from diagnostics.rules.slowness import SLOW_USES, on_one_route, on_one_target, slowness
from diagnostics.rules.strain import STRAIN_USES, silent_targets, slow_clusters, slow_errors, span

METRICS, SCALING = "cloudwatch:GetMetricData", "application-autoscaling:DescribeScalableTargets"
ACTIVITIES = "application-autoscaling:DescribeScalingActivities"
UNDER_WAY = frozenset({"Pending", "InProgress"})
RECENT = timedelta(minutes=15)
DAYS = timedelta(days=7)
_MAXIMUM = "AlreadyAtMaxCapacity"


@cause(
    code="insufficient-task-count",
    title="Too few tasks for the load",
    needs=(Metrics, EcsService),
    uses=(ServiceScaling, *LOAD_USES, *PROCESSOR_USES, *SLOW_USES, *STRAIN_USES),
    clear_needs=(ServiceScaling,),
    shows=("elb_504", "elb_503", "unhealthy", "target_5xx"),
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-auto-scaling.html",
        "https://docs.aws.amazon.com/autoscaling/application/userguide/what-is-application-auto-scaling.html",
    ),
    leads_to=("target-slow-response", "target-generated-5xx", "client-disconnected-460"),
    helped_by=("deployment-regression",),
)
def insufficient_task_count(facts: Facts) -> Iterator[Finding]:
    """Decided by a load of several times the usual, that began before the trouble, while answers became slow and
    nothing could add tasks: the service stands at its MaxCapacity, no scaling policy exists, or scaling is suspended.
    Refuted by a load that is as usual. Where the processor is at its limit, that is the cause and this contributes.
    A scale-out that is under way is said.
    """
    asked = span(facts)
    if asked is None:
        return
    start, end = asked
    rows = slow_clusters(facts, unconnected=False)
    load = load_of(facts, start, end)
    if load is None or not load.is_several_times or on_one_target(facts, rows) or on_one_route(facts, rows):
        return
    if load.rose_at is not None and load.rose_at > start + timedelta(minutes=2):
        return
    slow, silent = slowness(facts, start, end), silent_targets(facts)
    effects = slow_errors(facts, unconnected=False) | (silent.explains if silent.several else frozenset())
    if slow and slow.for_everybody:
        effects |= {"target_5xx"} & facts.observed.symptoms
    strained = bool(slow and slow.for_everybody) or bool(rows)
    if strained and effects:
        yield _finding(facts, load, effects, start, end)


def _finding(facts: Facts, load: Load, effects: frozenset[str], start: datetime, end: datetime) -> Finding:
    service = facts[EcsService]
    why = tuple(_why_no_more(facts))
    coming = _under_way(facts)
    used = processor_of(facts, start, end)
    return Finding(
        resource=service.arn,
        summary=f"{load.words}, for {counted(service.running, 'task')}{_reason(why, coming)}",
        supports=(supporting(load.words, METRICS, at=load.rose_at, value=round(load.times, 1)), *why),
        against=tuple(_against(facts, why, coming, is_low=used is not None and used.is_low)),
        effect_seen=True,
        explains=effects,
        since=load.rose_at or facts.observed.onset,
        overturned_by="a request count like that of other days: "
        + balancer_metric(facts, "RequestCount", "Sum", facts.window.start - DAYS, facts.window.end),
        advice=_advice(facts, coming),
        at_most="likely",
    )


def _why_no_more(facts: Facts) -> Iterator[Evidence]:
    scaling, service = facts.maybe(ServiceScaling), facts[EcsService]
    if not isinstance(scaling, ServiceScaling):
        return
    limits = scaling.limits
    if limits is None:
        text = f"no scaling is set up for the service; it stays at {service.desired} tasks"
        yield decisive(text, SCALING, value=service.desired)
        return
    if service.desired >= limits.maximum or any(_MAXIMUM in one.not_scaled for one in _lately(facts)):
        text = f"the service stands at its MaxCapacity of {limits.maximum} tasks"
        yield decisive(text, SCALING, value=limits.maximum)
    elif limits.out_suspended:
        yield decisive("scaling out is suspended (DynamicScalingOutSuspended)", SCALING, value=True)
    elif not scaling.policies and not any(gap.action.endswith("DescribeScalingPolicies") for gap in scaling.gaps):
        text = f"no scaling policy exists; {service.desired} tasks of at most {limits.maximum} run"
        yield decisive(text, SCALING, value=service.desired)
    failed = next((one for one in _lately(facts) if one.status in {"Failed", "Unfulfilled"}), None)
    if failed is not None:
        yield decisive(f"a scaling activity ended as {failed.status}", ACTIVITIES, at=failed.at)


def _lately(facts: Facts) -> Iterator[ServiceScalingActivity]:
    scaling = facts.maybe(ServiceScaling)
    for one in scaling.activities if isinstance(scaling, ServiceScaling) else ():
        if facts.window.start <= one.at <= facts.window.end:
            yield one


def _under_way(facts: Facts) -> ServiceScalingActivity | None:
    """A scale-out that has begun, or is so young that its tasks start just now."""
    for one in _lately(facts):
        if one.not_scaled or "desired count" not in one.description.lower():
            continue
        young = one.status == "Successful" and facts.now - one.at <= RECENT
        missing = facts[EcsService].running < facts[EcsService].desired
        if one.status in UNDER_WAY or (young and missing):
            return one
    return None


def _reason(why: tuple[Evidence, ...], coming: ServiceScalingActivity | None) -> str:
    if coming is not None:
        return f"; more are being started since {coming.at:%H:%M} UTC"
    return f"; {why[0].text}" if why else ""


def _against(
    facts: Facts, why: tuple[Evidence, ...], coming: ServiceScalingActivity | None, *, is_low: bool
) -> Iterator[Evidence]:
    if isinstance(facts.maybe(ServiceScaling), Gap):
        yield supporting("whether anything scales the service could not be read", SCALING)
    elif not why and coming is None:
        yield supporting("nothing that was read keeps the service from getting more tasks", SCALING)
    if coming is not None:
        yield supporting(f"a scale-out is under way since {coming.at:%H:%M} UTC", ACTIVITIES, at=coming.at)
    if is_low:
        text = "the processor has room: each task waits for something else (a pool, a number of workers)"
        yield supporting(text, METRICS)


def _advice(facts: Facts, coming: ServiceScalingActivity | None) -> str:
    scaling = facts.maybe(ServiceScaling)
    if coming is not None:
        return "Wait for the new tasks to become healthy; then raise the minimum, or scale on requests per target."
    if isinstance(scaling, ServiceScaling) and scaling.limits is not None:
        limits = scaling.limits
        if limits.out_suspended:
            return f"Let it scale out again: `{_register(facts)} --suspended-state DynamicScalingOutSuspended=false`"
        return (
            f"Raise the scalable target (now {limits.minimum} to {limits.maximum} tasks):"
            f" `{_register(facts)} --min-capacity N --max-capacity M`;"
            " a desired count set by hand is undone by it."
        )
    return (
        f"Run more tasks: `{update(facts[EcsService], '--desired-count N')}`; then let a target-tracking policy do it."
    )


def _register(facts: Facts) -> str:
    service = facts[EcsService]
    return (
        "aws application-autoscaling register-scalable-target --service-namespace ecs"
        f" --scalable-dimension ecs:service:DesiredCount --resource-id service/{service.cluster}/{service.service}"
    )
