"""The report's symptom: what users or the service suffered, in numbers that were read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal

from diagnostics.facts import AccessLogs, KeyCount, LoggedRow, Metrics, TargetHealth
from diagnostics.over_time import errors_over_time
from diagnostics.report import Concentration, Symptom
from diagnostics.rules.observations import Observations
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_traffic import RowTraffic
from diagnostics.snapshot import Snapshot

ZONE_SHARE = 0.8
GATHERED = 0.8
OVER_AFTER = timedelta(minutes=10)
PRESENT_TROUBLE = ("unhealthy", "unused", "no-targets", "no-requests", "deployment")


def symptom_of(snapshot: Snapshot, observed: Observations) -> Symptom:
    """Codes 561, 460, 463 and 464 have no metric of their own: they are None until access logs are read."""
    counts = observed.counts
    return Symptom(
        kind=observed.kind,
        scope="load-balancer" if _whole_balancer(snapshot, observed) else "target-group",
        elb_500=counts.elb_500,
        elb_502=counts.elb_502,
        elb_503=counts.elb_503,
        elb_504=counts.elb_504,
        elb_561=counts.elb_561,
        elb_460=counts.elb_460,
        elb_463=counts.elb_463,
        elb_464=counts.elb_464,
        target_5xx=counts.target_5xx,
        requests=counts.requests,
        error_rate=_error_rate(observed),
        pattern=observed.pattern if observed.kind == "errors" else "none",
        onset=observed.onset if observed.kind != "none" else None,
        last_seen=_last_seen(observed),
        over=_is_over(snapshot, observed),
        concentration=_by_rows(snapshot, observed) or _concentration(snapshot),
        generated_by=_generated_by(observed),
        over_time=errors_over_time(snapshot, observed),
    )


def _last_seen(observed: Observations) -> datetime | None:
    if observed.kind == "errors":
        return observed.last_seen
    return observed.ended.last if observed.ended else None


def _is_over(snapshot: Snapshot, observed: Observations) -> bool:
    """Unhealthy or missing targets mean that it can come back with the next request."""
    if observed.ended is not None:
        return True
    if observed.kind != "errors" or observed.last_seen is None or observed.saw(*PRESENT_TROUBLE):
        return False
    return snapshot.window.end - observed.last_seen > OVER_AFTER


def _whole_balancer(snapshot: Snapshot, observed: Observations) -> bool:
    return snapshot.subject.kind == "load-balancer" or (observed.shared_load_balancer and not observed.counted_by_rows)


def _error_rate(observed: Observations) -> float | None:
    """Errors over requests that reached a target plus errors that reached none (RequestCount leaves those out)."""
    counts = observed.counts
    if counts.requests is None or counts.elb_502 is None:
        return None
    own = counts.elb_total if observed.errors_are_ours else 0
    unreached = counts.elb(code="503") if observed.errors_are_ours else 0
    errors = own + (counts.target_5xx or 0)
    total = counts.requests + unreached
    return round(min(errors / total, 1.0), 4) if total else (1.0 if errors else 0.0)


def _generated_by(observed: Observations) -> Literal["load-balancer", "target", "mixed", "none"]:
    elb = observed.errors_are_ours and any(symptom.startswith("elb_") for symptom in observed.symptoms)
    target = "target_5xx" in observed.symptoms
    if elb and target:
        return "mixed"
    return "load-balancer" if elb else "target" if target else "none"


def _by_rows(snapshot: Snapshot, observed: Observations) -> Concentration | None:
    """Where access log rows of the observed errors gather, beyond the part of the traffic that is there anyway."""
    logs = snapshot.get(AccessLogs)
    told = [cluster for cluster in observed.clusters or () if cluster.symptom in observed.symptoms and cluster.rows]
    if not isinstance(logs, AccessLogs) or not told:
        return None
    traffic = RowTraffic.of(logs)
    target = _gathered(told, lambda row: row.target)
    zone = _gathered(told, lambda row: row.zone)
    route = _gathered(told, lambda row: row.route)
    if target and traffic.targets > 1 and traffic.share_of_target(target[0]) < GATHERED:
        return Concentration(by="target", key=target[0], share=round(target[1], 2))
    if zone and len(logs.by_zone) > 1 and _traffic_share(logs.by_zone, zone[0]) < GATHERED:
        return Concentration(by="zone", key=zone[0], share=round(zone[1], 2))
    usual = traffic.share_of_route(route[0]) if route else None
    if route and usual is not None and usual < GATHERED:
        return Concentration(by="route", key=route[0], share=round(route[1], 2))
    return Concentration()


def _traffic_share(counts: Iterable[KeyCount], key: str) -> float:
    """The key's part of all requests, 0-1; an equal part where requests were not counted."""
    known = {item.key: item.rows for item in counts}
    total = sum(rows or 0 for rows in known.values())
    return (known.get(key) or 0) / total if total else 1 / max(len(known), 1)


def _gathered(clusters: Iterable[RowCluster], key_of: Callable[[LoggedRow], str | None]) -> tuple[str, float] | None:
    """The key that most rows have, with its share; None where they are spread or have none."""
    weights: dict[str, float] = {}
    for cluster in clusters:
        for row in cluster.rows:
            key = key_of(row) or ""
            weights[key] = weights.get(key, 0.0) + cluster.count / len(cluster.rows)
    top = _largest_share(weights)
    return top if top and top[0] and top[1] >= GATHERED else None


def _concentration(snapshot: Snapshot) -> Concentration:
    metrics = snapshot.get(Metrics)
    zones: dict[str, float] = {}
    if isinstance(metrics, Metrics):
        for code in ("502", "503", "504"):
            for series in metrics.with_metric(f"HTTPCode_ELB_{code}_Count"):
                zone = dict(series.dimensions).get("AvailabilityZone")
                if zone:
                    points = series.between(snapshot.window.start, snapshot.window.end)
                    zones[zone] = zones.get(zone, 0.0) + sum(point.value for point in points)
    if len(zones) > 1 and (share := _largest_share(zones)) and share[1] >= ZONE_SHARE:
        return Concentration(by="zone", key=share[0], share=round(share[1], 2))
    health = snapshot.get(TargetHealth)
    if isinstance(health, TargetHealth):
        sick = [target.key for _, target in health.in_state("unhealthy")]
        everything = sum(1 for _ in health.all())
        if len(sick) == 1 and everything > 1:
            return Concentration(by="target", key=sick[0], share=None)
    return Concentration()


def _largest_share(parts: Mapping[str, float]) -> tuple[str, float] | None:
    total = sum(parts.values())
    if not total:
        return None
    key = max(parts, key=lambda one: parts[one])
    return key, parts[key] / total
