from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import (
    CodeDeployments,
    Deployment,
    EcsService,
    Metrics,
    RunningTasks,
    StoppedTasks,
    TargetHealth,
    Task,
    TaskDefinitions,
)
from diagnostics.rules import task_stops
from diagnostics.rules.asking import balancer_metric
from diagnostics.rules.going_back import by_itself, way_back
from diagnostics.rules.observations import ELB_CODES, is_abnormal_stop
from diagnostics.rules.row_evidence import source_of
from diagnostics.rules.rows_by_revision import REVISION_USES, RowsByRevision, rows_by_revision

SOON = timedelta(minutes=15)
TOLERANCE = timedelta(minutes=1)
MAX_AGE = timedelta(hours=3)
HALF_AN_HOUR = timedelta(minutes=30)
OWN_ERRORS = "the targets themselves answer 5xx since then; access logs would tell whether only new ones do"


@cause(
    code="deployment-regression",
    title="The trouble came with a deployment",
    needs=(EcsService,),
    uses=(*REVISION_USES, TargetHealth, TaskDefinitions, CodeDeployments),
    clear_needs=(Metrics, StoppedTasks),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html",),
    leads_to=("target-generated-5xx",),
    helped_by=("deployment-min-healthy-too-low",),
)
def deployment_regression(facts: Facts) -> Iterator[Finding]:
    """Decided by trouble that began within a quarter of an hour after a deployment of another revision began, and that
    touches only tasks of the new one: unhealthy targets, failing tasks, the targets' own 5xx, access log rows on its
    targets. Refuted by errors before the deployment, or by the same trouble on tasks of the old revision. Beside the
    mechanism that the new revision brought it contributes; it comes first only where no mechanism is visible. The order
    in time alone is circumstantial and gives way to any well-founded cause.
    """
    service = facts[EcsService]
    deployment = _newest(service, facts)
    onset = facts.observed.onset
    if deployment is None or facts.observed.kind == "none":
        return
    served_from = _first_task(facts, deployment) or deployment.created_at
    if onset is not None and not deployment.created_at - TOLERANCE <= onset <= served_from + SOON:
        return
    new_only, old_too = _trouble_by_revision(facts, deployment)
    rows = rows_by_revision(facts, deployment)
    if old_too or rows.old_too or (onset is None and not new_only):
        return
    tells_apart = bool(new_only) or (rows.new_only and rows.old_served)
    new_only += _rows(facts, rows)
    revision = task_stops.revision(deployment.task_definition)
    timing = supporting(
        f"deployment of {revision} began {deployment.created_at:%H:%M} UTC"
        + (f", the first sign of trouble is {onset:%H:%M} UTC" if onset else ""),
        "ecs:DescribeServices",
        at=deployment.created_at,
    )
    own_errors = facts.observed.saw("target_5xx") and onset is not None
    own = supporting(OWN_ERRORS, "cloudwatch:GetMetricData", at=onset)
    yield Finding(
        resource=deployment.id,
        summary=f"the trouble began with the deployment of {revision}",
        supports=(
            *((decisive(timing.text, timing.source, timing.at),) if own_errors or tells_apart else (timing,)),
            *new_only,
            *((own,) if own_errors and not rows.new_only else ()),
        ),
        against=() if tells_apart else (supporting("which revision answered badly was not seen", "ecs:DescribeTasks"),),
        effect_seen=True,
        role="contributing",
        affects=frozenset({deployment.id}),
        explains=facts.observed.symptoms,
        since=deployment.created_at,
        overturned_by="errors on tasks of the old revision in the access logs, or any in the half hour before: "
        + _errors_before(facts, deployment),
        advice=_advice(facts, service, deployment),
        at_most=None if rows.new_only and rows.old_served else "likely",
        circumstantial=not tells_apart,
    )


def _errors_before(facts: Facts, deployment: Deployment) -> str:
    code = next((code for code in ELB_CODES if facts.observed.saw(f"elb_{code}")), None)
    name = f"HTTPCode_ELB_{code}_Count" if code else "HTTPCode_Target_5XX_Count"
    began = deployment.created_at
    return balancer_metric(facts, name, "Sum", began - HALF_AN_HOUR, began)


