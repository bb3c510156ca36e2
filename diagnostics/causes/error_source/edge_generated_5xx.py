"""People report an error, and this load balancer sent none."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import AccessLogs, Metrics
from diagnostics.rules.balancer_counts import counted
from diagnostics.rules.observations import ELB_CODES
from diagnostics.rules.row_evidence import source_of
from diagnostics.rules.seen_code import all_rows_read, rows_with

EDGE = (
    "Look at the answer's headers: server: awselb/2.0 is a load balancer; x-amz-cf-id or x-cache: Error from cloudfront"
    " is CloudFront (its log's x-edge-detailed-result-type names the error); x-amzn-errortype or apigw-requestid is API"
    " Gateway. Then at what stands in front: CloudFront's origin timeouts, API Gateway's integration limit of 29 s,"
    " Global Accelerator's endpoints, a proxy or service mesh of your own; and whether the name leads to this load"
    " balancer at all."
)


@cause(
    code="edge-generated-5xx",
    title="The errors do not come from this load balancer",
    needs=(Metrics,),
    uses=(AccessLogs,),
    docs=(
        "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/troubleshooting-response-errors.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html",
    ),
)
def edge_generated_5xx(facts: Facts) -> Iterator[Finding]:
    """Somebody reports a 5xx (`--seen`), and neither the load balancer nor any of its targets sent one in this time:
    it was made by something in front, such as CloudFront, API Gateway or Global Accelerator, or the request went
    elsewhere.

    Decided by counters at 0 for the whole load balancer together with access log rows without the code; from counters
    alone it is possible at most. Refuted by one such row, or by a count. Never said where a counter was not read, or
    targets sent 5xx and no rows tell which.
    """
    code = facts.subject.seen
    if code is None or not 500 <= code <= 599 or not facts.subject.load_balancers:
        return
    counts, rows = tuple(_counters(facts, code)), tuple(_rows(facts, code))
    by_targets = counted(facts, "HTTPCode_Target_5XX_Count")
    if not counts or (by_targets != 0 and not rows) or rows_with(facts.maybe(AccessLogs), code):
        return
    yield Finding(
        resource=facts.subject.load_balancers[0],
        summary=f"The {code} that people see does not come from this load balancer or its targets"
        f" (looked at until {_until(facts)})",
        supports=(*counts, *rows, *_traffic(facts)),
        against=() if rows else (_unread(),),
        effect_seen=True,
        explains=frozenset(),
        overturned_by=f"One answer of {code} with the header server: awselb/2.0, or its X-Amzn-Trace-Id in this load"
        " balancer's access log",
        advice=EDGE,
        at_most=None if rows else "possible",
    )


def _counters(facts: Facts, code: int) -> Iterator[Evidence]:
    """The load balancer's own count of this code at 0; nothing where it was not read or is above."""
    if str(code) in ELB_CODES:
        metric, number = f"HTTPCode_ELB_{code}_Count", counted(facts, f"HTTPCode_ELB_{code}_Count")
    else:
        metric, total = "HTTPCode_ELB_5XX_Count", counted(facts, "HTTPCode_ELB_5XX_Count")
        known = [counted(facts, f"HTTPCode_ELB_{one}_Count") or 0 for one in ELB_CODES]
        number = None if total is None else max(total - sum(known), 0)
    if number == 0:
        yield decisive(f"{metric} of the whole load balancer is 0 in this time", "cloudwatch:GetMetricData", value=0)
        if counted(facts, "HTTPCode_Target_5XX_Count") == 0:
            yield supporting("no target answered 5xx either", "cloudwatch:GetMetricData", value=0)


def _rows(facts: Facts, code: int) -> Iterator[Evidence]:
    logs = facts.maybe(AccessLogs)
    if isinstance(logs, AccessLogs) and all_rows_read(logs, facts.window) and not rows_with(logs, code):
        text = f"none of {logs.rows:,} access log rows has status {code}"
        yield decisive(text, source_of(facts), value=logs.rows)


def _traffic(facts: Facts) -> Iterator[Evidence]:
    requests = counted(facts, "RequestCount")
    if requests is not None:
        text = f"{requests:,} requests reached its targets in this time" if requests else "no request came through it"
        yield supporting(text, "cloudwatch:GetMetricData", value=requests)


def _unread() -> Evidence:
    text = "access logs were not read, or not all of them; they would settle it"
    return supporting(text, "cloudwatch:GetMetricData")


def _until(facts: Facts) -> str:
    logs, metrics = facts.maybe(AccessLogs), facts[Metrics]
    ends = [facts.window.end, metrics.covered_to, *([logs.covered_to] if isinstance(logs, AccessLogs) else [])]
    return f"{min(ends):%H:%M} UTC"
