from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import (
    EcsService,
    Gap,
    Metrics,
    Point,
    StoppedTasks,
    TargetGroup,
    TargetGroups,
    TargetHealth,
    Task,
)
from diagnostics.printable import counted
from diagnostics.report import Band
from diagnostics.rules import health_case, task_stops
from diagnostics.rules.app_lines import LINE_USES, Lines, lines_of
from diagnostics.rules.health_history import HealthHistory

QUICK_S = 20
"""A fault of so many seconds takes a target out: two checks ten seconds apart, or four of five."""
SHORT = timedelta(minutes=3)
RETURNS = 2
OLD_ENOUGH = timedelta(minutes=15)
MINUTE = timedelta(minutes=1)
DEPLOYMENT_TAKES = timedelta(minutes=15)
SOURCE = "cloudwatch:GetMetricData"
MAX_NAMED = 4


@cause(
    code="health-check-thresholds-too-aggressive",
    title="A pause of seconds is enough for the health check to give a target up",
    needs=health_case.CASE_NEEDS,
    uses=(*health_case.CASE_USES, *LINE_USES),
    clear_needs=(Metrics, *LINE_USES),
    docs=(health_case.CHECKS_DOC,),
    replaces=("health-check-timeout-too-short",),
    leads_to=health_case.LEADS_TO,
)
def health_check_thresholds_too_aggressive(facts: Facts) -> Iterator[Finding]:
    """Decided by targets that were well for long, fail for a minute or two at a time and come back by themselves (or
    are replaced by ECS for it), while the check gives a target up after at most 20 s (UnhealthyThresholdCount times
    HealthCheckIntervalSeconds); log lines of pauses confirm it. Refuted by a failure that lasts, by answers that the
    matcher refuses, by tasks that had just been started or ended by themselves, and by a deployment at that time.
    """
    history = HealthHistory.of(facts.maybe, facts.window)
    for arn in facts[TargetHealth].by_group:
        group = facts[TargetGroups].of(arn)
        if group is None or group.health_check.detection_s > QUICK_S or _lasts(facts, group, history):
            continue
        killed = history.killed(arn)
        if any(not _was_old(task) for task in killed) or _refused_answers(group, history):
            continue
        dips = tuple(one for one in _dips(facts, group) if not _explained(one, facts))
        pauses = lines_of(facts, facts.window.start, facts.window.end, "memory-pause")
        told = pauses if pauses is not None and pauses.enough else None
        if len(dips) >= RETURNS or (told is not None and (dips or killed)):
            yield _finding(facts, group, dips, killed, told)


def _runs(facts: Facts, group: TargetGroup) -> list[tuple[datetime, datetime]]:
    """Runs of minutes of the window with an unhealthy target."""
    metrics = facts.maybe(Metrics)
    points: list[Point] = []
    for series in metrics.with_metric("UnHealthyHostCount", "Maximum") if isinstance(metrics, Metrics) else ():
        if dict(series.dimensions).get("TargetGroup") == group.dimension and series.period_s <= MINUTE.seconds:
            points += series.between(facts.window.start, facts.window.end)
    runs: list[tuple[datetime, datetime]] = []
    for at in sorted({point.at for point in points if point.value > 0}):
        if runs and at - runs[-1][1] <= MINUTE:
            runs[-1] = (runs[-1][0], at)
        else:
            runs.append((at, at))
    return runs


def _dips(facts: Facts, group: TargetGroup) -> Iterator[tuple[datetime, datetime]]:
    """Those that are over and were short."""
    for first, last in _runs(facts, group):
        if last - first < SHORT and last < facts.window.end - 2 * MINUTE:
            yield first, last


def _lasts(facts: Facts, group: TargetGroup, history: HealthHistory) -> bool:
    """A constant failure: it is longer than a pause, or nothing but failing targets are left."""
    constant = any(last - first >= SHORT for first, last in _runs(facts, group))
    targets = health_case.checked(facts[TargetHealth].by_group.get(group.arn, ()))
    all_sick = bool(targets) and not any(target.state == "healthy" for target in targets)
    return constant or (all_sick and history.goes_on(group.arn))


def _refused_answers(group: TargetGroup, history: HealthHistory) -> bool:
    return any(way.kind == "answer" for way in history.failing(group.arn))


