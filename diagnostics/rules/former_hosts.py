"""Instances that were targets and have ended belong to the hosts: their last requests are told of their end."""

from __future__ import annotations

from diagnostics.facts import FormerHosts, Hosts, NotApplicable
from diagnostics.snapshot import Snapshot


def with_former_hosts(snapshot: Snapshot) -> Snapshot:
    """The snapshot whose hosts are also those that left and ended; one that left and runs on is somebody else's."""
    former, hosts = snapshot.get(FormerHosts), snapshot.get(Hosts)
    ended = tuple(host for host in former.items if host.is_gone) if isinstance(former, FormerHosts) else ()
    if not ended:
        return snapshot
    if isinstance(hosts, NotApplicable):
        return snapshot.model_copy(update={"facts": {**snapshot.facts, Hosts.name: Hosts(items=ended)}})
    if not isinstance(hosts, Hosts):
        return snapshot
    known = {host.id for host in hosts.items}
    together = (*hosts.items, *(host for host in ended if host.id not in known))
    merged = hosts.model_copy(update={"items": together})
    return snapshot.model_copy(update={"facts": {**snapshot.facts, Hosts.name: merged}})
