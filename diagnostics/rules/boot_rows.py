"""Requests that were refused while a target's task was still starting, and that is all there is to them.

A target group without a healthy target sends requests to those that are registered, healthy or not: a task that is the
only one refuses them until its server listens.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from diagnostics.causes.cause import Facts
from diagnostics.facts import RunningTasks, Target, TargetHealth, Task
from diagnostics.rules.row_clusters import RowCluster

STARTS_WITHIN = timedelta(minutes=5)


def refused_while_starting(facts: Facts, rows: Sequence[RowCluster]) -> tuple[RowCluster, ...]:
    """Those of them that stand, without exception, in the first minutes of tasks whose targets are healthy by now."""
    health, running = facts.maybe(TargetHealth), facts.maybe(RunningTasks)
    if not isinstance(health, TargetHealth) or not isinstance(running, RunningTasks):
        return ()
    started = {
        target.key: task
        for _, target in health.in_state("healthy")
        if asked_where_users_go(target) and (task := running.by_ip(target.id)) is not None
    }
    return tuple(cluster for cluster in rows if cluster.rows and _all_at_starts(cluster, started))


def asked_where_users_go(target: Target) -> bool:
    """Whether the health check of this target says something about the port that users are sent to."""
    return target.health_check_port in {None, "traffic-port", str(target.port)}


def _all_at_starts(cluster: RowCluster, started: Mapping[str, Task]) -> bool:
    began = (task.started_at if (task := started.get(row.target or "")) else None for row in cluster.rows)
    pairs = zip(cluster.rows, began, strict=True)
    return all(start is not None and row.at < start + STARTS_WITHIN for row, start in pairs)
