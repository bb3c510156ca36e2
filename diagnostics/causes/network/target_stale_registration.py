"""A registration that outlived its task, interface or process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import (
    ContainerInstances,
    EcsService,
    Gap,
    NetworkInterface,
    NetworkInterfaces,
    NotApplicable,
    RunningTasks,
    StoppedTasks,
    Subnets,
    Target,
    TargetGroup,
    TargetGroups,
    TargetHealth,
)
from diagnostics.report import Band
from diagnostics.rules.address_space import address, contains
from diagnostics.rules.host_effects import is_silent
from diagnostics.rules.routing import registers_into
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import ROW_USES, explained, own_clusters, record

DEREGISTERS_WITHIN = timedelta(minutes=5)
"""ECS takes a stopped task's target out by itself; only what stays longer is stale."""
LOOKED_UP = 1000
"""Interfaces are looked up for so many targets; of more, some are not known."""
UNREAD_STOPS = "stopped tasks were not read; ECS takes the target of a task that has just stopped out by itself"
_LEAVING = frozenset({"draining", "unused"})
_OF_ECS = ":attachment/"
MAX_WORDS = 120


@dataclass(frozen=True, slots=True)
class Stale:
    """A target, and what shows that nothing of the service is behind it.

    `at_most` possible: the look-up is not proven to find others, or a task of another service may be meant to be there.

    `host_lives`: the address answers for somebody else, so that connections are refused and do not time out.
    """

    group: TargetGroup
    target: Target
    records: tuple[Evidence, ...]
    at_most: Band | None
    host_lives: bool


@cause(
    code="target-stale-registration",
    title="A target is registered that does not exist any more",
    needs=(TargetGroups, TargetHealth),
    uses=(NetworkInterfaces, Subnets, RunningTasks, StoppedTasks, ContainerInstances, EcsService, *ROW_USES),
    clear_needs=(NetworkInterfaces, RunningTasks, ContainerInstances, EcsService),
    shows=("unhealthy", "elb_502", "elb_504"),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-register-targets.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeregisterTargets.html",
    ),
    replaces=("connect-timeout-unattributed", "health-check-timeout-too-short", "port-not-listening"),
)
def target_stale_registration(facts: Facts) -> Iterator[Finding]:
    """One target fails while its equals do well, because its task, interface or process has gone and its registration
    stayed.

    Decided by an address that no network interface has, or that belongs to something else, together with no running
    task at that address and port. Refuted by a running task that has it, by a healthy target whose interface is not
    found either (then the look-up cannot tell, as with addresses of another account or of delegated prefixes), and by
    a task that stopped a moment ago: ECS takes its target out by itself.
    """
    for group in facts[TargetGroups].items:
        targets = facts[TargetHealth].by_group.get(group.arn, ())
        for target in targets:
            rows = _rows(facts, target)
            if target.state in _LEAVING or not (is_silent(target) or rows):
                continue
            stale = _of_address(facts, group, target, targets) if group.target_type == "ip" else None
            stale = stale or (_of_host_port(facts, group, target) if group.target_type == "instance" else None)
            if stale is not None:
                yield _finding(facts, stale, rows, len(targets))


def _rows(facts: Facts, target: Target) -> tuple[RowCluster, ...]:
    found = own_clusters(facts, "not-dispatched-timeout", "not-dispatched-fast")
    return tuple(cluster for cluster in found if cluster.targets == {target.key})


