"""An EC2 host ended or failed, with all that ran on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Changes, Host, ScalingActivities, ScalingActivity, Task
from diagnostics.printable import counted
from diagnostics.report import Role
from diagnostics.rules import task_stops
from diagnostics.rules.changes import change_evidence, changes_before_onset
from diagnostics.rules.host_effects import HostEffect, effect_on, others_fail_too, rows_at_end
from diagnostics.rules.host_ends import HELPED_BY, replaces_the_ill, tells_of_a_lost_host
from diagnostics.rules.host_map import HOST_MAP_USES, HostMap
from diagnostics.rules.row_evidence import ROW_USES

MAX_REASON = 200
ENDS = ("StopInstances", "TerminateInstances")


@cause(
    code="container-instance-lost",
    title="An EC2 host under the targets is gone or not well",
    needs=(),
    uses=(*HOST_MAP_USES, ScalingActivities, Changes, *ROW_USES),
    clear_needs=(*HOST_MAP_USES, *ROW_USES),
    shows=("elb_502", "elb_503", "elb_504", "no-targets", "task-stops", "unhealthy", "unused"),
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html",
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-system-instance-status-check.html",
    ),
    replaces=(
        "connect-timeout-unattributed",
        "health-check-timeout-too-short",
        "manual-stop-task",
        "port-not-listening",
    ),
    leads_to=(
        "all-targets-unhealthy-fail-open",
        "ecs-agent-disconnected",
        "no-registered-targets",
        "target-instance-stopped",
    ),
    helped_by=HELPED_BY,
)
def container_instance_lost(facts: Facts) -> Iterator[Finding]:
    """Several tasks or targets fail together because the EC2 instance under them stopped, was terminated or is ill.

    Decided by stop reasons that name the host ("Host EC2 (instance …) terminated."), by the instance's state, or by
    its status checks while its targets are silent. Refuted when targets on other hosts fail in the same way, or when
    the tasks were drained and stopped by the scheduler. A scale-in, a Spot interruption or a retirement that ended the
    host is the root, and this its consequence.
    """
    hosts = HostMap.of(facts)
    ended = _ended_with_their_host(hosts, facts)
    for instance_id, tasks in ended.items():
        host = hosts.host(instance_id)
        yield _finding(facts, hosts, instance_id, host, tasks)
    for host in hosts.hosts.items if hosts.hosts else ():
        tasks = hosts.tasks_on(host.id)
        ill = host.is_impaired and (tasks or hosts.targets_on(host.id))
        took_rows = bool(rows_at_end(facts, host.id)) and not hosts.targets_on(host.id)
        if host.id not in ended and (ill or (host.is_gone and (tasks or took_rows))):
            yield _finding(facts, hosts, host.id, host, ())


def _ended_with_their_host(hosts: HostMap, facts: Facts) -> dict[str, tuple[Task, ...]]:
    """Tasks by their host, whose own words say that it took them along."""
    found: dict[str, list[Task]] = {}
    for task in hosts.stopped:
        if task.stopped_at and task.stopped_at >= facts.window.start and tells_of_a_lost_host(task.stopped_reason):
            place = hosts.host_id_of(task) or task.container_instance_arn or "an unknown host"
            found.setdefault(place, []).append(task)
    return {place: tuple(tasks) for place, tasks in found.items()}


def _finding(facts: Facts, hosts: HostMap, instance_id: str, host: Host | None, ended: tuple[Task, ...]) -> Finding:
    effect = effect_on(facts, hosts, instance_id, ended)
    activity = _activity(facts, instance_id)
    name = instance_id.rsplit("/", 1)[-1]
    return Finding(
        resource=instance_id,
        summary=_summary(name, host, ended, effect),
        supports=(
            *_of_tasks(ended),
            *_of_host(host),
            *_of_agent(hosts, instance_id),
            *effect.records,
            *(_told(activity) if activity else _ended_by_somebody(facts, instance_id)),
        ),
        against=tuple(others_fail_too(effect)),
        effect_seen=effect.is_seen,
        surely_hurts=bool(ended),
        role=_role(activity),
        affects=effect.affects | frozenset({instance_id}),
        explains=effect.explains,
        at_most="likely" if effect.by_elimination else None,
        since=_since(host, ended),
        overturned_by=f"An instance that runs and passes both checks: aws ec2 describe-instance-status"
        f" --include-all-instances --instance-ids {name}",
        advice=_advice(hosts),
    )


def _advice(hosts: HostMap) -> str:
    spread = "spread over hosts and zones, so that one host holds no more than can be missed."
    if hosts.running or hosts.stopped:
        return f"Set the container instance to DRAINING and let Auto Scaling replace it; have tasks {spread}"
    return (
        "Deregister and replace the instance; an Auto Scaling group with health check type ELB does so by itself. Have"
        f" targets {spread}"
    )


def _summary(name: str, host: Host | None, ended: tuple[Task, ...], effect: HostEffect) -> str:
    if ended:
        how = f", which is {host.state}" if host and host.is_gone else ""
        return f"{counted(len(ended), 'task')} ended with host {name}{how}"
    if effect.lost:
        return f"Host {name} was {host.state if host else 'gone'} while requests still went to it"
    what = "fails its status checks" if host and host.is_impaired else f"is {host.state if host else 'gone'}"
    number = f"{len(effect.silent)} targets on it do not answer" if len(effect.silent) > 1 else "its target is silent"
    return f"Host {name} {what}{f', and {number}' if effect.silent else ''}"


def _of_tasks(ended: tuple[Task, ...]) -> Iterator[Evidence]:
    if ended:
        said = (ended[0].stopped_reason or "")[:MAX_REASON]
        text = f"{task_stops.named(ended)} stopped: {said}"
        yield decisive(text, "ecs:DescribeTasks", at=ended[0].stopped_at, value=len(ended))


def _of_host(host: Host | None) -> Iterator[Evidence]:
    if host and host.is_gone:
        why = f": {host.reason_code or host.reason}" if host.reason_code or host.reason else ""
        yield decisive(f"{host.id} is {host.state}{why}", "ec2:DescribeInstances", at=host.ended_at)
    if host and host.is_impaired:
        checks = {"system": host.system_status, "instance": host.instance_status}
        which = " and ".join(name for name, status in checks.items() if status == "impaired")
        text = f"{host.id} is impaired by its {which} status check"
        yield decisive(text, "ec2:DescribeInstanceStatus", at=host.impaired_since)


def _of_agent(hosts: HostMap, instance_id: str) -> Iterator[Evidence]:
    items = hosts.instances.items if hosts.instances else ()
    if any(item.ec2_instance_id == instance_id and not item.agent_connected for item in items):
        yield supporting("its ECS agent is not connected", "ecs:DescribeContainerInstances")


def _activity(facts: Facts, instance_id: str) -> ScalingActivity | None:
    done = facts.maybe(ScalingActivities)
    items = done.items if isinstance(done, ScalingActivities) else ()
    return next((item for item in items if item.terminates and item.instance_id == instance_id), None)


def _told(activity: ScalingActivity) -> Iterator[Evidence]:
    text = f"Auto Scaling terminated it: {activity.cause[-MAX_REASON:]}"
    yield supporting(text, "autoscaling:DescribeScalingActivities", at=activity.started_at)


def _ended_by_somebody(facts: Facts, instance_id: str) -> Iterator[Evidence]:
    onset = facts.observed.onset or facts.now
    ended = changes_before_onset(facts.maybe(Changes), resources=(instance_id,), names=ENDS, onset=onset)
    yield from (change_evidence(change) for change in ended[:1])


def _role(activity: ScalingActivity | None) -> Role:
    """Replaced because its targets failed: what made them fail is the fault."""
    return "contributing" if activity and replaces_the_ill(activity) else "root"


def _since(host: Host | None, ended: tuple[Task, ...]) -> datetime | None:
    times = [task.stopping_at or task.stopped_at for task in ended]
    known = [at for at in (*times, host.ended_at if host else None, host.impaired_since if host else None) if at]
    return min(known, default=None)
