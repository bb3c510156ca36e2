"""What users and health checks suffer when targets are too slow, and for which span of time to ask about load."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from diagnostics.causes.cause import Facts
from diagnostics.facts import AccessLogs, Fact, Frozen, RowFamily, TargetHealth
from diagnostics.rules import task_stops
from diagnostics.rules.health_case import checked
from diagnostics.rules.health_history import HISTORY_USES, HealthHistory
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import own_clusters, rows_were_read

STRAIN_USES: tuple[type[Fact], ...] = (*HISTORY_USES, AccessLogs)
"""What a cause declares to ask here."""
LAST_MINUTE = timedelta(minutes=1)


class Silent(Frozen):
    """Targets whose health checks time out. `several`: more than one of them, or the only one there is."""

    targets: frozenset[str] = frozenset()
    registered: int = 0
    explains: frozenset[str] = frozenset()
    several: bool = False


def span(facts: Facts) -> tuple[datetime, datetime] | None:
    """From the first sign of trouble to the last; None where nothing was observed."""
    observed = facts.observed
    if observed.onset is None:
        return None
    return observed.onset, (observed.last_seen or facts.window.end) + LAST_MINUTE


def slow_clusters(facts: Facts, *, unconnected: bool = True) -> tuple[RowCluster, ...]:
    """504 rows of targets that did not answer in time; with `unconnected` of those that took no connection, too."""
    families: tuple[RowFamily, ...] = ("response-timeout", *(("not-dispatched-timeout",) if unconnected else ()))
    found = own_clusters(facts, *families, elb_status=504)
    return tuple(cluster for cluster in found if cluster.population != "at-end-of-target")


def slow_errors(facts: Facts, *, unconnected: bool = True) -> frozenset[str]:
    """The symptoms of slow targets among the observed errors: by rows where they tell, else by the counter."""
    if rows_were_read(facts):
        rows = slow_clusters(facts, unconnected=unconnected)
        return frozenset[str]().union(*(cluster.explains for cluster in rows))
    mine = facts.observed.errors_are_ours and facts.observed.saw("elb_504")
    return frozenset({"elb_504"}) if mine else frozenset()


def silent_targets(facts: Facts) -> Silent:
    """Targets of all own groups whose health checks time out now, or timed out lately while ECS replaced them."""
    history = HealthHistory.of(facts.maybe, facts.window)
    health = facts.maybe(TargetHealth)
    keys: set[str] = set()
    explains: set[str] = set()
    registered, reported = 0, 0
    for group in history.groups():
        taking_part = _registered(health, group)
        for way in history.failing(group):
            if way.kind != "timeout":
                continue
            killed = history.killed(group)
            keys |= way.keys | {task.id for task in killed}
            reported += len(way.keys | way.task_ids)
            registered += taking_part
            explains |= {"unhealthy"} & facts.observed.symptoms
            explains |= task_stops.explained_by_stops(killed, facts.observed) if killed else frozenset()
    return Silent(
        targets=frozenset(keys),
        registered=registered,
        explains=frozenset(explains),
        several=reported > 1 or (reported == 1 and registered == 1),
    )


def crashed_before(facts: Facts, moment: datetime) -> Iterator[str]:
    """Ids of tasks that ended by themselves shortly before; the others then carry their load."""
    history = HealthHistory.of(facts.maybe, facts.window)
    for task, _ in task_stops.crashes(history.stopped, facts.window.start) if history.stopped else ():
        if task.stopped_at and moment - timedelta(minutes=10) <= task.stopped_at <= moment + LAST_MINUTE:
            yield task.id


def _registered(health: object, group: str) -> int:
    return len(checked(health.by_group.get(group, ()))) if isinstance(health, TargetHealth) else 0
