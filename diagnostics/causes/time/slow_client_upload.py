"""Callers send their request too slowly."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from diagnostics.causes.cause import Facts, Finding, cause
from diagnostics.printable import counted
from diagnostics.rules.logged_errors import is_upload
from diagnostics.rules.observations import NOISE_ERRORS
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import ROW_USES, clusters, explained, record

LARGE_BYTES = 1_000_000
MOST = 0.8


@cause(
    code="slow-client-upload",
    title="Callers upload too slowly",
    needs=(),
    uses=ROW_USES,
    clear_needs=ROW_USES,
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
    ),
    replaces=("target-slow-response", "client-disconnected-460"),
)
def slow_client_upload(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows of status 408 for POST, PUT or PATCH: the caller did not send its data within the idle
    timeout. Rows of 460 or 504 whose requests are nearly all large uploads fit, because the time of an upload counts as
    time of the target. Refuted by GET requests among them, or by small ones.
    """
    if facts.observed.saw("elb_408"):
        found = clusters(facts, "refused-by-lb", elb_status=408)
        for cluster in found:
            if any(map(is_upload, cluster.rows)):
                yield _finding(facts, cluster, explained(found), sure=True)  # the others are idle connections
    for cluster in clusters(facts, "client-gone", "response-timeout"):
        if facts.observed.saw(cluster.symptom) and cluster.count >= NOISE_ERRORS and _are_large_uploads(cluster):
            yield _finding(facts, cluster, cluster.explains, sure=False)


def _are_large_uploads(cluster: RowCluster) -> bool:
    sizes = [row.received_bytes for row in cluster.rows if row.received_bytes is not None]
    uploads = sum(is_upload(row) for row in cluster.rows)
    waf = any("waf" in row.actions for row in cluster.rows)
    large = bool(sizes) and median(sizes) >= LARGE_BYTES
    return large and not waf and uploads >= MOST * max(len(cluster.rows), 1)


def _finding(facts: Facts, cluster: RowCluster, explains: frozenset[str], *, sure: bool) -> Finding:
    uploads = [row for row in cluster.rows if is_upload(row)]
    number = round(cluster.count * len(uploads) / len(cluster.rows))
    sizes = [row.received_bytes for row in uploads if row.received_bytes is not None]
    received = f", {median(sizes) / 1e6:.1f} MB received in the middle of them" if sizes else ""
    who = counted(len({row.client for row in uploads if row.client}), "caller")
    return Finding(
        resource=facts.subject.label,
        summary=f"{counted(number, 'upload')} {'was' if number == 1 else 'were'} too slow and ended in"
        f" {cluster.elb_status}",
        supports=(record(facts, cluster, f"status {cluster.elb_status} for uploads of {who}{received}", decides=sure),),
        effect_seen=True,
        explains=explains,
        since=cluster.first,
        overturned_by="The same upload over a fast line that ends in the same way: curl -v --data-binary @FILE URL",
        advice="Let large files go straight to S3 with a presigned URL, in parts; a longer idle timeout helps callers"
        " on slow lines.",
        at_most="likely" if sure else "possible",
    )
