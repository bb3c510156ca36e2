"""Access log rows name a target by address; instance targets are registered, and known to everybody, by their id.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
"""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import AccessLogs, Hosts, KeyCount, LoggedRow, NetworkInterfaces, TargetHealth
from diagnostics.snapshot import Snapshot


def with_registered_names(snapshot: Snapshot) -> Snapshot:
    """The snapshot whose access log rows call instance targets as target health does: ``i-0abc:32768``."""
    logs = snapshot.get(AccessLogs)
    names = dict(_instances_by_address(snapshot)) if isinstance(logs, AccessLogs) else {}
    if not isinstance(logs, AccessLogs) or not names:
        return snapshot

    def named(target: str | None) -> str | None:
        address, _, port = (target or "").rpartition(":")
        return f"{names[address]}:{port}" if address in names else target

    def of_row(row: LoggedRow) -> LoggedRow:
        return row.model_copy(update={"target": named(row.target)})

    def of_count(count: KeyCount) -> KeyCount:
        return count.model_copy(update={"key": named(count.key)})

    renamed = logs.model_copy(
        update={
            "sample": tuple(map(of_row, logs.sample)),
            "by_target": tuple(map(of_count, logs.by_target)),
        }
    )
    return snapshot.model_copy(update={"facts": {**snapshot.facts, AccessLogs.name: renamed}})


def _instances_by_address(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    health, interfaces, hosts = snapshot.get(TargetHealth), snapshot.get(NetworkInterfaces), snapshot.get(Hosts)
    registered = {target.id for _, target in health.all()} if isinstance(health, TargetHealth) else set()
    for host in hosts.items if isinstance(hosts, Hosts) else ():
        if host.id in registered:
            yield from ((address, host.id) for address in host.private_ips if address not in registered)
    for interface in interfaces.items if isinstance(interfaces, NetworkInterfaces) else ():
        if interface.instance_id and interface.instance_id in registered:
            own = interface.instance_id
            yield from ((address, own) for address in interface.private_ips if address not in registered)
