"""What was seen of a host's trouble: its tasks' end, its targets' health, rows on its targets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from diagnostics.causes.cause import Evidence, Facts, decisive, supporting
from diagnostics.facts import Target, Task
from diagnostics.printable import counted
from diagnostics.rules import task_stops
from diagnostics.rules.host_map import HostMap
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import explained, of_these_stops, own_clusters, record

FAILING = frozenset({"Target.Timeout", "Target.FailedHealthChecks"})
"""Reasons that a host which is not there or not well gives; an answer with a code is the application's."""


@dataclass(frozen=True, slots=True)
class HostEffect:
    """`records` prove it, `explains` are observed symptoms, `elsewhere` counts targets of other hosts that fail alike.

    `silent` are the host's targets that fail their health checks now, `ended` its tasks that stopped with it, `lost`
    rows that stand at the end of the host itself. `by_elimination`: they are on an address that nobody else had.
    """

    silent: tuple[Target, ...]
    ended: tuple[Task, ...]
    lost: tuple[RowCluster, ...]
    records: tuple[Evidence, ...]
    explains: frozenset[str]
    elsewhere: int
    by_elimination: bool = False

    @property
    def is_seen(self) -> bool:
        return bool(self.explains)

    @property
    def affects(self) -> frozenset[str]:
        rows = frozenset[str]().union(*(cluster.targets for cluster in self.lost))
        return frozenset(target.key for target in self.silent) | frozenset(task.id for task in self.ended) | rows


def effect_on(facts: Facts, hosts: HostMap, instance_id: str | None, ended: Sequence[Task] = ()) -> HostEffect:
    """Of this host's trouble; `ended` are its tasks that stopped with it."""
    here = hosts.targets_on(instance_id) if instance_id else ()
    keys = frozenset(target.key for target in here)
    silent = tuple(target for target in here if is_silent(target))
    unused = tuple(target for target in here if target.state == "unused" and target.reason == "Target.InvalidState")
    lost = rows_at_end(facts, instance_id)
    rows = (*_rows_on(facts, keys), *lost)
    elsewhere = [target for target in _others(hosts, keys) if is_silent(target)]
    seen = ({"unhealthy"} if silent else set()) | ({"unused"} if unused else set())
    explains = frozenset(seen) & facts.observed.symptoms | explained(rows)
    if ended:
        explains |= task_stops.explained_by_stops(ended, facts.observed)
    follow = of_these_stops(facts, ended) if ended else ()
    return HostEffect(
        silent=(*silent, *unused),
        ended=tuple(ended),
        lost=lost,
        records=(*_health(silent, here, hosts, keys), *_of_rows(facts, rows, follow), *follow),
        explains=explains,
        elsewhere=len(elsewhere),
        by_elimination=bool(lost) and not ended and not hosts.addresses_of(instance_id),
    )


def rows_at_end(facts: Facts, instance_id: str | None) -> tuple[RowCluster, ...]:
    """Rows on an instance that ended while it was registered; empty where it was a host of tasks."""
    found = own_clusters(facts, "not-dispatched-timeout", "not-dispatched-fast", "closed-before-response")
    return tuple(cluster for cluster in found if cluster.end_kind == "host" and instance_id in cluster.ended)


def is_silent(target: Target) -> bool:
    return target.state == "unhealthy" and target.reason in FAILING


def others_fail_too(effect: HostEffect) -> Iterable[Evidence]:
    """What speaks against a single host: targets elsewhere fail in the same way."""
    if effect.elsewhere and effect.silent:
        text = f"{counted(effect.elsewhere, 'target')} on other hosts fail their health checks as well"
        yield supporting(text, "elbv2:DescribeTargetHealth", value=effect.elsewhere)


def _others(hosts: HostMap, keys: frozenset[str]) -> Iterable[Target]:
    return (target for _, target in (hosts.health.all() if hosts.health else ()) if target.key not in keys)


def _rows_on(facts: Facts, keys: frozenset[str]) -> tuple[RowCluster, ...]:
    found = own_clusters(facts, "not-dispatched-timeout", "not-dispatched-fast", "closed-before-response")
    return tuple(cluster for cluster in found if cluster.targets and cluster.targets <= keys and not cluster.ended)


def _health(silent: Sequence[Target], here: Sequence[Target], hosts: HostMap, keys: frozenset[str]) -> list[Evidence]:
    if not silent:
        return []
    well = sum(target.state == "healthy" for target in _others(hosts, keys))
    beside = f", {well} on other hosts are healthy" if well else ""
    number = f"{len(silent)} of {len(here)} targets on it" if len(here) > 1 else f"its target {silent[0].key}"
    text = f"{number} unhealthy with {silent[0].reason}{beside}"
    return [decisive(text, "elbv2:DescribeTargetHealth", value=len(silent))]


def _of_rows(facts: Facts, rows: Iterable[RowCluster], known: Sequence[Evidence]) -> Iterable[Evidence]:
    told = {item.text for item in known}
    for cluster in rows:
        one = record(facts, cluster, f"{cluster.elb_status} on targets of this host only")
        if one.text not in told:
            yield one
