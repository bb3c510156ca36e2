"""Error rows that no cause accounts for: a partition of their own, never absorbed by the cause that came first."""

from __future__ import annotations

from collections.abc import Iterable

from diagnostics.facts import RowFamily
from diagnostics.printable import line
from diagnostics.rules.observations import Observations
from diagnostics.rules.row_clusters import RowCluster

MAX_REASON = 60
IN_WORDS: dict[RowFamily, str] = {
    "answered": "the target sent the error itself",
    "not-dispatched-fast": "no connection to the target, within milliseconds",
    "not-dispatched-timeout": "no connection to the target for ten seconds",
    "closed-before-response": "the target closed the connection before it answered",
    "response-timeout": "the target did not answer in time",
    "no-target": "there was no target to send to",
    "rule-action": "a listener rule answered",
    "waf": "the web application firewall",
    "auth": "authentication",
    "lambda": "the function",
    "client-gone": "the caller closed the connection",
    "refused-by-lb": "the load balancer refused the request",
}


def left_over(observed: Observations, explained: frozenset[str]) -> tuple[RowCluster, ...]:
    """Clusters of observed symptoms that are not in `explained`.

    A cause names the clusters that it accounts for. One that does not look at rows names the symptom, which covers
    all of its clusters, unless another cause of the same symptom does look at rows.
    """
    return tuple(
        cluster
        for symptom in told_by_rows(observed)
        for cluster in _unexplained(_of(symptom, observed), symptom, explained)
    )


def told_by_rows(observed: Observations) -> tuple[str, ...]:
    """Symptoms that access log rows account for."""
    return tuple(sorted(symptom for symptom in observed.symptoms if observed.rows_tell(symptom)))


def share_left(symptom: str, rest: Iterable[RowCluster], observed: Observations) -> float:
    """The part of the symptom's rows that is in `rest`, 0-1."""
    total = sum(cluster.count for cluster in _of(symptom, observed))
    left = sum(cluster.count for cluster in rest if cluster.symptom == symptom)
    return left / total if total else 0.0


def in_words(cluster: RowCluster) -> str:
    reason = f" ({line(cluster.error_reason, MAX_REASON)})" if cluster.error_reason else ""
    return f"{IN_WORDS.get(cluster.family, cluster.family)}{reason}"


def _of(symptom: str, observed: Observations) -> tuple[RowCluster, ...]:
    return tuple(
        cluster
        for cluster in observed.clusters or ()
        if cluster.symptom == symptom and (cluster.target_group is not None or not observed.counted_by_rows)
    )


def _unexplained(clusters: tuple[RowCluster, ...], symptom: str, explained: frozenset[str]) -> list[RowCluster]:
    by_rows = any(cluster.key in explained for cluster in clusters)
    if symptom in explained and not by_rows:
        return []
    return [cluster for cluster in clusters if cluster.key not in explained]
