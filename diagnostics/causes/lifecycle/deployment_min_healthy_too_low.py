from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive
from diagnostics.facts import Deployment, EcsService, Metrics, Point, Series
from diagnostics.printable import part_of
from diagnostics.rules.asking import healthy_hosts
from diagnostics.rules.counters import series_of
from diagnostics.rules.deployment_room import DeploymentRoom
from diagnostics.rules.safer_deployments import old_tasks_stay

SMALL_SERVICE = 2
DEPLOYMENT_LASTS = timedelta(minutes=15)
BEFORE = timedelta(minutes=10)
MINUTE = timedelta(minutes=1)
EFFECTS = frozenset({"elb_502", "elb_503", "elb_504", "no-targets"})


@cause(
    code="deployment-min-healthy-too-low",
    title="A deployment stops old tasks before new ones are healthy",
    needs=(EcsService,),
    uses=(Metrics,),
    clear_needs=(Metrics,),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html",),
    leads_to=("deployment-gap",),
)
def deployment_min_healthy_too_low(facts: Facts) -> Iterator[Finding]:
    """Decided by a minimum healthy percent below 100 together with a dip of the healthy targets and errors during a
    deployment. Without such a dip it is a risk, and only where one lost task is a large share of the service.
    Refuted by a steady count of healthy targets through the deployment. Where the new tasks do not get well either,
    something else is wrong with them and this only made room for it.
    """
    service = facts[EcsService]
    if service.minimum_healthy_percent >= 100 or service.deployment_controller != "ECS" or service.desired == 0:
        return
    may_stop = DeploymentRoom.of(service).may_stop
    setting = decisive(
        f"minimum healthy percent is {service.minimum_healthy_percent}: ECS may stop "
        f"{part_of(may_stop, service.desired, 'task')} before a successor is healthy",
        "ecs:DescribeServices",
        value=service.minimum_healthy_percent,
    )
    dip = _dip(facts, service)
    hurt = dip is not None and facts.observed.saw(*EFFECTS)
    if not hurt and (service.desired > SMALL_SERVICE or may_stop == 0):
        return
    yield Finding(
        resource=service.arn,
        summary=(
            f"minimum healthy percent {service.minimum_healthy_percent} lets a deployment take "
            f"{part_of(may_stop, service.desired, 'task', 'its')} away at once"
        ),
        supports=(setting, *((dip,) if hurt and dip else ())),
        effect_seen=hurt,
        role="contributing" if facts.observed.saw("unhealthy", "task-stops") else "root",
        explains=EFFECTS & facts.observed.symptoms if hurt else frozenset(),
        since=dip.at if hurt and dip else None,
        overturned_by="healthy targets that stay steady through a deployment: HealthyHostCount, Minimum, by minute: "
        + healthy_hosts(facts, "Minimum"),
        advice=f"Keep every old task until a new one is healthy: {old_tasks_stay(service)}",
        at_most="likely",
        circumstantial=hurt,
    )


def _dip(facts: Facts, service: EcsService) -> Evidence | None:
    for series in series_of(facts.maybe(Metrics), "HealthyHostCount", "Minimum", facts.subject.target_groups):
        for deployment in service.deployments:
            found = _lowest_below(series, deployment)
            if found is not None and _errors_near(facts, found.at):
                text = f"healthy targets fell to {found.value:.0f} during the deployment, and errors came with it"
                return decisive(text, "cloudwatch:GetMetricData", at=found.at, value=found.value)
    return None


def _holes(series: Series) -> tuple[Point, ...]:
    """The count is not reported while no target is registered: minutes that are missing between others were at 0."""
    step = timedelta(seconds=series.period_s)
    pairs = itertools.pairwise(point.at for point in series.points)
    return tuple(Point(at=before + step, value=0) for before, after in pairs if after - before > step)


def _lowest_below(series: Series, deployment: Deployment) -> Point | None:
    """A minute that is missing before the deployment is no lower level to compare with."""
    began = deployment.created_at - MINUTE  # the minute in which it began belongs to it
    before = [p.value for p in series.points if began - BEFORE <= p.at <= began]
    during = [p for p in (*series.points, *_holes(series)) if began < p.at <= deployment.created_at + DEPLOYMENT_LASTS]
    if not before or not during:
        return None
    lowest = min(during, key=lambda point: point.value)
    return lowest if lowest.value < min(before) else None


def _errors_near(facts: Facts, at: datetime) -> bool:
    return any(abs(point.at - at) <= timedelta(minutes=2) for point in facts.observed.error_minutes if point.value > 0)
