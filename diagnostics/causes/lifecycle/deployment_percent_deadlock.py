"""A deployment may neither start a new task nor stop an old one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Deployment, EcsService
from diagnostics.printable import counted, line
from diagnostics.rules import task_stops
from diagnostics.rules.deployment_room import DeploymentRoom

WAITS_FOR = timedelta(minutes=5)
RECENT = timedelta(hours=7)
"""ECS leaves out equal messages for up to six hours."""
MAX_SAID = 240
USED_UP = "the percentages leave room; old tasks that are not healthy use it up"
_SAID = "unable to stop or start tasks during a deployment"


@cause(
    code="deployment-percent-deadlock",
    title="The deployment's percentages leave it no room to move",
    needs=(EcsService,),
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html",
        "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html",
    ),
    replaces=("deployment-failing-loop",),
)
def deployment_percent_deadlock(facts: Facts) -> Iterator[Finding]:
    """Decided by the event that ECS could not stop or start tasks because of the deployment configuration, or by a
    deployment that has started nothing while the arithmetic allows neither: minimum and maximum both 100 percent, or
    percentages that round to it (one task with a maximum of 150 percent is still one task). The old version stays and
    serves. Refuted by tasks of the new revision that start. Without a deployment under way it is a risk.
    """
    service = facts[EcsService]
    room = DeploymentRoom.of(service)
    if service.deployment_controller != "ECS" or service.deployment_strategy != "ROLLING" or service.desired == 0:
        return
    waiting = _waiting(facts, service)
    said = tuple(_said(facts, service, waiting)) if waiting else ()
    if not room.is_deadlocked and not said:
        return
    stuck = waiting if waiting and (said or facts.now - waiting.created_at >= WAITS_FOR) else None
    yield Finding(
        resource=stuck.id if stuck else service.arn,
        summary=_summary(service, room, stuck=stuck is not None),
        supports=(*said, *_arithmetic(service, room), *(_nothing_started(stuck) if stuck else ())),
        against=() if room.is_deadlocked else (supporting(USED_UP, "ecs:DescribeServices"),),
        effect_seen=stuck is not None,
        affects=frozenset({stuck.id}) if stuck else frozenset(),
        explains=frozenset({"deployment"}) & facts.observed.symptoms if stuck else frozenset(),
        since=stuck.created_at if stuck else None,
        overturned_by=(
            f"a task of the new revision that starts: aws ecs describe-services --cluster {service.cluster} "
            f"--services {service.service} --query 'services[].deployments[].[status,runningCount,pendingCount]'"
        ),
        advice="Set maximum percent to 200 with minimum healthy percent 100; where there is no room for an extra task,"
        " lower the minimum instead and accept fewer tasks during deployments.",
    )


def _waiting(facts: Facts, service: EcsService) -> Deployment | None:
    """The deployment under way that has started no task and has had none fail, beside one that still runs."""
    primary = service.primary
    old_runs = any(d.status == "ACTIVE" and d.running > 0 for d in service.deployments)
    if primary is None or primary.rollout_state not in ("IN_PROGRESS", None) or not old_runs:
        return None
    started = primary.running or primary.pending or primary.failed_tasks
    return None if started or primary.created_at > facts.now else primary


def _said(facts: Facts, service: EcsService, waiting: Deployment) -> Iterator[Evidence]:
    for event in service.events:
        if _SAID in event.message and event.at >= waiting.created_at and facts.now - event.at <= RECENT:
            yield decisive(f'ECS says: "{line(event.message, MAX_SAID)}"', "ecs:DescribeServices", at=event.at)
            return


def _arithmetic(service: EcsService, room: DeploymentRoom) -> Iterator[Evidence]:
    if room.is_deadlocked:
        yield decisive(
            f"of {counted(room.desired, 'task')}, minimum healthy percent {service.minimum_healthy_percent} keeps"
            f" {room.keep} and maximum percent {service.maximum_percent} allows {room.at_most}",
            "ecs:DescribeServices",
            value=service.maximum_percent,
        )


def _nothing_started(waiting: Deployment) -> Iterator[Evidence]:
    revision = task_stops.revision(waiting.task_definition)
    text = f"the deployment of {revision} has started no task since {waiting.created_at:%H:%M} UTC"
    yield supporting(text, "ecs:DescribeServices", at=waiting.created_at)


def _summary(service: EcsService, room: DeploymentRoom, *, stuck: bool) -> str:
    percents = f"minimum {service.minimum_healthy_percent} % and maximum {service.maximum_percent} %"
    tasks = counted(room.desired, "task")
    if stuck:
        return f"the deployment cannot move: with {tasks}, {percents} let it neither start nor stop one"
    return f"with {tasks}, {percents} would let a deployment neither start nor stop one"