def _was_old(task: Task) -> bool:
    """It served for a while before it was given up."""
    return bool(task.started_at and task.stopped_at and task.stopped_at - task.started_at >= OLD_ENOUGH)


def _explained(dip: tuple[datetime, datetime], facts: Facts) -> bool:
    """Tasks that come or go by themselves make targets unhealthy for a moment too."""
    first, last = dip
    service, stopped = facts.maybe(EcsService), facts.maybe(StoppedTasks)
    deployments = service.deployments if isinstance(service, EcsService) else ()
    if any(one.created_at - MINUTE <= last and first <= one.created_at + DEPLOYMENT_TAKES for one in deployments):
        return True
    return any(
        task.stopped_at is not None
        and "failed ELB health checks" not in (task.stopped_reason or "")
        and first - SHORT <= task.stopped_at <= last + SHORT
        for task in (stopped.items if isinstance(stopped, StoppedTasks) else ())
    )


def _finding(
    facts: Facts,
    group: TargetGroup,
    dips: tuple[tuple[datetime, datetime], ...],
    killed: tuple[Task, ...],
    pauses: Lines | None,
) -> Finding:
    check = group.health_check
    setting = f"{check.unhealthy_threshold} checks {check.interval_s} s apart"
    times = [first for first, _ in dips] + [task.stopped_at for task in killed if task.stopped_at]
    stops = task_stops.explained_by_stops(killed, facts.observed) if killed else frozenset()
    return Finding(
        resource=group.arn,
        summary=f"a pause of seconds makes targets unhealthy ({setting}): it happened {_how_often(dips, killed)}, and"
        " none stayed so",
        supports=(
            *_seen(dips, setting),
            *((pauses.record(),) if pauses else ()),
            *_killed(killed),
            supporting(f"the check gives a target up after {setting}", "elbv2:DescribeTargetGroups"),
        ),
        against=tuple(_against(facts, pauses)),
        effect_seen=True,
        affects=frozenset(task.id for task in killed),
        explains=({"unhealthy"} & facts.observed.symptoms) | stops,
        since=min(times, default=None),
        overturned_by="a target that stays unhealthy: aws elbv2 describe-target-health --target-group-arn " + group.arn,
        advice=(
            "Give a target more time before it is given up: `aws elbv2 modify-target-group --target-group-arn"
            f" {group.arn} --unhealthy-threshold-count 3 --health-check-interval-seconds 15`; then shorten the pauses"
            " (heap size, work in the background, CPU)."
        ),
        at_most=_at_most(facts, pauses),
    )


def _at_most(facts: Facts, pauses: Lines | None) -> Band | None:
    """A guess while what would acquit it is not read: a deployment, or tasks that ended at these moments."""
    if pauses is not None:
        return None
    unread = any(isinstance(facts.maybe(kind), Gap) for kind in (EcsService, StoppedTasks))
    return "possible" if unread else "likely"


def _how_often(dips: tuple[tuple[datetime, datetime], ...], killed: tuple[Task, ...]) -> str:
    count = max(len(dips), len(killed))
    return "once" if count == 1 else f"{count} times"


def _seen(dips: tuple[tuple[datetime, datetime], ...], setting: str) -> Iterator[Evidence]:
    if dips:
        when = ", ".join(f"{first:%H:%M}" for first, _ in dips[:MAX_NAMED])
        text = f"targets were unhealthy for at most {SHORT.seconds // 60} minutes at {when} UTC and then well again"
        record_of = decisive if len(dips) >= RETURNS else supporting
        yield record_of(f"{text}, after {setting}", SOURCE, at=dips[0][0], value=len(dips))


def _killed(killed: tuple[Task, ...]) -> Iterator[Evidence]:
    if killed:
        text = f"ECS replaced {counted(len(killed), 'task')} for it that had served before: {task_stops.named(killed)}"
        yield supporting(text, "ecs:DescribeTasks", at=killed[0].stopped_at)


def _against(facts: Facts, pauses: Lines | None) -> Iterator[Evidence]:
    if pauses is None:
        yield supporting("why the targets paused was not read", "logs:FilterLogEvents")
    if isinstance(facts.maybe(StoppedTasks), Gap):
        yield supporting("whether tasks ended at these moments was not read", "ecs:DescribeTasks")
    if isinstance(facts.maybe(EcsService), Gap):
        yield supporting("whether a deployment went on at these moments was not read", "ecs:DescribeServices")
