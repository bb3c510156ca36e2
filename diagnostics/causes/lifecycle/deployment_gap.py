"""A deployment leaves a moment in which no target can serve."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import EcsService, Gap, Metrics, Point, RunningTasks, ServiceHistory, TargetHealth
from diagnostics.printable import part_of
from diagnostics.rules.asking import healthy_hosts
from diagnostics.rules.boot_rows import refused_while_starting
from diagnostics.rules.counters import series_of
from diagnostics.rules.deployment_room import DeploymentRoom
from diagnostics.rules.deployment_span import DeploymentSpan, deployment_spans, share_within
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import ROW_USES, explained, own_clusters, record, rows_were_read
from diagnostics.rules.safer_deployments import BLUE_GREEN, old_tasks_stay, update

SMALL = 2
NEARLY_ALL = 0.8
EVENTS_TOLD = 2


@cause(
    code="deployment-gap",
    title="A deployment leaves no target to serve for a while",
    needs=(EcsService,),
    uses=(TargetHealth, RunningTasks, Metrics, ServiceHistory, *ROW_USES),
    clear_needs=(Metrics, ServiceHistory),
    shows=("elb_503",),
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
    ),
    leads_to=("no-registered-targets",),
)
def deployment_gap(facts: Facts) -> Iterator[Finding]:
    """Decided by 503 without a target during a deployment, while no target was healthy: the old ones drained already
    and the new ones were not there or still initial. It needs one task or two, a minimum healthy percent below 100, or
    a maximum percent of 100. Refuted by 503 outside of deployments, by targets that stayed healthy, and by tasks that
    do not get well or end: their fault is the cause then. Connections that a new task refused in its first minutes,
    before its server listened, are of the same gap.
    """
    service = facts[EcsService]
    room = _room_for_a_gap(service)
    if room is None or service.desired == 0 or not facts.observed.saw("elb_503", "no-targets"):
        return
    if facts.observed.saw("unhealthy", "task-stops"):
        return  # the new ones fail by themselves: why they do is what matters, and the gap follows from it
    spans = deployment_spans(service, facts.maybe(ServiceHistory), facts.window.start, facts.now)
    gap = tuple(_points(facts))
    rows = own_clusters(facts, "no-target", elb_status=503)
    if not spans or share_within(gap, spans) < NEARLY_ALL or _stayed_healthy(facts, gap):
        return
    span = next(span for span in spans if any(span.holds(point.at) for point in gap if point.value > 0))
    proof = tuple(_none_healthy(facts, gap))
    if not proof and not rows:
        return
    troubled = facts.observed.saw("deployment")
    refused = refused_while_starting(facts, own_clusters(facts, "not-dispatched-fast", elb_status=502))
    yield Finding(
        resource=service.arn,
        summary=f"the {span.name} left no target to serve: {room}",
        supports=(*proof, *_rows(facts, rows), *_refused(facts, refused), *_events(service, span)),
        against=tuple(_against(facts)),
        effect_seen=True,
        role="contributing" if troubled else "root",
        explains=(frozenset({"elb_503", "no-targets"}) & facts.observed.symptoms)
        | frozenset(cluster.key for cluster in rows)
        | explained(refused),
        since=min(point.at for point in gap if point.value > 0),
        overturned_by="A healthy target in these minutes (HealthyHostCount, Maximum): "
        + healthy_hosts(facts, "Maximum"),
        advice=_advice(service),
    )


def _room_for_a_gap(service: EcsService) -> str | None:
    """Why the settings allow one; None where they do not."""
    may_stop = DeploymentRoom.of(service).may_stop
    if may_stop:
        return (
            f"minimum healthy percent {service.minimum_healthy_percent} lets"
            f" {part_of(may_stop, service.desired, 'task', 'its')} go before a successor serves"
        )
    if service.desired <= SMALL:
        count = "its only task" if service.desired == 1 else f"its {service.desired} tasks"
        return f"{count} drained while the new targets were not yet healthy"
    return None


def _points(facts: Facts) -> Iterator[Point]:
    """503 a minute: of this subject's rows where they were read, else of the load balancer."""
    rows = own_clusters(facts, "no-target", elb_status=503)
    if rows:
        yield from (Point(at=row.at, value=c.count / len(c.rows)) for c in rows for row in c.rows)
        return
    metrics = facts.maybe(Metrics)
    if not isinstance(metrics, Metrics) or not facts.observed.errors_are_ours:
        return
    for balancer in (arn.split(":loadbalancer/", 1)[-1] for arn in facts.subject.load_balancers):
        series = metrics.find("HTTPCode_ELB_503_Count", "Sum", LoadBalancer=balancer)
        yield from series.between(facts.window.start, facts.window.end) if series else ()


