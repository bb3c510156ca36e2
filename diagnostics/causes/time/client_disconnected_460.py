"""Callers close the connection before the answer comes."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause, supporting
from diagnostics.facts import LoadBalancerAttributes
from diagnostics.rules.closed_early import idle_timeout_s
from diagnostics.rules.observations import NOISE_ERRORS
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import ROW_USES, callers_record, clusters, record, seconds, share_words, source_of

ROUTE_SHARE = 0.6
LEAVE = "they waited for different times, as people do who leave"


@cause(
    code="client-disconnected-460",
    title="Callers give up before the answer comes",
    needs=(),
    uses=(*ROW_USES, LoadBalancerAttributes),
    clear_needs=ROW_USES,
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",),
    helped_by=("target-slow-response",),
)
def client_disconnected_460(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows of status 460 after the same number of seconds each time, below the idle timeout: a
    timer of the caller. Without such a number they are people who leave, which makes it possible at most. A few 460 are
    daily life on every public site and are not reported. The answer may be slow, the caller impatient, or both.
    """
    if not facts.observed.saw("elb_460"):
        return
    for cluster in clusters(facts, "client-gone", elb_status=460):
        if cluster.count >= NOISE_ERRORS:
            yield _finding(facts, cluster)


def _finding(facts: Facts, cluster: RowCluster) -> Finding:
    waited, idle, route = cluster.elapsed_s, idle_timeout_s(facts), cluster.top_route
    timer = cluster.population == "constant" and waited is not None
    after = f" after {seconds(waited.middle)}" if timer and waited else ""
    where = f"; {share_words(route, 'route')}" if route and route.share >= ROUTE_SHARE else ""
    limit = f", before the load balancer's own limit of {idle} s" if idle else ""
    return Finding(
        resource=facts.subject.label,
        summary=f"Callers give up{after}: {cluster.count:,} times 460{where}",
        supports=(
            record(facts, cluster, f"the caller closed the connection{after}{limit}{where}", decides=timer),
            *callers_record(facts, cluster),
        ),
        against=() if timer else (supporting(LEAVE, source_of(facts)),),
        effect_seen=True,
        explains=cluster.explains,
        since=cluster.first,
        overturned_by="A time limit of the calling program that is not what these rows show",
        advice="Let the caller wait longer than the slowest answer takes, or make the answer faster; retries of a"
        " caller that gives up too early only add load.",
        at_most=None if timer else "possible",
    )
