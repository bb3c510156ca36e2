from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from diagnostics.causes.cause import Facts, Finding, cause, decisive, supporting
from diagnostics.facts import EcsService, ServiceEvent
from diagnostics.printable import counted, part_of

RECENT = timedelta(hours=1)
_PLACEMENT = "unable to place a task"
_OTHER_CAUSES = (
    "capacity is unavailable",
    "vcpu",
    "number of tasks you can run concurrently",
    "resourceinitializationerror",
    "cannotpull",
    "network interface",
)
_SHORT_OF = {
    "insufficient memory": ("not enough memory", "Add instances or lower the task's memory reservation."),
    "insufficient cpu": ("not enough CPU units", "Add instances or lower the task's CPU reservation."),
    "already using a port": ("no free host port", "Use dynamic host ports, or add instances."),
    "missing an attribute": (
        "no host with an attribute that the task requires",
        "Check placement constraints and instance types.",
    ),
    'error "agent"': ("no connected agent", "The ECS agent of the instance is not connected."),
    "resource:memory": ("not enough memory", "Add instances or lower the task's memory reservation."),
    "resource:cpu": ("not enough CPU units", "Add instances or lower the task's CPU reservation."),
}


@cause(
    code="task-placement-failed",
    title="ECS finds no place to run a task",
    needs=(EcsService,),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html",),
    leads_to=("deployment-failing-loop", "no-registered-targets"),
    helped_by=("deployment-regression", "deployment-min-healthy-too-low"),
)
def task_placement_failed(facts: Facts) -> Iterator[Finding]:
    """Decided by the service event "was unable to place a task" in the last hour while fewer tasks run than wanted.
    Refuted when the service has its tasks: the event was overcome. Fargate capacity, quotas, image pulls and
    initialisation speak through the same event and are other causes.
    """
    service = facts[EcsService]
    events = [event for event in service.events if facts.now - event.at <= RECENT and _is_placement(event)]
    if not events:
        return
    newest = events[0]
    missing = service.desired - service.running
    short_of, advice = _short_of(newest.message)
    if missing <= 0 and not any(d.running < d.desired for d in service.deployments):
        return
    run = f"{service.running} of {counted(service.desired, 'task')} run"
    lack = f": the cluster has {short_of}" if short_of else ""
    yield Finding(
        resource=service.arn,
        summary=f"ECS cannot place {part_of(max(missing, 1), service.desired, 'task', 'its')}{lack}",
        supports=(
            decisive(f"service event: {newest.message[:400]}", "ecs:DescribeServices", at=newest.at),
            supporting(run, "ecs:DescribeServices", value=service.running),
        ),
        effect_seen=True,
        explains=frozenset({"deployment", "no-targets", "elb_503", "task-stops"}) & facts.observed.symptoms,
        since=events[-1].at,
        overturned_by=(
            f"a later steady state: aws ecs describe-services --cluster {service.cluster} --services {service.service} "
            "--query 'services[].events[:5]'"
        ),
        advice=advice,
    )


def _is_placement(event: ServiceEvent) -> bool:
    lowered = event.message.lower()
    return _PLACEMENT in lowered and not any(word in lowered for word in _OTHER_CAUSES)


def _short_of(message: str) -> tuple[str, str]:
    lowered = message.lower()
    for words, (what, advice) in _SHORT_OF.items():
        if words in lowered:
            return what, advice
    return "", "Add capacity to the cluster, or make the task smaller."
