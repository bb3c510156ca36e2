"""Run more tasks, or as many as before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from math import ceil
from statistics import median_high

from diagnostics.facts import EcsService, Metrics, ScalingLimits, ServiceScaling, TargetGroup
from diagnostics.report import SettingChange
from diagnostics.rules.load import LOAD_USES, load_of
from diagnostics.rules.processor import PROCESSOR_USES, exhausted_hosts, full_hosts
from diagnostics.rules.strain import STRAIN_USES, span
from remediations.fix import Case, fix
from remediations.plan import Guard, Plan, Success, Undo, Write
from remediations.steps import ecs_services, healthy, task_counts
from remediations.steps.deployments import DEPLOYMENT_USES, START_S, groups_of, is_in_progress
from remediations.steps.fargate import runs_on_fargate

PROCESSORS = "cpu-saturation"
MOST_ADDED = 20
FACTOR = 2
HALF_AS_MANY = 1.5
BEFORE_ZERO = timedelta(minutes=30)
_SHARED = frozenset({"target-dependency-hang", "health-check-dependency-failure"})
"""More tasks take more of what is short already."""


@fix(
    id="ecs-scale-out",
    title="Run more tasks",
    risk="low",
    up_to="medium",
    causes=("service-scaled-to-zero", "insufficient-task-count", PROCESSORS, "target-connection-saturation"),
    calls=("ecs:UpdateService", "ecs:DescribeServices", "application-autoscaling:RegisterScalableTarget"),
    needs=(EcsService, ServiceScaling),
    uses=(*DEPLOYMENT_USES, Metrics, *LOAD_USES, *STRAIN_USES, *PROCESSOR_USES),
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html",
        "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html",
    ),
)
def ecs_scale_out(case: Case) -> Iterator[Plan]:
    """Raises the desired count; where Application Auto Scaling owns it, its minimum, and its maximum where that is in
    the way. No deployment is started.

    A service that is at zero gets as many tasks as were healthy before; where that is not known, nothing is offered.
    Otherwise at most twice as many, and never more than 20 more; the approver may choose fewer. More tasks open more
    connections to databases and cost more, and processors that are full stay so where the work does not divide: then it
    is of medium risk. The undo sets the earlier numbers; ECS drains the tasks that go.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-auto-scaling.html
    """
    service, limits = case.facts[EcsService], case.facts[ServiceScaling].limits
    if case.cause.band == "possible" or service.status != "ACTIVE" or (limits is not None and limits.arn is None):
        return
    if case.cause.code == "service-scaled-to-zero":
        wanted = _before_zero(case, service) if service.desired == 0 else None
    else:
        wanted = _more(case, service)
    if wanted is not None and wanted > service.desired:
        least = limits.minimum if limits else service.desired  # a lower minimum would let it take tasks away
        chosen = [count for count in _fewer(service, wanted) if count > least]
        plans = [_plan(case, service, limits, count, label=_tasks(count)) for count in chosen]
        if plans:
            yield plans[0].model_copy(update={"label": "", "narrower": tuple(plans[1:])})


def _before_zero(case: Case, service: EcsService) -> int | None:
    """The middle of the healthy targets' counts in the half hour before the last one went."""
    metrics = case.facts.maybe(Metrics)
    dimensions = {group.dimension for group in groups_of(case.facts, service)}
    counts: list[int] = []
    for series in metrics.with_metric("HealthyHostCount", "Maximum") if isinstance(metrics, Metrics) else ():
        some = [point for point in series.points if point.value > 0]
        if some and dict(series.dimensions).get("TargetGroup") in dimensions:
            last = max(point.at for point in some)
            counts.append(round(median_high(point.value for point in some if point.at >= last - BEFORE_ZERO)))
    return max(counts, default=None)


def _more(case: Case, service: EcsService) -> int | None:
    """None where something else is the root, where hosts that have no processor left would have to run them, or where
    all wait for the same thing."""
    if service.desired == 0 or case.cause.role == "consequence" or _hosts_are_full(case):
        return None
    if any(cause.code in _SHARED for cause in case.report.causes):
        return None
    return min(FACTOR * service.desired, service.desired + MOST_ADDED)


def _hosts_are_full(case: Case) -> bool:
    """Half of the instances that were measured have no processor or no CPU credits left."""
    asked = span(case.facts)
    if asked is None:
        return False
    full, measured = full_hosts(case.facts, *asked)
    return measured > 0 and max(len(full), len(exhausted_hosts(case.facts, *asked))) * 2 >= measured


