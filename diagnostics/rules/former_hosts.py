"""Instances that were targets and have ended belong to the hosts: their last requests are told of their end."""

from __future__ import annotations

from diagnostics.facts import FormerHosts, Gap, Hosts
from diagnostics.snapshot import Snapshot


def with_former_hosts(snapshot: Snapshot) -> Snapshot:
    """The snapshot whose hosts are also those that left and ended; one that left and runs on is somebody else's."""
    former, hosts = snapshot.get(FormerHosts), snapshot.get(Hosts)
    ended = tuple(host for host in former.items if host.is_gone) if isinstance(former, FormerHosts) else ()
    if not ended or isinstance(hosts, Gap):
        return snapshot
    present = hosts if isinstance(hosts, Hosts) else Hosts(items=())
    known = {host.id for host in present.items}
    together = (*present.items, *(host for host in ended if host.id not in known))
    merged = present.model_copy(update={"items": together})
    return snapshot.model_copy(update={"facts": {**snapshot.facts, Hosts.name: merged}})
