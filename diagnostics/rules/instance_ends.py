"""When instances that were targets themselves ended, and which addresses were theirs.

An instance keeps its addresses while it is stopped and loses them when it is terminated; rows go on naming them.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from diagnostics.facts import (
    AccessLogs,
    Changes,
    Host,
    Hosts,
    NetworkInterfaces,
    Read,
    ScalingActivities,
    StoppedTasks,
    TargetHealth,
)
from diagnostics.rules.target_ends import EndKind, TargetEnd
from diagnostics.snapshot import Snapshot

SHUTS_DOWN_WITHIN = timedelta(minutes=2)
"""From the call that ends an instance to its last packet."""


def instance_ends(snapshot: Snapshot) -> tuple[TargetEnd, ...]:
    """Ends of instances, `task_id` being the instance's. None where ECS tells how tasks ended, which is better known.

    The addresses of a terminated instance are not known any more: those that rows name in its last moments and that
    belong to nothing else are taken for its own. One that was taken out of its target group first ended by that.
    """
    hosts = snapshot.get(Hosts)
    if not isinstance(hosts, Hosts) or isinstance(snapshot.get(StoppedTasks), StoppedTasks):
        return ()
    ended = [host for host in hosts.items if host.is_gone and host.ended_at]
    ended += _ended_by_auto_scaling(snapshot.get(ScalingActivities), hosts)
    known = {host.id: _addresses(host, snapshot.get(NetworkInterfaces)) for host in ended}
    taken_out = dict(_deregistered(snapshot.get(Changes)))
    nobodys = () if all(known.values()) else _nobodys(snapshot, hosts, taken_out)
    return tuple(end for host in ended for end in _of_host(host, (host.id, *(known[host.id] or nobodys)), taken_out))


def _ended_by_auto_scaling(done: Read[ScalingActivities], hosts: Hosts) -> list[Host]:
    """Instances that only its activities still know, because they were no target any more when it was asked."""
    told = {
        activity.instance_id: Host(id=activity.instance_id, state="terminated", ended_at=activity.started_at)
        for activity in (done.items if isinstance(done, ScalingActivities) else ())
        if activity.terminates and activity.instance_id and hosts.of(activity.instance_id) is None
    }
    return list(told.values())


def _addresses(host: Host, interfaces: Read[NetworkInterfaces]) -> tuple[str, ...]:
    """Those of its interfaces too, which outlast it where they were not made with it."""
    own = interfaces.by_instance(host.id) if isinstance(interfaces, NetworkInterfaces) else ()
    return (*host.private_ips, *(ip for interface in own for ip in (*interface.private_ips, *interface.ipv6_addresses)))


def _of_host(host: Host, addresses: Iterable[str], taken_out: Mapping[str, datetime]) -> Iterator[TargetEnd]:
    if host.ended_at is None:
        return
    before = [at for name in addresses if (at := taken_out.get(name)) and at <= host.ended_at]
    kind: EndKind = "deregistered" if before else "host"
    begin, end = min((*before, host.ended_at)), host.ended_at + SHUTS_DOWN_WITHIN
    for address in addresses:
        yield TargetEnd(address=address, begin=begin, end=end, task_id=host.id, kind=kind)


def _nobodys(snapshot: Snapshot, hosts: Hosts, taken_out: Mapping[str, datetime]) -> tuple[str, ...]:
    """Addresses in the sample of rows that no target, instance, interface or deregistration accounts for."""
    logs, health, interfaces = snapshot.get(AccessLogs), snapshot.get(TargetHealth), snapshot.get(NetworkInterfaces)
    known = {ip for host in hosts.items for ip in host.private_ips}
    if isinstance(interfaces, NetworkInterfaces):
        known |= {ip for item in interfaces.items for ip in (*item.private_ips, *item.ipv6_addresses)}
    if isinstance(health, TargetHealth):
        known |= {target.id for _, target in health.all()}
    if not known or not isinstance(logs, AccessLogs):
        return ()
    named = (row.target.rpartition(":")[0].strip("[]") for row in logs.sample if row.target)
    return tuple(sorted({address for address in named if address} - known - taken_out.keys()))


def _deregistered(changes: Read[Changes]) -> Iterator[tuple[str, datetime]]:
    """Newest first, so that of several the first one is kept."""
    for change in changes.items if isinstance(changes, Changes) else ():
        targets = change.request.get("targets") if change.name == "DeregisterTargets" and not change.error else None
        for target in targets if isinstance(targets, list) else ():
            if isinstance(target, dict) and isinstance(target.get("id"), str):
                yield str(target["id"]), change.at