def _fewer(service: EcsService, wanted: int) -> tuple[int, ...]:
    """What is proposed, and smaller numbers to choose from."""
    half = ceil(service.desired * HALF_AS_MANY) if service.desired else ceil(wanted / FACTOR)
    smaller = sorted({half, service.desired + 1} - {wanted}, reverse=True)
    return (wanted, *(count for count in smaller if service.desired < count < wanted))


def _plan(case: Case, service: EcsService, limits: ScalingLimits | None, count: int, label: str) -> Plan:
    groups = groups_of(case.facts, service)
    takes_s = START_S + max((healthy.becomes_healthy_s(group) for group in groups), default=0)
    before, name = service.desired, service.service
    changes, writes, guards, undo = _by_scaling(service, limits, count) if limits else _by_count(service, count)
    return Plan(
        fix="ecs-scale-out",
        title=f"Run {_tasks(count)} of {name} instead of {before}"
        if before
        else f"Run {_tasks(count)} of {name} again",
        risk="medium" if case.cause.code == PROCESSORS else "low",
        resource=service.arn,
        changes=changes,
        guards=(ecs_services.is_active(service), ecs_services.keeps_a_count(service), *guards),
        writes=writes,
        success=_success(service, groups, count, takes_s),
        undo=undo,
        touches=f"it costs more, and what {name} depends on gets connections of {_tasks(count - before)} more",
        warnings=tuple(_warnings(case, service, limits)),
        eta_s=takes_s,
        label=label,
    )


def _tasks(count: int) -> str:
    return "1 task" if count == 1 else f"{count} tasks"


_Way = tuple[tuple[SettingChange, ...], tuple[Write, ...], tuple[Guard, ...], Undo]


def _by_count(service: EcsService, count: int) -> _Way:
    before = service.desired
    shown = SettingChange(resource=service.service, setting=task_counts.DESIRED, before=before, after=count)
    undo = Undo(
        kind="compensating",
        text=f"sets the desired count to {before} again; ECS drains the tasks that go",
        writes=(task_counts.set_desired(service, before),),
        guards=(task_counts.desired_is(service, count),),
    )
    guards = (task_counts.desired_is(service, before), task_counts.is_not_scaled(service))
    return (shown,), (task_counts.set_desired(service, count),), guards, undo


def _by_scaling(service: EcsService, limits: ScalingLimits, count: int) -> _Way:
    minimum, maximum, arn = count, max(limits.maximum, count), limits.arn or ""
    undo = Undo(
        kind="compensating",
        text=(
            f"lets Application Auto Scaling choose between {limits.minimum} and {limits.maximum} tasks again; it takes"
            " tasks away when its policies say so"
        ),
        writes=(task_counts.set_limits(service, arn, limits.minimum, limits.maximum),),
        guards=(task_counts.limits_are(service, minimum, maximum),),
    )
    guards = (
        task_counts.desired_is(service, service.desired),
        task_counts.limits_are(service, limits.minimum, limits.maximum),
    )
    shown = tuple(task_counts.changes_of_limits(service, limits, minimum, maximum))
    return shown, (task_counts.set_limits(service, arn, minimum, maximum),), guards, undo


def _success(service: EcsService, groups: Sequence[TargetGroup], count: int, takes_s: int) -> Success:
    return Success(
        text=f"{_tasks(count)} run, and all targets pass their health checks",
        within_s=3 * takes_s,
        guards=(
            ecs_services.counts(service, count),
            *(healthy.targets_healthy(group.arn) for group in groups),
        ),
    )


def _warnings(case: Case, service: EcsService, limits: ScalingLimits | None) -> Iterator[str]:
    if service.desired == 0:
        yield "somebody or something set it to zero: a scheduled action would do so again"
    if not runs_on_fargate(service):
        yield "the hosts need room for the tasks"
    if service.deployment_controller == "CODE_DEPLOY" and is_in_progress(service):
        yield "CodeDeploy makes a deployment at present, which may fail where the count changes meanwhile"
    asked = span(case.facts)
    load = load_of(case.facts, *asked) if asked else None
    if service.desired and load is not None and load.is_flat:
        yield "the load is as usual, so that more tasks may help only for a while"
    if limits is not None and limits.in_suspended:
        yield "scaling in is suspended: the tasks stay until somebody takes them away"
