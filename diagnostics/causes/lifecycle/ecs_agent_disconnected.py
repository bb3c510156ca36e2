"""A container instance that ECS cannot talk to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import (
    ContainerInstance,
    ContainerInstances,
    EcsService,
    RunningTasks,
    ServiceEvent,
    TargetHealth,
    Task,
)
from diagnostics.printable import counted
from diagnostics.rules.host_effects import HostEffect, effect_on, others_fail_too
from diagnostics.rules.host_map import HOST_MAP_USES, HostMap
from diagnostics.rules.row_evidence import ROW_USES
from diagnostics.rules.task_stops import named

RECENT = timedelta(hours=1)
STARTS_WITHIN = timedelta(minutes=3)
"""A task that stays pending for longer on a host waits for its agent, not for the image of a usual start."""
_PENDING = frozenset({"PROVISIONING", "PENDING", "ACTIVATING"})
_AGENT_WORDS = ('encountered error "agent"', "waiting for amazon ecs agent to start")
MAX_SAID = 300
RESTART = (
    "Restart the agent on the host (systemctl restart ecs), look at its log, disk and way to the ECS endpoints; else"
    " drain the host and replace it."
)


@cause(
    code="ecs-agent-disconnected",
    title="The ECS agent of a host is not connected",
    needs=(),
    uses=(*HOST_MAP_USES, EcsService, *ROW_USES),
    clear_needs=(ContainerInstances, EcsService, RunningTasks, TargetHealth),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-agent-versions.html",),
    replaces=("task-placement-failed", "target-stale-registration", "connect-timeout-unattributed"),
    leads_to=("all-targets-unhealthy-fail-open", "deployment-failing-loop", "no-registered-targets"),
)
def ecs_agent_disconnected(facts: Facts) -> Iterator[Finding]:
    """ECS does not hear of a host: tasks sent there stay pending, those that end there keep their targets.

    Decided by agentConnected=false together with tasks that stay pending on it, targets on it that fail, or by the
    service event `encountered error "AGENT"`. An agent reconnects several times an hour as a matter of course, so that
    alone it is a risk. Where the instance itself is gone or ill, that is the root.
    """
    hosts = HostMap.of(facts)
    silent = [item for item in (hosts.instances.items if hosts.instances else ()) if not item.agent_connected]
    said = _events(facts)
    for item in silent:
        yield _finding(facts, hosts, item, said)
    if said and not silent:
        yield _by_event(facts, said)


def _events(facts: Facts) -> tuple[ServiceEvent, ...]:
    """Newest first; empty when the service has its tasks, because then it was overcome."""
    service = facts.maybe(EcsService)
    if not isinstance(service, EcsService) or service.running >= service.desired:
        return ()
    return tuple(
        event
        for event in service.events
        if facts.now - event.at <= RECENT and any(words in event.message.lower() for words in _AGENT_WORDS)
    )


def _finding(facts: Facts, hosts: HostMap, item: ContainerInstance, said: tuple[ServiceEvent, ...]) -> Finding:
    waiting = tuple(task for task in hosts.running if task.container_instance_arn == item.arn and _waits(task, facts))
    effect = effect_on(facts, hosts, item.ec2_instance_id)
    name = item.ec2_instance_id or item.arn.rsplit("/", 1)[-1]
    capacity = {"deployment", "no-targets", "elb_503"} if waiting or said else set()
    seen = effect.is_seen or bool(waiting) or bool(said)
    return Finding(
        resource=item.arn,
        summary=f"The ECS agent on {name} is not connected{_consequence(waiting, effect)}",
        supports=(
            decisive(f"agentConnected is false for {name} ({item.status})", "ecs:DescribeContainerInstances"),
            *_of_waiting(waiting),
            *_of_events(said),
            *effect.records,
        ),
        against=(*others_fail_too(effect), *_runs_well(hosts, item, effect)),
        effect_seen=seen,
        affects=effect.affects | frozenset(task.id for task in waiting) | frozenset({name}),
        explains=effect.explains | (frozenset(capacity) & facts.observed.symptoms),
        since=min((task.created_at for task in waiting if task.created_at), default=None),
        overturned_by=f"agentConnected true: aws ecs describe-container-instances --cluster"
        f" {facts.subject.cluster or 'CLUSTER'} --container-instances {item.arn.rsplit('/', 1)[-1]}",
        advice=RESTART,
    )


def _waits(task: Task, facts: Facts) -> bool:
    begun = task.created_at
    return task.last_status in _PENDING and begun is not None and facts.now - begun >= STARTS_WITHIN


def _consequence(waiting: tuple[Task, ...], effect: HostEffect) -> str:
    if waiting:
        return f"; {counted(len(waiting), 'task')} sent there {'does' if len(waiting) == 1 else 'do'} not start"
    if len(effect.silent) == 1:
        return "; 1 of its targets fails"
    return f"; {len(effect.silent)} of its targets fail" if effect.silent else ""


def _of_waiting(waiting: tuple[Task, ...]) -> Iterator[Evidence]:
    if waiting:
        text = f"{named(waiting)} pending there since {min(t.created_at for t in waiting if t.created_at):%H:%M}"
        yield decisive(text, "ecs:DescribeTasks", at=waiting[0].created_at, value=len(waiting))


def _of_events(said: tuple[ServiceEvent, ...]) -> Iterator[Evidence]:
    for event in said[:1]:
        yield decisive(f"service event: {event.message[:MAX_SAID]}", "ecs:DescribeServices", at=event.at)


def _runs_well(hosts: HostMap, item: ContainerInstance, effect: HostEffect) -> Iterator[Evidence]:
    host = hosts.host(item.ec2_instance_id)
    if effect.silent and host and host.system_status == host.instance_status == "ok":
        yield supporting(f"{host.id} passes its status checks", "ec2:DescribeInstanceStatus")


def _by_event(facts: Facts, said: tuple[ServiceEvent, ...]) -> Finding:
    service = facts.maybe(EcsService)
    missing = service.desired - service.running if isinstance(service, EcsService) else 0
    return Finding(
        resource=service.arn if isinstance(service, EcsService) else facts.subject.label,
        summary=f"ECS cannot place {counted(missing, 'task')}, because the agent of the host with room is not"
        " connected",
        supports=tuple(_of_events(said)),
        effect_seen=True,
        explains=frozenset({"deployment", "no-targets", "elb_503"}) & facts.observed.symptoms,
        since=said[-1].at,
        overturned_by="Container instances with agentConnected true: aws ecs list-container-instances --cluster"
        f" {facts.subject.cluster or 'CLUSTER'} --filter agentConnected==false",
        advice=RESTART,
    )
