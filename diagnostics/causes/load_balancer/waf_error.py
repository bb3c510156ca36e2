"""The web application firewall could not be asked, and the load balancer answers 500."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive
from diagnostics.facts import LoadBalancerAttributes
from diagnostics.printable import line
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import ROW_USES, clusters, record

FAIL_OPEN = "waf.fail_open.enabled"
MAX_REASON = 60


@cause(
    code="waf-error",
    title="The web application firewall does not answer",
    needs=(),
    uses=(*ROW_USES, LoadBalancerAttributes),
    clear_needs=ROW_USES,
    shows=("elb_500",),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html",
    ),
)
def waf_error(facts: Facts) -> Iterator[Finding]:
    """AWS WAF failed or took too long, and the load balancer is set to answer 500 then.

    Decided by access log rows of 500 with an error reason of the firewall (WAFConnectionTimeout, WAFServiceError…) or
    the action waf-failed. Whether requests should rather pass unchecked is the attribute waf.fail_open.enabled, and a
    decision of whoever owns the risk. Refuted by the plain action waf: a rule blocked the request.
    """
    for cluster in clusters(facts, "waf", elb_status=500):
        reasons = Counter(_reason(cluster, row.actions) for row in cluster.rows)
        if facts.observed.saw("elb_500") and any(reason for reason in reasons):
            yield _finding(facts, cluster, max(reasons, key=lambda reason: (bool(reason), reasons[reason])))


def _reason(cluster: RowCluster, actions: str) -> str:
    if cluster.error_reason:
        return line(cluster.error_reason, MAX_REASON)
    return "waf-failed" if "waf-failed" in actions else ""


def _finding(facts: Facts, cluster: RowCluster, reason: str) -> Finding:
    balancer = next(iter(facts.subject.load_balancers), facts.subject.label)
    return Finding(
        resource=balancer,
        summary=f"AWS WAF does not answer the load balancer ({reason}): {cluster.count:,} times 500",
        supports=(record(facts, cluster, f"status 500, {reason}"), *_attribute(facts)),
        effect_seen=True,
        explains=cluster.explains,
        since=cluster.first,
        overturned_by="Rows of these 500s without an error reason of the firewall",
        advice="Look at the AWS Health Dashboard for AWS WAF. Whoever owns the risk may let requests pass unchecked"
        " while it lasts: `aws elbv2 modify-load-balancer-attributes --load-balancer-arn"
        f" {balancer} --attributes Key={FAIL_OPEN},Value=true`",
    )


def _attribute(facts: Facts) -> Iterator[Evidence]:
    attributes = facts.maybe(LoadBalancerAttributes)
    if not isinstance(attributes, LoadBalancerAttributes):
        return
    values = {attributes.by_arn.get(arn, {}).get(FAIL_OPEN) for arn in facts.subject.load_balancers}
    if "false" in values:
        yield decisive(
            f"{FAIL_OPEN} is false: without the firewall the answer is 500", "elbv2:DescribeLoadBalancerAttributes"
        )
