"""AWS took Spot capacity back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Host, ScalingActivities, Task
from diagnostics.printable import counted
from diagnostics.rules.asking import described_task
from diagnostics.rules.host_effects import effect_on
from diagnostics.rules.host_ends import (
    BY_A_PERSON,
    HELPED_BY,
    LEADS_TO,
    ended_by_spot,
    is_scale_in,
    is_spot,
    tells_of_a_lost_host,
)
from diagnostics.rules.host_map import HOST_MAP_USES, HostMap
from diagnostics.rules.row_evidence import ROW_USES, of_these_stops
from diagnostics.rules.served_by import ANY_SHUTDOWN, SERVED_USES, shutdown_advice
from diagnostics.rules.task_stops import explained_by_stops, named

FARGATE_SPOT = "FARGATE_SPOT"
MAX_REASON = 200


@cause(
    code="spot-interruption",
    title="Spot capacity was taken back",
    needs=(),
    uses=(*HOST_MAP_USES, ScalingActivities, *ROW_USES, *SERVED_USES),
    clear_needs=(*HOST_MAP_USES, ScalingActivities),
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html",
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html",
    ),
    leads_to=LEADS_TO,
    helped_by=HELPED_BY,
)
def spot_interruption(facts: Facts) -> Iterator[Finding]:
    """Tasks ended two minutes after a Spot notice, and requests that were on their way ended with them.

    Decided by the stop code SpotInterruption, by a termination notice of a task on FARGATE_SPOT, or by an instance
    whose state says that Spot ended it. Refuted where nothing of it is on Spot: a terminated host alone is a lost
    host, and one that Auto Scaling ended by its own decision is a scale-in. Without errors it is a risk that passed.
    """
    hosts = HostMap.of(facts)
    interrupted = tuple(task for task in hosts.stopped if _is_interrupted(task, hosts, facts))
    if interrupted:
        yield _of_tasks(facts, hosts, interrupted)
    known = {hosts.host_id_of(task) for task in interrupted}
    for host in hosts.hosts.items if hosts.hosts else ():
        if host.is_gone and ended_by_spot(host) and host.id not in known and _in_window(host.ended_at, facts):
            yield _of_host(facts, hosts, host)


def _is_interrupted(task: Task, hosts: HostMap, facts: Facts) -> bool:
    """With evidence of Spot only: a terminated host may have had any reason."""
    if not _in_window(task.stopped_at, facts) or task.stop_code == BY_A_PERSON:
        return False
    said = (task.stopped_reason or "").lower()
    if task.stop_code == "SpotInterruption" or ("spot" in said and "interrupt" in said):
        return True
    if task.stop_code != "TerminationNotice" and not tells_of_a_lost_host(task.stopped_reason):
        return False
    if task.capacity_provider == FARGATE_SPOT:
        return True
    host = hosts.host(hosts.host_id_of(task))
    return host is not None and (ended_by_spot(host) or _was_noticed(host, facts))


def _was_noticed(host: Host, facts: Facts) -> bool:
    """Auto Scaling ended a Spot instance because of a rebalance recommendation or a notice."""
    done = facts.maybe(ScalingActivities)
    items = done.items if isinstance(done, ScalingActivities) else ()
    of_host = [item for item in items if item.terminates and item.instance_id == host.id]
    return host.lifecycle == "spot" and any(is_spot(item) and not is_scale_in(item) for item in of_host)


def _in_window(at: datetime | None, facts: Facts) -> bool:
    return at is not None and at >= facts.window.start


def _of_tasks(facts: Facts, hosts: HostMap, tasks: tuple[Task, ...]) -> Finding:
    explains = explained_by_stops(tasks, facts.observed)
    newest = tasks[0]
    said = newest.stopped_reason or newest.stop_code or "no reason given"
    errors = "" if explains or facts.observed.errors_unread else "; no errors followed"
    return Finding(
        resource=newest.capacity_provider or hosts.host_id_of(newest) or newest.task_definition,
        summary=f"{counted(len(tasks), 'task')} ended because Spot capacity was taken back{errors}",
        supports=(
            decisive(
                f"{named(tasks)} stopped ({newest.stop_code or 'no code'}): {said[:MAX_REASON]}",
                "ecs:DescribeTasks",
                at=newest.stopped_at,
                value=len(tasks),
            ),
            *_spot_evidence(tasks, hosts),
            *of_these_stops(facts, tasks),
        ),
        effect_seen=bool(explains),
        surely_hurts=True,
        affects=frozenset(task.id for task in tasks)
        | frozenset(found for task in tasks if (found := hosts.host_id_of(task))),
        explains=explains,
        since=min(task.stopping_at or task.stopped_at or facts.now for task in tasks),
        overturned_by="a stop order of somebody: "
        + described_task(newest, "[stopCode,stoppedReason,capacityProviderName]"),
        advice=_advice(facts, newest),
    )


def _advice(facts: Facts, newest: Task) -> str:
    """Fargate sends SIGTERM with its notice; hosts hear of it two minutes ahead, when their agent is told to drain.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-instance-spot.html
    """
    if newest.capacity_provider == FARGATE_SPOT:
        return (
            'Keep a part that stays: capacityProviderStrategy [{"capacityProvider":"FARGATE","base":1,"weight":1},'
            '{"capacityProvider":"FARGATE_SPOT","weight":3}]. So that a notice loses nothing:'
            f" {shutdown_advice(facts) or ANY_SHUTDOWN}"
        )
    return (
        "Keep a base of on-demand hosts, and set ECS_ENABLE_SPOT_INSTANCE_DRAINING=true in /etc/ecs/ecs.config. So that"
        f" a notice loses nothing: {shutdown_advice(facts) or ANY_SHUTDOWN}"
    )


def _spot_evidence(tasks: tuple[Task, ...], hosts: HostMap) -> Iterator[Evidence]:
    on_spot = sum(task.capacity_provider == FARGATE_SPOT for task in tasks)
    if on_spot:
        yield supporting(f"{on_spot} of them ran on capacity provider {FARGATE_SPOT}", "ecs:DescribeTasks")
    ids = dict.fromkeys(found for task in tasks if (found := hosts.host_id_of(task)))
    for host in (hosts.host(instance_id) for instance_id in ids):
        if host and ended_by_spot(host):
            yield decisive(f"{host.id} is {host.state}: {host.reason_code}", "ec2:DescribeInstances", at=host.ended_at)
        elif host and host.lifecycle == "spot":
            yield supporting(f"{host.id} is a Spot instance", "ec2:DescribeInstances")


def _of_host(facts: Facts, hosts: HostMap, host: Host) -> Finding:
    effect = effect_on(facts, hosts, host.id, hosts.ended_with(host.id))
    return Finding(
        resource=host.id,
        summary=f"Spot instance {host.id} was taken back{f' at {host.ended_at:%H:%M}' if host.ended_at else ''}",
        supports=(
            decisive(f"{host.id} is {host.state}: {host.reason_code}", "ec2:DescribeInstances", at=host.ended_at),
            *effect.records,
        ),
        effect_seen=effect.is_seen,
        affects=effect.affects | frozenset({host.id}),
        explains=effect.explains,
        since=host.ended_at,
        overturned_by="another reason of its end: aws ec2 describe-instances --instance-ids"
        f" {host.id} --query 'Reservations[].Instances[].StateReason'",
        advice="Keep a base of on-demand instances in the Auto Scaling group, switch on capacity rebalancing, and"
        " deregister the instance on its two minutes' notice.",
    )