def _of_address(facts: Facts, group: TargetGroup, target: Target, targets: tuple[Target, ...]) -> Stale | None:
    interfaces, tasks = facts.maybe(NetworkInterfaces), facts.maybe(RunningTasks)
    owner = interfaces.by_ip(target.id) if isinstance(interfaces, NetworkInterfaces) else None
    if isinstance(tasks, RunningTasks) and _is_of_a_task(target, owner, tasks):
        return None
    if _stopped_just_now(facts, target):
        return None
    if isinstance(interfaces, Gap):
        alone = _no_task(facts, group, target)
        return Stale(group, target, alone, "likely", host_lives=False) if alone and _equals(targets, tasks) else None
    if not isinstance(interfaces, NetworkInterfaces) or interfaces.gaps:
        return None
    if sum(1 for _ in facts[TargetHealth].all()) > LOOKED_UP:
        return None
    ours = owner is not None and owner.vpc_id == group.vpc_id
    no_task = _no_task(facts, group, target)
    if owner is None or not ours:
        if not _is_inside(facts, group, target):
            return None
        others = [item for item in targets if item.state == "healthy" and item.key != target.key]
        if any(interfaces.by_ip(item.id) is None for item in others):
            return None
        text = f"no network interface has the address {target.id}"
        records = (decisive(text, "ec2:DescribeNetworkInterfaces"), *no_task)
        return Stale(group, target, records, None if others or no_task else "possible", host_lives=False)
    if not no_task:
        return None
    text = f"{target.id} belongs to {owner.id}: {owner.description[:MAX_WORDS] or 'no description'}"
    records = (supporting(text, "ec2:DescribeNetworkInterfaces"), *no_task)
    return Stale(group, target, records, "possible" if _OF_ECS in owner.description else None, host_lives=True)


def _equals(targets: tuple[Target, ...], tasks: RunningTasks | Gap | NotApplicable) -> bool:
    """Whether another target is well and found by its address among the tasks, so that this one should be as well."""
    well = (target.id for target in targets if target.state == "healthy")
    return isinstance(tasks, RunningTasks) and any(tasks.by_ip(place) is not None for place in well)


def _is_of_a_task(target: Target, owner: NetworkInterface | None, tasks: RunningTasks) -> bool:
    by_interface = owner is not None and any(task.network_interface_id == owner.id for task in tasks.items)
    return by_interface or tasks.by_ip(target.id) is not None


def _of_host_port(facts: Facts, group: TargetGroup, target: Target) -> Stale | None:
    """An instance and a host port that no running task was given; for services that register into this group."""
    tasks, instances = facts.maybe(RunningTasks), facts.maybe(ContainerInstances)
    no_task = _no_task(facts, group, target)
    if not no_task or not isinstance(tasks, RunningTasks) or not isinstance(instances, ContainerInstances):
        return None
    if any(target.port in task.host_ports and instances.host_of(task) in {target.id, None} for task in tasks.items):
        return None
    if _stopped_just_now(facts, target) or any(
        not task.host_ports and task.last_status == "RUNNING" for task in tasks.items
    ):
        return None
    return Stale(group, target, no_task, "likely", host_lives=True)


def _no_task(facts: Facts, group: TargetGroup, target: Target) -> tuple[Evidence, ...]:
    """For a group that the service fills, and nobody else."""
    tasks, service = facts.maybe(RunningTasks), facts.maybe(EcsService)
    if not isinstance(tasks, RunningTasks) or not isinstance(service, EcsService) or tasks.gaps:
        return ()
    if group.arn not in registers_into(service):
        return ()
    text = f"none of the {len(tasks.items)} running tasks has {target.key}"
    return (decisive(text, "ecs:DescribeTasks", value=len(tasks.items)),)


def _stopped_just_now(facts: Facts, target: Target) -> bool:
    stopped = facts.maybe(StoppedTasks)
    return any(
        (target.id in task.private_ips or (not task.private_ips and target.port in task.host_ports))
        and (task.stopped_at is None or facts.now - task.stopped_at < DEREGISTERS_WITHIN)
        for task in (stopped.items if isinstance(stopped, StoppedTasks) else ())
    )


def _against(facts: Facts, stale: Stale, guess: bool) -> Iterator[Evidence]:
    if guess:
        yield supporting(UNREAD_STOPS, "ecs:DescribeTasks")
    if stale.group.target_type == "ip" and isinstance(facts.maybe(NetworkInterfaces), Gap):
        text = "network interfaces were not read; something that is no task of the service may have the address"
        yield supporting(text, "ec2:DescribeNetworkInterfaces")


