"""Requests are refused because they could be read in two ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive
from diagnostics.facts import LoadBalancerAttributes
from diagnostics.printable import line, percent
from diagnostics.rules.logged_errors import is_severe
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import ROW_USES, clusters, record

MODE = "routing.http.desync_mitigation_mode"
MAX_REASON = 60


@cause(
    code="desync-blocked",
    title="Desync mitigation refuses requests",
    needs=(),
    uses=(*ROW_USES, LoadBalancerAttributes),
    clear_needs=ROW_USES,
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html",
    ),
)
def desync_blocked(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows of status 400 with the classification Severe, from at least one request in a hundred:
    below that they are scanners, which every public address gets. Refuted by the mode `monitor`, which refuses
    nothing. The classification's reason names the header that the caller should not send.
    """
    if not facts.observed.saw("elb_400"):
        return
    for cluster in clusters(facts, "refused-by-lb", "other", elb_status=400):
        severe = [row for row in cluster.rows if is_severe(row)]
        if severe:
            yield _finding(facts, cluster, Counter(row.classification_reason or "-" for row in severe), len(severe))


def _finding(facts: Facts, cluster: RowCluster, reasons: Counter[str], severe: int) -> Finding:
    reason = line(reasons.most_common(1)[0][0], MAX_REASON)
    part = severe / len(cluster.rows)
    callers = len({row.client for row in cluster.rows if row.client})
    return Finding(
        resource=next(iter(facts.subject.load_balancers), facts.subject.label),
        summary=f"The load balancer refuses requests with 400 as dangerous to pass on ({reason})",
        supports=(
            record(
                facts, cluster, f"status 400, {percent(part)} classified as Severe, mostly {reason}; {callers} callers"
            ),
            *_mode(facts),
        ),
        effect_seen=True,
        explains=cluster.explains,
        since=cluster.first,
        overturned_by="Rows of these 400s whose classification is not Severe",
        advice="Correct what the caller or the proxy in front sends. The mode `monitor` lets such requests pass, and"
        " the attacks with them.",
    )


def _mode(facts: Facts) -> Iterator[Evidence]:
    attributes = facts.maybe(LoadBalancerAttributes)
    if not isinstance(attributes, LoadBalancerAttributes):
        return
    modes = {attributes.by_arn.get(arn, {}).get(MODE) for arn in facts.subject.load_balancers}
    if modes & {"defensive", "strictest"}:
        mode = "strictest" if "strictest" in modes else "defensive"
        yield decisive(f"desync mitigation mode: {mode}", "elbv2:DescribeLoadBalancerAttributes", value=mode)
