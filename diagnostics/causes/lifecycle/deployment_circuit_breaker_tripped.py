"""The circuit breaker gave a deployment up."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive
from diagnostics.facts import EcsService, Gap, ServiceHistory, StoppedTasks, Task
from diagnostics.printable import line
from diagnostics.rules import task_stops
from diagnostics.rules.observations import is_abnormal_stop

MAX_SAID = 240


@cause(
    code="deployment-circuit-breaker-tripped",
    title="The deployment circuit breaker gave a deployment up",
    needs=(EcsService,),
    uses=(ServiceHistory, StoppedTasks),
    clear_needs=(ServiceHistory,),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html",),
    replaces=("deployment-failing-loop",),
)
def deployment_circuit_breaker_tripped(facts: Facts) -> Iterator[Finding]:
    """Decided by a deployment that stands at FAILED for it, or by an event or the history of this time that names the
    circuit breaker. It tells that tasks failed, not why: what ended them is the root, and this its consequence. It
    comes first only where nothing that was read says why. Refuted by a deployment that a person stopped, or that
    completed.
    """
    service = facts[EcsService]
    evidence = tuple(_evidence(facts, service))
    if not evidence:
        return
    failed = _failed_tasks(facts, evidence)
    rolled_back = service.circuit_breaker_rollback
    unknown = "" if isinstance(facts.maybe(StoppedTasks), Gap) else "; its failed tasks are not in ECS any more"
    yield Finding(
        resource=service.arn,
        summary="the circuit breaker gave a deployment up because its tasks kept failing"
        + ("; the service was rolled back" if rolled_back else "; nothing rolls it back by itself")
        + (f" (failed: {task_stops.named(failed)})" if failed else unknown),
        supports=evidence,
        effect_seen=True,
        role="consequence",
        affects=frozenset(task.id for task in failed),
        explains=frozenset({"deployment"}) & facts.observed.symptoms,
        since=min((item.at for item in evidence if item.at), default=None),
        overturned_by=(
            f"a status reason that names something else: aws ecs list-service-deployments --cluster {service.cluster} "
            f"--service {service.service}"
        ),
        advice="See why its tasks stopped (stopped tasks, service events, the container's log); deploy again when that"
        " is mended" + ("." if rolled_back else ", and switch on the circuit breaker's roll-back."),
    )


def _evidence(facts: Facts, service: EcsService) -> Iterator[Evidence]:
    for deployment in service.deployments:
        if deployment.rollout_state == "FAILED" and "circuit breaker" in deployment.rollout_state_reason:
            text = f"deployment of {task_stops.revision(deployment.task_definition)} FAILED:"
            reason = line(deployment.rollout_state_reason, MAX_SAID)
            yield decisive(f'{text} "{reason}"', "ecs:DescribeServices", at=deployment.updated_at)
    for event in service.events:
        if event.at >= facts.window.start and "deployment failed: tasks failed to start" in event.message:
            yield decisive(f'ECS says: "{line(event.message, MAX_SAID)}"', "ecs:DescribeServices", at=event.at)
            break
    history = facts.maybe(ServiceHistory)
    for past in history.deployments if isinstance(history, ServiceHistory) else ():
        at = past.finished_at or past.started_at or past.created_at
        if past.circuit_breaker_status == "TRIGGERED" and at is not None and at >= facts.window.start:
            text = f"the history says {past.status}, circuit breaker {past.circuit_breaker_status}"
            yield decisive(text, "ecs:DescribeServiceDeployments", at=at)
            return


def _failed_tasks(facts: Facts, evidence: tuple[Evidence, ...]) -> tuple[Task, ...]:
    """Tasks that failed by themselves before it was given up."""
    stopped = facts.maybe(StoppedTasks)
    until = max((item.at for item in evidence if item.at), default=facts.now)
    return tuple(
        task
        for task in (stopped.items if isinstance(stopped, StoppedTasks) else ())
        if is_abnormal_stop(task) and task.stopped_at and facts.window.start <= task.stopped_at <= until
    )
