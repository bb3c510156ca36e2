"""Give new tasks longer until ECS obeys their health checks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from diagnostics.facts import EcsService, Metrics, RunningTasks, StoppedTasks, TargetGroup
from diagnostics.report import SettingChange
from diagnostics.rules import health_case
from diagnostics.rules.boot_time import boots_before, longer_since
from diagnostics.rules.health_reach import REACH_NEEDS, REACH_USES
from remediations.fix import Case, fix
from remediations.plan import Guard, Plan, Success, Undo
from remediations.steps import ecs_services, healthy, paths
from remediations.steps.deployments import groups_of

SETTING = "healthCheckGracePeriodSeconds"
SPARE = 1.5
STEP_S = 30
LEAST_S = 120
MOST_S = 900
"""A task that is dead from its start is replaced only after so long."""
STARTS_S = 120


@fix(
    id="ecs-grace-period",
    title="Lengthen the health check grace period",
    risk="low",
    causes=("health-check-grace-period-too-short",),
    calls=("ecs:UpdateService",),
    needs=(*REACH_NEEDS, EcsService, StoppedTasks),
    uses=(*REACH_USES, Metrics, RunningTasks),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html",),
)
def ecs_grace_period(case: Case) -> Iterator[Plan]:
    """Sets the service's health check grace period, which starts no deployment and may be done whoever deploys.

    One and a half times the longest start that was measured; where none was, twice the time after which tasks were
    stopped, and the plan says that it is not measured. Not offered again before a task was stopped under the present
    one. ECS then leaves new tasks alone for that long; the load balancer
    still sends them requests only when they are healthy. Tasks that are dead from their start are replaced later, too.
    The undo sets the earlier value.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-load-balancing.html
    """
    service = case.facts[EcsService]
    groups = groups_of(case.facts, service)
    if case.cause.band == "possible" or not groups or service.status != "ACTIVE":
        return
    measured = max((boot.seconds for group in groups for boot in boots_before(case.facts, group)), default=None)
    before = service.grace_period_s or 0
    if any(longer_since(health_case.killed_for(group, case.facts), before) for group in groups):
        return
    wanted = [_rounded(measured * SPARE)] if measured is not None and measured > before else []
    after = next(iter(wanted), _rounded(2 * max(before, *_ages(case, groups), LEAST_S / 2)))
    if before < after <= MOST_S:
        yield _plan(service, groups, after, measured if wanted else None)


def _ages(case: Case, groups: tuple[TargetGroup, ...]) -> list[float]:
    """How old tasks were when they were stopped for their health checks."""
    ages: list[timedelta] = []
    for group in groups:
        for task in health_case.killed_for(group, case.facts):
            end = task.stopping_at or task.stopped_at
            ages += [end - task.started_at] if end and task.started_at else []
    return [age.total_seconds() for age in ages] or [0.0]


def _rounded(seconds: float) -> int:
    return int(-(-seconds // STEP_S) * STEP_S)


def _plan(service: EcsService, groups: tuple[TargetGroup, ...], after: int, measured: int | None) -> Plan:
    before, name = service.grace_period_s, service.service
    why = (
        f"the longest start that was measured took {measured} s"
        if measured is not None
        else "how long a start takes was not measured: if tasks are still stopped, they need longer or never listen"
    )
    takes_s = after + STARTS_S + max(healthy.becomes_healthy_s(group) for group in groups)
    now, was = _is(service, after), _is(service, before or 0)
    return Plan(
        fix="ecs-grace-period",
        title=f"Set the grace period of {name} to {after} s",
        risk="low",
        resource=service.arn,
        changes=(SettingChange(resource=name, setting=SETTING, before=before, after=after),),
        guards=(ecs_services.is_active(service), was),
        writes=(ecs_services.update(service, {SETTING: after}, now),),
        success=Success(
            text="the tasks live on and pass their health checks",
            within_s=2 * takes_s,
            guards=(
                now,
                ecs_services.counts(service, max(service.desired, 1)),
                *(healthy.targets_healthy(group.arn) for group in groups),
            ),
        ),
        undo=Undo(
            kind="exact",
            text=f"sets the grace period to {before or 0} s again",
            writes=(ecs_services.update(service, {SETTING: before or 0}, was),),
            guards=(now,),
        ),
        touches=f"tasks of {name} that start from now on; those that run are left alone",
        warnings=(why, f"a task of {name} that never gets well is replaced only after {after} s"),
        eta_s=takes_s,
    )


def _is(service: EcsService, seconds: int) -> Guard:
    """AWS leaves it out where it was never set."""
    text = f"the grace period of {service.service} is {seconds} s"
    return ecs_services.setting(service, f"{SETTING} || {paths.number(0)}", seconds, text)