def _may_have_stopped(facts: Facts, rows: tuple[RowCluster, ...]) -> bool:
    """Stopped tasks were not read, and nothing shows that it has been so for longer than ECS needs to take it out."""
    unread = isinstance(facts.maybe(StoppedTasks), Gap)
    return unread and not any(facts.now - cluster.first > DEREGISTERS_WITHIN for cluster in rows)


def _is_inside(facts: Facts, group: TargetGroup, target: Target) -> bool:
    """Interfaces of another network are not found by this account, so that only addresses of the own VPC are judged."""
    place, subnets = address(target.id), facts.maybe(Subnets)
    if place is None or target.zone == "all":
        return False
    if target.zone is not None:
        return True
    known = subnets.by_id.values() if isinstance(subnets, Subnets) else ()
    return any(
        subnet.vpc_id == group.vpc_id and any(contains(cidr, place) for cidr in (subnet.cidr, *subnet.ipv6_cidrs))
        for subnet in known
    )


def _finding(facts: Facts, stale: Stale, rows: tuple[RowCluster, ...], of_how_many: int) -> Finding:
    target = stale.target
    among = f", one of {of_how_many}," if of_how_many > 1 else ""
    how = "502 within milliseconds" if stale.host_lives else "504 after 10 s without a connection"
    health = ({"unhealthy"} if target.state == "unhealthy" else set()) & facts.observed.symptoms
    counted = () if rows else tuple(_counted(facts, stale))
    errors = {"elb_502" if target.reason == "Target.FailedHealthChecks" else "elb_504"} if counted else set()
    nobody_well = all(is_silent(other) for other in facts[TargetHealth].by_group[stale.group.arn])
    port = f",Port={target.port}" if target.port is not None else ""
    return Finding(
        resource=target.key,
        summary=f"Target {target.key}{among} is still registered, but nothing of the service is there any more",
        supports=(
            *stale.records,
            *(record(facts, cluster, f"{cluster.elb_status} on this target only") for cluster in rows),
            *_of_health(target, of_how_many),
            *counted,
        ),
        effect_seen=True,
        affects=frozenset({target.key}),
        explains=frozenset(health | errors) & facts.observed.symptoms | explained(rows),
        since=min((cluster.first for cluster in rows), default=None),
        overturned_by=f"a running task or interface at {target.id}: aws ec2 describe-network-interfaces --filters"
        f" Name=addresses.private-ip-address,Values={target.id}",
        advice=f"Deregister it: `aws elbv2 deregister-targets --target-group-arn {stale.group.arn}"
        f" --targets Id={target.id}{port}`. Each request that is sent there gets {how}.",
        against=tuple(_against(facts, stale, guess := _may_have_stopped(facts, rows))),
        at_most="possible" if guess else stale.at_most or ("likely" if nobody_well else None),
    )


def _counted(facts: Facts, stale: Stale) -> Iterator[Evidence]:
    """Failed connections, where no rows tell to whom and no other target of the group could be meant."""
    counts, targets = facts.observed.counts, facts[TargetHealth].by_group[stale.group.arn]
    others = any(is_silent(target) for target in targets if target.key != stale.target.key)
    wanted = "elb_502" if stale.target.reason == "Target.FailedHealthChecks" else "elb_504"
    if counts.connection_errors and facts.observed.saw(wanted) and not others and not facts.observed.rows_tell(wanted):
        text = f"{counts.connection_errors:,} connections to the targets failed, and this one alone is unhealthy"
        yield supporting(text, "cloudwatch:GetMetricData", value=counts.connection_errors)


def _of_health(target: Target, of_how_many: int) -> Iterator[Evidence]:
    if is_silent(target):
        text = f"{target.key} unhealthy with {target.reason}" + (
            f", {of_how_many} registered" if of_how_many > 1 else ""
        )
        yield decisive(text, "elbv2:DescribeTargetHealth")
