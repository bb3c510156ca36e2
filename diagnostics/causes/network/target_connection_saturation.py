"""Targets take no more connections while the load is high."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Metrics
from diagnostics.rules.app_lines import LINE_USES, Lines, lines_of
from diagnostics.rules.closed_early import CLOSED_USES, closed_early
from diagnostics.rules.counters import series_of
from diagnostics.rules.load import LOAD_USES, Load, load_of
from diagnostics.rules.reachability import Blocked, paths
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import ROW_USES, own_clusters, record, rows_were_read
from diagnostics.rules.slowness import on_one_target
from diagnostics.rules.strain import span
from diagnostics.rules.terrain import TERRAIN_NEEDS, TERRAIN_USES, Terrain

SOURCE = "cloudwatch:GetMetricData"
SERVED_SHARE = 0.1
ENOUGH = 10


@cause(
    code="target-connection-saturation",
    title="The targets take no more connections",
    needs=TERRAIN_NEEDS,
    uses=(*TERRAIN_USES, *LOAD_USES, *ROW_USES, *CLOSED_USES, *LINE_USES),
    clear_needs=(Metrics, *ROW_USES, *LINE_USES),
    shows=("elb_504", "elb_502"),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",),
    replaces=("connect-timeout-unattributed", "port-not-listening"),
    leads_to=("all-targets-unhealthy-fail-open",),
    helped_by=("insufficient-task-count",),
)
def target_connection_saturation(facts: Facts) -> Iterator[Finding]:
    """Decided by connections to the targets that fail, or that are closed at once, while others succeed, together with
    log lines of a server that has no more room (worker_connections are not enough, too many open files). A load of
    several times the usual fits without such lines, no more. Refuted by a rule on the way that blocks, by failures that
    do not rise with the load, by targets that take no connection at all, and by one of several equal targets.
    """
    asked = span(facts)
    if asked is None:
        return
    start, end = asked
    rows = _unconnected(facts)
    failed, served = _counted(facts, start, end)
    if not rows and failed < ENOUGH:
        return
    if on_one_target(facts, rows) or served < SERVED_SHARE * max(failed, 1) or _is_blocked(facts):
        return
    full = lines_of(facts, start, end, "too-many-connections")
    load = load_of(facts, start, end)
    rose = load is not None and load.is_several_times
    effects = frozenset[str]().union(*(cluster.explains for cluster in rows)) | _by_counter(facts)
    if effects and ((full is not None and full.enough) or rose):
        yield _finding(facts, rows, failed, full, load, effects)


def _unconnected(facts: Facts) -> tuple[RowCluster, ...]:
    never = own_clusters(facts, "not-dispatched-timeout", "not-dispatched-fast")
    return (*(one for one in never if one.population != "at-end-of-target"), *closed_early(facts, "no-room"))


def _counted(facts: Facts, start: datetime, end: datetime) -> tuple[float, float]:
    """Connections to own targets that failed, and good answers, while the trouble lasted."""

    def total(metric: str) -> float:
        found = series_of(facts.maybe(Metrics), metric, "Sum", facts.subject.target_groups)
        return sum(point.value for one in found for point in one.between(start, end))

    return total("TargetConnectionErrorCount"), total("HTTPCode_Target_2XX_Count")


def _by_counter(facts: Facts) -> frozenset[str]:
    if rows_were_read(facts) or not facts.observed.errors_are_ours:
        return frozenset()
    return frozenset({"elb_502", "elb_504"}) & facts.observed.symptoms


def _is_blocked(facts: Facts) -> bool:
    return any("traffic" in way.purposes and isinstance(way.verdict, Blocked) for way in paths(Terrain.of(facts)))


def _finding(
    facts: Facts,
    rows: tuple[RowCluster, ...],
    failed: float,
    full: Lines | None,
    load: Load | None,
    effects: frozenset[str],
) -> Finding:
    rose = load is not None and load.is_several_times
    told = full is not None and full.enough
    return Finding(
        resource=facts.subject.service or facts.subject.label,
        summary="the targets take no more connections"
        + (f" with {load.times:.1f} times the usual load" if load and rose else "")
        + (f": {full.words}" if full else ""),
        supports=(
            *((full.record(),) if full else ()),
            *(record(facts, one, f"{one.elb_status} {_how(one)}", decides=told) for one in rows[:2]),
            *_failures(failed, decides=told and not rows),
            *((supporting(load.words, SOURCE, value=round(load.times, 1)),) if load and rose else ()),
        ),
        against=tuple(_against(full, load)),
        effect_seen=True,
        affects=frozenset().union(*(cluster.targets for cluster in rows)),
        explains=effects,
        since=facts.observed.onset,
        overturned_by="as many failed connections in an hour with little load (TargetConnectionErrorCount beside"
        " RequestCountPerTarget)",
        advice="Run more tasks; then raise what limits one of them: worker_connections, the number of open files"
        " (ulimits of the container), the queue of connections that wait to be accepted (net.core.somaxconn).",
    )


def _how(rows: RowCluster) -> str:
    accepted = rows.family == "closed-before-response"
    return "on a connection that the target closed at once" if accepted else "without a connection"


def _failures(failed: float, *, decides: bool) -> Iterator[Evidence]:
    if failed:
        record_of = decisive if decides else supporting
        yield record_of(
            f"{failed:,.0f} connections to the targets failed, while others succeeded", SOURCE, value=failed
        )


def _against(full: Lines | None, load: Load | None) -> Iterator[Evidence]:
    if full is None:
        yield supporting("no line of the servers' own log that says so was read", SOURCE)
    if load is not None and load.is_flat:
        yield supporting("no more requests came than usual", SOURCE, value=round(load.times, 1))
