"""The web application firewall refuses requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, supporting
from diagnostics.facts import Metrics
from diagnostics.printable import percent
from diagnostics.rules.balancer_counts import counted
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import ROW_USES, callers_record, clusters, record, share_words, source_of

FEW_CALLERS_SHARE = 0.5
ROUTE_SHARE = 0.5


@cause(
    code="waf-blocked",
    title="The web application firewall blocks requests",
    needs=(),
    uses=(Metrics, *ROW_USES),
    clear_needs=ROW_USES,
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
        "https://docs.aws.amazon.com/waf/latest/developerguide/logging.html",
    ),
)
def waf_blocked(facts: Facts) -> Iterator[Finding]:
    """Requests are refused by an AWS WAF rule before a target sees them: 403, or the code that the rule sets.

    Decided by access log rows whose last action is waf and which name no target. Blocking is what the firewall is
    for: it is named when somebody asks about the code, or when a fifth of all requests is refused. Refuted by a
    status of the target: then the application refuses by itself. Few callers point to an attack, many to a rule
    that is too strict; the firewall's own log names the rule.
    """
    for cluster in clusters(facts, "waf"):
        by_rule = [row for row in cluster.rows if row.error_reason is None]
        if by_rule and cluster.elb_status < 500 and facts.observed.saw(cluster.symptom):
            yield _finding(facts, cluster)


def _finding(facts: Facts, cluster: RowCluster) -> Finding:
    callers = Counter(row.client for row in cluster.rows if row.client)
    top = callers.most_common(1)[0][1] / callers.total() if callers else 0.0
    route = cluster.top_route
    where = f"; {share_words(route, 'route')}" if route and route.share >= ROUTE_SHARE else ""
    asked = facts.subject.seen == cluster.elb_status
    balancer = next(iter(facts.subject.load_balancers), facts.subject.label)
    return Finding(
        resource=balancer,
        summary=f"AWS WAF blocks requests: {cluster.count:,} times {cluster.elb_status}{where}",
        supports=(
            record(
                facts, cluster, f"status {cluster.elb_status}, the last action is waf and no target was asked{where}"
            ),
            *callers_record(facts, cluster),
            *_of_their_reputation(facts),
        ),
        against=tuple(_against(facts, top, asked)),
        effect_seen=True,
        explains=cluster.explains,
        since=cluster.first,
        overturned_by=f"Rows of these {cluster.elb_status} with a status of the target, or without the action waf",
        advice=f"Find the rule: `aws wafv2 get-web-acl-for-resource --resource-arn {balancer}`, then its sampled"
        " requests or log (terminatingRuleId). Set a rule that hits customers to count, or exempt the route;"
        " leave it where the callers are an attack.",
        at_most=None if asked else "likely",
    )


def _of_their_reputation(facts: Facts) -> Iterator[Evidence]:
    denied = counted(facts, "LowReputationRequestsDenied")
    if denied:
        text = f"{denied:,} requests denied for their sender's reputation (LowReputationRequestsDenied)"
        yield supporting(text, "cloudwatch:GetMetricData", value=denied)


def _against(facts: Facts, top: float, asked: bool) -> Iterator[Evidence]:
    if top >= FEW_CALLERS_SHARE:
        yield supporting(
            f"one caller sent {percent(top)} of them: it may be an attack, rightly blocked", source_of(facts)
        )
    elif not asked:
        yield supporting("nobody has said that these callers should get in", source_of(facts))
