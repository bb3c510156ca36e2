"""What is seen when packets are dropped on the way to a target, and what shows that they are not.

A dropped connection attempt ends after ten seconds: 504 for the user, a connection error in the counters,
``Target.Timeout`` for the health check. A refusal or an answer of any kind proves that packets pass.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, decisive, supporting
from diagnostics.facts import Changes, Fact, Gap, Target, TargetGroups, TargetHealth
from diagnostics.printable import counted as number_of
from diagnostics.printable import part_of
from diagnostics.rules import task_stops
from diagnostics.rules.changes import change_evidence, changes_before_onset, permissions_in
from diagnostics.rules.health_history import HISTORY_USES, HealthHistory
from diagnostics.rules.observations import Observations
from diagnostics.rules.obstacles import Obstacle
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import ROW_USES, explained, own_clusters, record
from diagnostics.rules.security_group import covers_port
from diagnostics.rules.stand_ins import REPLACED
from diagnostics.rules.target_states import others_in_words

EFFECT_USES: tuple[type[Fact], ...] = (Changes, *HISTORY_USES, *ROW_USES)
"""What a cause declares, beside the terrain, to ask for the effect of an obstacle."""
PASSES = frozenset({"Target.ResponseCodeMismatch", "Target.FailedHealthChecks"})
"""Reasons for which something had to come back: a status code, or a refusal."""


@dataclass(frozen=True, slots=True)
class DropEffect:
    """Which targets show it, what proves it; `seen` False: nothing has happened yet."""

    seen: bool
    affects: frozenset[str]
    records: tuple[Evidence, ...] = ()
    explains: frozenset[str] = frozenset()


def finding_of(
    effect: DropEffect,
    rule: Evidence,
    changed: tuple[Evidence, ...],
    *,
    resource: str,
    summary: str,
    overturned_by: str,
    advice: str,
) -> Finding:
    """An obstacle with its effect as a finding. A recorded change is evidence only where an effect followed."""
    dated = changed if effect.seen else ()
    return Finding(
        resource=resource,
        summary=summary if effect.seen else f"{summary}; no effect of it was seen yet",
        supports=(rule, *effect.records, *dated),
        effect_seen=effect.seen,
        affects=effect.affects,
        explains=effect.explains,
        since=dated[0].at if dated else None,
        overturned_by=overturned_by,
        advice=advice,
    )


def is_timeout(target: Target) -> bool:
    return target.state == "unhealthy" and target.reason == "Target.Timeout"


def lets_packets_through(target: Target) -> bool:
    """True when the last health checks of this target got any answer."""
    return target.state == "healthy" or target.reason in PASSES


def effect_of(obstacle: Obstacle, facts: Facts, changed: tuple[Evidence, ...] = ()) -> DropEffect | None:
    """The observed effect of an obstacle; None when what is observed contradicts it.

    Health speaks only for the health-check port. A target that still passes contradicts a complete obstacle, unless
    a recorded change (`changed`) is so young that the health checks could not have noticed yet.
    """
    if "health-check" not in obstacle.purposes:
        return _traffic_effect(obstacle, facts)
    silent = tuple(target for target in obstacle.targets if is_timeout(target))
    if silent:
        return _timeouts(silent, obstacle, facts)
    passing = [target for target in obstacle.targets if lets_packets_through(target)]
    if obstacle.complete and passing and not (_connections_fail(obstacle, facts) and _may_be_too_young(changed, facts)):
        return None
    if not passing and (replaced := _of_replaced(obstacle, facts)):
        return replaced
    if "traffic" in obstacle.purposes:
        return _traffic_effect(obstacle, facts)
    return DropEffect(False, obstacle.affects)


def rule_changes(
    facts: Facts, groups: tuple[str, ...], names: tuple[str, ...], ports: tuple[int, ...]
) -> tuple[Evidence, ...]:
    """Recorded changes of these resources before the onset; with `ports`, only those that may concern one of them."""
    onset = facts.observed.onset
    found = changes_before_onset(facts.maybe(Changes), resources=groups, names=names, onset=onset)
    return tuple(
        change_evidence(change, onset)
        for change in found
        if not ports
        or not (named := permissions_in(change))
        or any(covers_port(rule, port) for rule in named for port in ports)
    )


def _timeouts(silent: tuple[Target, ...], obstacle: Obstacle, facts: Facts) -> DropEffect:
    verb = "are" if len(silent) > 1 else "is"
    where = f"{'ports' if len(obstacle.ports) > 1 else 'port'} {obstacle.port_words}"
    health = decisive(
        f"{part_of(len(silent), obstacle.of_how_many, 'target')} {verb} unhealthy with Target.Timeout: health checks on"
        f" {where} get no answer{_others(silent, obstacle)}",
        "elbv2:DescribeTargetHealth",
        value=len(silent),
    )
    explains = {"unhealthy"}
    records = [health]
    if "traffic" in obstacle.purposes and (seen := _seen_by_users(obstacle, facts)):
        records.extend(seen)
        explains |= _errors_of(obstacle, facts)
    affects = frozenset(target.key for target in silent)
    if replaced := _of_replaced(obstacle, facts):
        records.extend(replaced.records)
        explains |= replaced.explains
        affects |= replaced.affects
    rows = {word for word in explains if word.startswith("rows:")}
    return DropEffect(True, affects, tuple(records), frozenset(explains) & facts.observed.symptoms | rows)


def _others(silent: tuple[Target, ...], obstacle: Obstacle) -> str:
    """What the rest of the targets does that the obstacle stands before; a stand-in does nothing any more."""
    return others_in_words(one for one in obstacle.targets if one not in silent and one.state != REPLACED)


def _traffic_effect(obstacle: Obstacle, facts: Facts) -> DropEffect:
    if "traffic" not in obstacle.purposes or not _connections_fail(obstacle, facts):
        return DropEffect(False, obstacle.affects)
    records = tuple(decisive(item.text, item.source, item.at, item.value) for item in _seen_by_users(obstacle, facts))
    return DropEffect(True, obstacle.affects, records, _errors_of(obstacle, facts))


def _connections_fail(obstacle: Obstacle, facts: Facts) -> bool:
    """504 together with connection errors of this target group is the mark of attempts that got no answer.

    Rows that tell of these 504s decide: a target that was reached and did not answer is no matter of the network.
    """
    if facts.observed.rows_tell("elb_504"):
        return bool(_timed_out(obstacle, facts))
    return facts.observed.saw("elb_504") and bool(facts.observed.counts.connection_errors)


def _timed_out(obstacle: Obstacle, facts: Facts) -> tuple[RowCluster, ...]:
    """Rows of connection attempts that ended after ten seconds, to these targets or to those that came before them."""
    gone = all(target.state == REPLACED for target in obstacle.targets)
    health = facts.maybe(TargetHealth)
    well = {target.key for _, target in health.in_state("healthy")} if isinstance(health, TargetHealth) else set()
    reached = well - obstacle.affects
    return tuple(
        cluster
        for cluster in own_clusters(facts, "not-dispatched-timeout", elb_status=504)
        if gone or not cluster.targets or not cluster.targets <= reached
    )


def _errors_of(obstacle: Obstacle, facts: Facts) -> frozenset[str]:
    return explained(_timed_out(obstacle, facts)) or frozenset({"elb_504"})


def _seen_by_users(obstacle: Obstacle, facts: Facts) -> tuple[Evidence, ...]:
    rows = tuple(
        record(facts, cluster, f"504 after 10 s without a connection, on {number_of(len(cluster.targets), 'target')}")
        for cluster in _timed_out(obstacle, facts)
    )
    counted = None if rows or facts.observed.rows_tell("elb_504") else _counted(facts.observed)
    return rows or ((counted,) if counted else ())


def _counted(observed: Observations) -> Evidence | None:
    if not observed.saw("elb_504"):
        return None
    counts = observed.counts
    attempts = (
        f", {counts.connection_errors:,} connection attempts to the targets failed" if counts.connection_errors else ""
    )
    return supporting(
        f"{counts.elb('504'):,} answers of 504{attempts}", "cloudwatch:GetMetricData", value=counts.elb("504")
    )


def _of_replaced(obstacle: Obstacle, facts: Facts) -> DropEffect | None:
    """ECS replaces targets that time out, so that none may stay unhealthy long enough to be seen.

    A stop for failed health checks without a reported reason fits an obstacle, and proves it less.
    """
    history = HealthHistory.of(facts.maybe, facts.window)
    ways = [way for group in obstacle.target_groups for way in history.failing(group)]
    silent = [way for way in ways if way.kind == "timeout" and way.reports]
    killed = tuple(task for group in obstacle.target_groups for task in history.killed_lately(group))
    if not silent and (ways or not killed):
        return None
    records = [
        decisive("ECS reports the target unhealthy: Request timed out", "ecs:DescribeServices", at=way.reports[0].at)
        for way in silent[:1]
    ]
    if killed:
        text = f"ECS stopped {number_of(len(killed), 'task')} for failed health checks: {task_stops.named(killed)}"
        records.append(supporting(text, "ecs:DescribeTasks", at=killed[0].stopped_at, value=len(killed)))
    tasks = frozenset(task.id for task in killed).union(*(way.task_ids for way in silent))
    explains = frozenset({"task-stops", "deployment", "unhealthy", "no-targets"}) & facts.observed.symptoms
    explains |= task_stops.explained_by_stops(killed, facts.observed)
    return DropEffect(True, obstacle.affects | tasks, tuple(records), explains)


def _may_be_too_young(changed: tuple[Evidence, ...], facts: Facts) -> bool:
    """True also where changes could not be read."""
    if isinstance(facts.maybe(Changes), Gap):
        return True
    slowest_s = max((group.health_check.detection_s for group in facts[TargetGroups].items), default=0)
    return any(item.at is not None and facts.now - item.at <= timedelta(seconds=slowest_s) for item in changed)
