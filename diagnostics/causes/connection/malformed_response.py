"""The application answers with something that is not valid HTTP."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, supporting
from diagnostics.facts import AccessLogs, LogLine
from diagnostics.printable import counted
from diagnostics.rules.app_lines import LINE_USES
from diagnostics.rules.closed_early import CLOSED_USES, closed_early
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import record, seconds, source_of
from diagnostics.rules.served_by import SERVED_USES, log_search
from diagnostics.rules.written import answered_all_the_same, traced, were_read
from diagnostics.rules.written import record as line_record

MAX_ROUTES = 3
NOT_WEIGHED = "how many requests of this route went well was not counted"


@cause(
    code="malformed-response",
    title="The application's response is not valid HTTP",
    needs=(),
    uses=(*CLOSED_USES, *SERVED_USES, *LINE_USES),
    clear_needs=(AccessLogs,),
    shows=("elb_502",),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",),
)
def malformed_response(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows of 502 on a route that fails nearly every time, on every target, while other routes
    of the same targets answer: the load balancer dropped the response because of its headers or its framing (a space
    in a header's name, two lengths, a broken chunk). Refuted by good answers of the same route, by one target, by a
    constant time of many seconds. Confirmed when the application's own log shows these requests as answered.
    """
    for cluster in closed_early(facts, "one-route"):
        yield _finding(facts, cluster)


def _finding(facts: Facts, cluster: RowCluster) -> Finding:
    routes = tuple(dict.fromkeys(row.route for row in cluster.rows))
    more = f" and {len(routes) - MAX_ROUTES} more" if len(routes) > MAX_ROUTES else ""
    named = ", ".join(routes[:MAX_ROUTES]) + more
    times, weighed = cluster.target_s, cluster.population == "route"
    answered = answered_all_the_same(facts, cluster.rows)
    took = f" after {seconds(times.middle)}" if times else ""
    return Finding(
        resource=routes[0] if routes else facts.subject.label,
        summary=f"{named} fails with 502 {'nearly every time' if weighed else 'again and again'}, on every target:"
        " its response cannot be read",
        supports=(
            record(
                facts,
                cluster,
                f"{named} got no readable response{took}, on {counted(len(cluster.targets), 'target')}"
                + (", nearly every time; other routes answer" if weighed else "; nearly all of these rows are of it"),
            ),
            *(line_record(line, "answered one of these requests well") for line in answered[:1]),
        ),
        against=(
            *_against(facts, cluster, answered),
            *(() if weighed else (supporting(NOT_WEIGHED, source_of(facts)),)),
        ),
        effect_seen=True,
        affects=cluster.targets,
        explains=cluster.explains,
        since=cluster.first,
        overturned_by="A line of the application's log that shows one of these requests broken off and not answered:"
        f" {log_search(facts, cluster.rows)}",
        advice="Ask a target directly and look at the headers (`curl -v http://TARGET:PORT/PATH`): names with spaces,"
        " two different lengths, a length beside chunks, control characters; or more than 32 KB of them.",
        at_most=None if answered else "likely" if weighed else "possible",
    )


def _against(facts: Facts, cluster: RowCluster, answered: tuple[LogLine, ...]) -> tuple[Evidence, ...]:
    if answered:
        return ()
    if not were_read(facts):
        text = "the application's log, which would show them as answered, was not read"
        return (supporting(text, source_of(facts)),)
    broken = [line for line in traced(facts, cluster.rows) if line.signature in {"crash", "unhandled-error"}]
    return tuple(line_record(line, "broke off one of these requests", decides=False) for line in broken[:1])
