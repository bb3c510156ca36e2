"""The response's headers are larger than the load balancer accepts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause, supporting
from diagnostics.facts import AccessLogs
from diagnostics.printable import counted, percent
from diagnostics.rules.closed_early import CLOSED_USES, FEW_CALLERS, closed_early
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import record, source_of
from diagnostics.rules.served_by import SERVED_USES


@cause(
    code="response-header-too-large",
    title="The response's headers are too large",
    needs=(),
    uses=(*CLOSED_USES, *SERVED_USES),
    clear_needs=(AccessLogs,),
    shows=("elb_502",),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
    ),
    replaces=("malformed-response",),
)
def response_header_too_large(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows of 502 of a few callers who hardly ever get an answer, on every target, while others
    get one from the same service: their sessions carry more than the 32 KB of response headers that a load balancer
    takes (cookies, tokens). At most likely, because the log does not hold the size of headers; a captured response
    settles it. Refuted by errors of everybody, or of one route for everybody.
    """
    for cluster in closed_early(facts, "few-callers"):
        yield _finding(facts, cluster)


def _finding(facts: Facts, cluster: RowCluster) -> Finding:
    callers = Counter(row.client for row in cluster.rows if row.client).most_common(FEW_CALLERS)
    part = sum(number for _, number in callers) / len(cluster.rows)
    who = "one caller" if len(callers) == 1 else f"{len(callers)} callers"
    routes = len({row.route for row in cluster.rows if row.route})
    return Finding(
        resource=facts.subject.label,
        summary=f"{who} get 502 nearly every time while others are answered: the headers of their responses may be"
        " larger than 32 KB",
        supports=(
            record(
                facts,
                cluster,
                f"{percent(part)} are of {who} who hardly ever get an answer, on"
                f" {counted(len(cluster.targets), 'target')} and {counted(routes, 'route')}",
            ),
        ),
        against=(supporting("the access log does not hold the size of response headers", source_of(facts)),),
        effect_seen=True,
        affects=cluster.targets,
        explains=cluster.explains,
        since=cluster.first,
        overturned_by="One of these requests broken off in the application's log, or headers of less than 32 KB in the"
        " answer that such a session gets from a target directly:"
        " curl -s -D - -o /dev/null -b COOKIES http://TARGET:PORT/ | wc -c",
        advice="Keep session data on the server instead of in cookies, and shorten Content-Security-Policy and tokens:"
        " all response headers together must stay below 32 KB.",
        at_most="likely",
    )
