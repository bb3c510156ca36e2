"""A rule's rewrite of host or path fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause
from diagnostics.facts import LoggedRow
from diagnostics.printable import line
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import ROW_USES, clusters, record

SUCCESS = frozenset({None, "", "-", "TransformSuccess"})
MAX_STATUS = 60
MOST = 0.5


@cause(
    code="rewrite-transform-failed",
    title="A listener rule's rewrite fails",
    needs=(),
    uses=ROW_USES,
    clear_needs=ROW_USES,
    shows=("elb_500",),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-transforms.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html",
    ),
)
def rewrite_transform_failed(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows of status 500 whose transform status is an error: the rewrite of host or path that
    the rule asks for gave nothing valid. The status names what failed, and the row the rule. Refuted by
    TransformSuccess.
    """
    for cluster in clusters(facts, "rule-action", "refused-by-lb", "no-target", "other", elb_status=500):
        failed = [row for row in cluster.rows if row.transform_status not in SUCCESS]
        if failed and len(failed) >= MOST * len(cluster.rows) and facts.observed.saw("elb_500"):
            yield _finding(facts, cluster, failed)


def _finding(facts: Facts, cluster: RowCluster, failed: list[LoggedRow]) -> Finding:
    status = line(Counter(row.transform_status or "" for row in failed).most_common(1)[0][0], MAX_STATUS)
    rules = sorted({row.rule_priority for row in failed if row.rule_priority})
    rule = f"rule {', '.join(rules[:3])}" if rules else "a rule"
    return Finding(
        resource=next(iter(facts.subject.load_balancers), facts.subject.label),
        summary=f"The rewrite of {rule} fails with {status}: {cluster.count:,} times 500",
        supports=(record(facts, cluster, f"transform status {status}, at {rule}"),),
        effect_seen=True,
        explains=cluster.explains,
        since=cluster.first,
        overturned_by="Rows of these 500s with the transform status TransformSuccess",
        advice="Try the rule's regular expression and replacement with the paths of these rows, and correct the rule.",
    )
