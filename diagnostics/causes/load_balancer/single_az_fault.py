"""One Availability Zone fails while the others work."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import AccessLogs, Metrics, TargetHealth
from diagnostics.printable import counted as counted_as
from diagnostics.printable import percent
from diagnostics.rules.observations import NOISE_ERRORS
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import NOT_READ, source_of

ERROR_SHARE = 0.8
TRAFFIC_SHARE = 0.5
ENOUGH_ERRORS = 10
COUNTERS = ("502", "503", "504")
_ZONE = re.compile(r"[a-z0-9-]+", re.ASCII)
_OF_A_ZONE = frozenset({"not-dispatched-fast", "not-dispatched-timeout", "closed-before-response", "response-timeout"})


@dataclass(frozen=True, slots=True)
class SickZone:
    zone: str
    share: float
    errors: int


@cause(
    code="single-az-fault",
    title="One Availability Zone fails",
    needs=(TargetHealth,),
    uses=(AccessLogs, Metrics),
    clear_needs=(AccessLogs, Metrics),
    shows=("elb_502", "elb_503", "elb_504"),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/zonal-shift.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html",
    ),
    replaces=("connect-timeout-unattributed", "target-closed-mid-request"),
    leads_to=("target-slow-response", "port-not-listening"),
)
def single_az_fault(facts: Facts) -> Iterator[Finding]:
    """Decided by errors of which more than four in five are of one zone that gets less than half of the requests, on
    more than one of its targets, in access log rows or in the counters of each zone. Gives way to any cause that
    explains why it is that zone: a network ACL, a zone that is not enabled. Refuted by errors on one target only, or
    spread over zones as the traffic is.
    """
    rows, counted = _by_rows(facts), _by_counters(facts)
    found = rows[0] if rows else counted
    if found is None or _targets_in(facts, found.zone) < 2 or not facts.observed.errors_are_ours:
        return
    yield _finding(facts, found, rows, counted)


def _by_rows(facts: Facts) -> tuple[SickZone, tuple[RowCluster, ...]] | None:
    """The zone of the targets on which the load balancer's own errors gather."""
    logs = facts.maybe(AccessLogs)
    mine = tuple(c for c in facts.observed.clusters or () if c.family in _OF_A_ZONE and c.target_group is not None)
    weights: Counter[str] = Counter()
    for cluster in mine:
        for row in cluster.rows:
            weights[row.zone or ""] += round(1000 * cluster.count / len(cluster.rows))
    if not isinstance(logs, AccessLogs) or not weights.total():
        return None
    zone, number = weights.most_common(1)[0]
    share, errors = number / weights.total(), round(number / 1000)
    if not zone or share <= ERROR_SHARE or errors < ENOUGH_ERRORS:
        return None
    total = sum(item.rows or 0 for item in logs.by_zone)
    traffic = next((item.rows or 0 for item in logs.by_zone if item.key == zone), 0)
    hit = tuple(c for c in mine if c.top_zone and c.top_zone.key == zone and c.top_zone.share > ERROR_SHARE)
    targets = frozenset(row.target for c in hit for row in c.rows if row.zone == zone)
    if len(targets) < 2 or any(cluster.population == "target" for cluster in hit):
        return None
    return (SickZone(zone, share, errors), hit) if total and traffic / total < TRAFFIC_SHARE + 0.1 else None


def _by_counters(facts: Facts) -> SickZone | None:
    metrics = facts.maybe(Metrics)
    totals: Counter[str] = Counter()
    if not isinstance(metrics, Metrics):
        return None
    balancers = {arn.split(":loadbalancer/", 1)[-1] for arn in facts.subject.load_balancers}
    zones: set[str] = set()
    for code in COUNTERS:
        for series in metrics.with_metric(f"HTTPCode_ELB_{code}_Count"):
            dimensions = dict(series.dimensions)
            if "AvailabilityZone" in dimensions and dimensions.get("LoadBalancer") in balancers:
                points = series.between(facts.window.start, facts.window.end)
                zones.add(dimensions["AvailabilityZone"])
                totals[dimensions["AvailabilityZone"]] += round(sum(point.value for point in points))
    if len(zones) < 2 or totals.total() < max(ENOUGH_ERRORS, NOISE_ERRORS):
        return None
    zone, number = totals.most_common(1)[0]
    share = number / totals.total()
    return SickZone(zone, share, number) if share > ERROR_SHARE else None


def _targets_in(facts: Facts, zone: str) -> int:
    return sum(target.zone == zone for _, target in facts[TargetHealth].all())


def _finding(
    facts: Facts, found: SickZone, rows: tuple[SickZone, tuple[RowCluster, ...]] | None, counted: SickZone | None
) -> Finding:
    agree = rows is not None and counted is not None and counted.zone == found.zone
    hit = rows[1] if rows else ()
    symptoms = frozenset(f"elb_{code}" for code in COUNTERS) & facts.observed.symptoms
    return Finding(
        resource=found.zone,
        summary=f"{percent(found.share)} of the load balancer's errors are of zone {found.zone}; the others work",
        supports=(*_records(facts, found, rows), *_counter_record(counted if agree or not rows else None)),
        against=() if rows else (supporting(NOT_READ, "cloudwatch:GetMetricData"),),
        effect_seen=True,
        affects=frozenset(row.target for cluster in hit for row in cluster.rows if row.target),
        explains=symptoms | frozenset(cluster.key for cluster in hit),
        since=min((cluster.first for cluster in hit), default=facts.observed.onset),
        overturned_by=f"Errors on targets outside of {found.zone}, or a rule on the way to that zone that blocks",
        advice=f"While the reason is looked for, traffic can be shifted away from {found.zone}, if the other zones can"
        " carry it. A zonal shift needs the load balancer's attribute zonal_shift.config.enabled, and ends by itself"
        f" when it expires{_shift(facts, found.zone)}. Look at the routes and ACLs of the subnets there, at what the"
        " targets there depend on, and at the AWS Health Dashboard.",
        at_most="likely" if rows else "possible",
        circumstantial=True,
    )


def _shift(facts: Facts, zone: str) -> str:
    """https://docs.aws.amazon.com/cli/latest/reference/arc-zonal-shift/start-zonal-shift.html; it takes a zone's id."""
    arn = next(iter(facts.subject.load_balancers), None)
    if arn is None or not _ZONE.fullmatch(zone):
        return ""
    asked = f"describe-availability-zones --zone-names {zone} --query 'AvailabilityZones[0].ZoneId' --output text"
    return (
        f", here after two hours: `aws arc-zonal-shift start-zonal-shift --resource-identifier {arn}"
        f' --away-from "$(aws ec2 {asked})" --expires-in 2h --comment "errors in {zone}"`'
    )


def _records(
    facts: Facts, found: SickZone, rows: tuple[SickZone, tuple[RowCluster, ...]] | None
) -> tuple[Evidence, ...]:
    if rows is None:
        return ()
    targets = {row.target for cluster in rows[1] for row in cluster.rows if row.zone == found.zone}
    where = f"{counted_as(len(targets), 'target')} in {found.zone}"
    text = f"access log rows: {percent(found.share)} of {found.errors:,} errors are on {where}"
    return (decisive(text, source_of(facts), value=found.errors),)


def _counter_record(counted: SickZone | None) -> tuple[Evidence, ...]:
    if counted is None:
        return ()
    text = f"{percent(counted.share)} of the load balancer's errors were counted in {counted.zone}"
    return (supporting(text, "cloudwatch:GetMetricData", value=counted.errors),)