def _healthy(facts: Facts) -> dict[str, dict[float, float]]:
    """Healthy targets of each target group by minute, as the node counted that saw the fewest."""
    return {
        dict(series.dimensions)["TargetGroup"]: {point.at.timestamp(): point.value for point in series.points}
        for series in series_of(facts.maybe(Metrics), "HealthyHostCount", "Minimum", facts.subject.target_groups)
        if series.points
    }


def _minutes(gap: tuple[Point, ...]) -> set[float]:
    return {point.at.replace(second=0, microsecond=0).timestamp() for point in gap if point.value > 0}


def _stayed_healthy(facts: Facts, gap: tuple[Point, ...]) -> bool:
    """True when every node saw a healthy target in every minute with a 503; without a count nothing is said."""
    wanted = _minutes(gap)
    counts = _healthy(facts).values()
    return bool(counts) and all(minutes.get(at, 0.0) > 0 for minutes in counts for at in wanted)


def _none_healthy(facts: Facts, gap: tuple[Point, ...]) -> Iterator[Evidence]:
    wanted = _minutes(gap)
    for minutes in _healthy(facts).values():
        none = sorted(at for at in wanted if minutes.get(at, 0.0) == 0)
        if none:
            minutes_with = "the minute" if len(wanted) == 1 else f"{len(none)} of {len(wanted)} minutes"
            text = f"no target was healthy in {minutes_with} with a 503"
            yield decisive(text, "cloudwatch:GetMetricData", at=min(point.at for point in gap if point.value > 0))
    health = facts.maybe(TargetHealth)
    states = {target.state for _, target in health.all()} if isinstance(health, TargetHealth) else set()
    if states and states <= {"draining", "initial"}:
        yield decisive(f"its targets are {' and '.join(sorted(states))}, none is healthy", "elbv2:DescribeTargetHealth")


def _rows(facts: Facts, rows: tuple[RowCluster, ...]) -> Iterator[Evidence]:
    for cluster in rows:
        when = f"from {cluster.first:%H:%M} to {cluster.last:%H:%M}"
        yield record(facts, cluster, f"503 with no target to send to, {when}")


def _refused(facts: Facts, rows: tuple[RowCluster, ...]) -> Iterator[Evidence]:
    for cluster in rows:
        text = "502 from new tasks whose server did not listen yet, and that are healthy by now"
        yield record(facts, cluster, text, decides=False)


def _events(service: EcsService, span: DeploymentSpan) -> Iterator[Evidence]:
    """What ECS says of targets that left and came, oldest first."""
    told = [e for e in service.events if span.holds(e.at) and "registered" in e.message and "targets in" in e.message]
    for event in sorted(told, key=lambda event: event.at)[:EVENTS_TOLD]:
        what = event.message.split(")", 1)[-1].split("(", 1)[0].strip().replace(" 1 targets ", " 1 target ")
        yield supporting(f"ECS {what} a target group at {event.at:%H:%M:%S} UTC", "ecs:DescribeServices", at=event.at)
    began = f"the {span.name} began {span.begin:%H:%M} UTC"
    yield supporting(began, "ecs:DescribeServices", at=span.begin)


def _against(facts: Facts) -> Iterator[Evidence]:
    if not rows_were_read(facts):
        yield supporting("access logs were not read, which would name the group without targets", "s3:GetObject")
    if isinstance(facts.maybe(TargetHealth), Gap):
        yield supporting("target health was not read", "elbv2:DescribeTargetHealth")


def _advice(service: EcsService) -> str:
    if service.desired == 1:
        two = old_tasks_stay(service, "--desired-count 2")
        return f"Run two tasks or more, and let none go before a new one is healthy: {two}"
    if service.minimum_healthy_percent < 100:
        return f"Keep every old task until a new one is healthy: {old_tasks_stay(service)}"
    return (
        f"Run more than two tasks (`{update(service, '--desired-count 3')}`), or make the new ones healthy sooner: `aws"
        " elbv2 modify-target-group --target-group-arn ARN --health-check-interval-seconds 5"
        f" --health-check-timeout-seconds 4 --healthy-threshold-count 2`. {BLUE_GREEN}"
    )
