from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Deployment, EcsService, StoppedTasks, Task
from diagnostics.printable import counted
from diagnostics.rules import task_stops
from diagnostics.rules.observations import is_abnormal_stop

MIN_FAILURES = 2
RECENT = timedelta(hours=1)


@cause(
    code="deployment-failing-loop",
    title="A deployment keeps starting tasks that fail",
    needs=(EcsService,),
    uses=(StoppedTasks,),
    clear_needs=(StoppedTasks,),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html",),
    leads_to=("no-registered-targets",),
    helped_by=("deployment-regression",),
)
def deployment_failing_loop(facts: Facts) -> Iterator[Finding]:
    """Decided by a deployment in progress whose tasks fail again and again: failedTasks, stops of its own tasks, or the
    event "is unable to consistently start tasks". Not for a finished deployment. failedTasks may stay flat with
    several target groups, so stops and events count as much.
    """
    service = facts[EcsService]
    stopped = facts.maybe(StoppedTasks)
    for deployment in service.deployments:
        if deployment.status != "PRIMARY" or deployment.rollout_state != "IN_PROGRESS":
            continue
        stops = _stops(stopped, deployment) if isinstance(stopped, StoppedTasks) else ()
        evidence = (*_counted(deployment), *_seen(stops), *_events(service, deployment, facts))
        if not evidence:
            continue
        number = max(deployment.failed_tasks, len(stops))
        failed = f"started {counted(number, 'task')} that failed" if number else "cannot start its tasks"
        breaker = "on" if service.circuit_breaker_enabled else "off, so it will not stop by itself"
        yield Finding(
            resource=deployment.id,
            summary=f"deployment of {task_stops.revision(deployment.task_definition)} {failed}; the circuit breaker is"
            f" {breaker}",
            supports=evidence,
            effect_seen=True,
            affects=frozenset(task.id for task in stops) | {deployment.id},
            explains=frozenset({"deployment", "task-stops"}) & facts.observed.symptoms,
            since=deployment.created_at,
            overturned_by=(
                f"the deployment completes: aws ecs describe-services --cluster {service.cluster} "
                f"--services {service.service} --query 'services[].deployments'"
            ),
            advice="Stop the deployment with a roll-back to the revision that ran, then mend why its tasks fail.",
        )


def _stops(stopped: StoppedTasks, deployment: Deployment) -> tuple[Task, ...]:
    return tuple(task for task in stopped.items if task.started_by == deployment.id and is_abnormal_stop(task))


def _counted(deployment: Deployment) -> Iterator[Evidence]:
    if deployment.failed_tasks >= MIN_FAILURES:
        text = f"{deployment.failed_tasks} of its tasks failed, {deployment.running} of {deployment.desired} run"
        yield decisive(text, "ecs:DescribeServices", at=deployment.updated_at, value=deployment.failed_tasks)


def _seen(stops: tuple[Task, ...]) -> Iterator[Evidence]:
    if len(stops) >= MIN_FAILURES:
        text = f"{len(stops)} stopped tasks belong to this deployment: {task_stops.named(stops)}"
        yield decisive(text, "ecs:DescribeTasks", at=stops[0].stopped_at, value=len(stops))


def _events(service: EcsService, deployment: Deployment, facts: Facts) -> Iterator[Evidence]:
    for event in service.events:
        started = event.at >= deployment.created_at and facts.now - event.at <= RECENT
        if started and "unable to consistently start tasks" in event.message:
            yield supporting(f"service event: {event.message[:300]}", "ecs:DescribeServices", at=event.at)
            return