def _advice(facts: Facts, service: EcsService, deployment: Deployment) -> str:
    revision, before = task_stops.revision(deployment.task_definition), _before(facts, service, deployment)
    made = facts.maybe(CodeDeployments)
    back, later = way_back(service, deployment, before, made), by_itself(service, deployment, made)
    next_one = f" So that the next one goes back by itself: {later}" if later else ""
    return f"Roll back {revision} while the fault in it is looked for: {back}.{next_one}"


def _before(facts: Facts, service: EcsService, deployment: Deployment) -> str | None:
    """The revision that served before: the one that still does, else the one that ECS knows from before."""
    still = (one.task_definition for one in service.deployments if one.task_definition != deployment.task_definition)
    definitions = facts.maybe(TaskDefinitions)
    known = definitions.previous_arn if isinstance(definitions, TaskDefinitions) else None
    found = next(still, known)
    return found if found != deployment.task_definition else None


def _rows(facts: Facts, rows: RowsByRevision) -> tuple[Evidence, ...]:
    """Decisive only while targets of the old revision were there to have had errors too."""
    if not rows.new_only:
        return ()
    text = f"{rows.on_new:,} access log rows of errors are on targets of the new revision, {rows.on_old} on others"
    record_of = decisive if rows.old_served else supporting
    return (record_of(text, source_of(facts), value=rows.on_new),)


def _newest(service: EcsService, facts: Facts) -> Deployment | None:
    primary = service.primary
    if primary is None or facts.now - primary.created_at > MAX_AGE or primary.created_at == service.created_at:
        return None
    return primary


def _first_task(facts: Facts, deployment: Deployment) -> datetime | None:
    """When the first task of the deployment ran, as far as ECS still knows it."""
    running, stopped = facts.maybe(RunningTasks), facts.maybe(StoppedTasks)
    tasks = (
        *(running.items if isinstance(running, RunningTasks) else ()),
        *(stopped.items if isinstance(stopped, StoppedTasks) else ()),
    )
    starts = [task.started_at for task in tasks if task.started_by == deployment.id and task.started_at]
    return min(starts, default=None)


def _trouble_by_revision(facts: Facts, deployment: Deployment) -> tuple[tuple[Evidence, ...], bool]:
    """Evidence that only tasks of the deployment are in trouble, and whether tasks of another revision are too."""
    evidence: list[Evidence] = []
    old_too = False
    running, health = facts.maybe(RunningTasks), facts.maybe(TargetHealth)
    if isinstance(running, RunningTasks) and isinstance(health, TargetHealth):
        sick = {target.id for _, target in health.in_state("unhealthy")}
        well = {target.id for _, target in health.in_state("healthy")}
        new, old = _split(running.items, deployment)
        sick_new = [task for task in new if sick & set(task.private_ips)]
        old_too |= any(sick & set(task.private_ips) for task in old)
        well_old = [task for task in old if well & set(task.private_ips)]
        if sick_new and well_old:
            sick_ones = "1 unhealthy target is" if len(sick_new) == 1 else f"{len(sick_new)} unhealthy targets are all"
            text = f"{sick_ones} of the new revision, {len(well_old)} of the old are healthy"
            evidence.append(decisive(text, "elbv2:DescribeTargetHealth"))
    stopped = facts.maybe(StoppedTasks)
    if isinstance(stopped, StoppedTasks):
        lately = [task for task in stopped.items if task.stopped_at and task.stopped_at >= facts.window.start]
        failed = [task for task in lately if is_abnormal_stop(task)]
        new, old = _split(failed, deployment)
        old_too |= bool(old)
        if new and not old:
            failed_ones = "the task that failed is" if len(new) == 1 else f"all {len(new)} tasks that failed are"
            text = f"{failed_ones} of the new revision"
            evidence.append(decisive(text, "ecs:DescribeTasks", at=new[-1].stopped_at))
    return tuple(evidence), old_too


def _split(tasks: Iterable[Task], deployment: Deployment) -> tuple[list[Task], list[Task]]:
    """Tasks of the deployment's task definition, and the others."""
    new: list[Task] = []
    old: list[Task] = []
    for task in tasks:
        (new if task.task_definition == deployment.task_definition else old).append(task)
    return new, old
