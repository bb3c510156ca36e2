from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import LoadBalancerAttributes, Metrics
from diagnostics.rules.observations import ELB_CODES, NOISE_ERRORS, NOISE_RATE
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import ROW_USES, clusters, explained, record, share_words
from diagnostics.rules.served_by import SERVED_USES, log_search

METRIC = "HTTPCode_Target_5XX_Count"
STANDS_OUT = 0.6


@cause(
    code="target-generated-5xx",
    title="The application itself answers with errors",
    needs=(),
    uses=(Metrics, LoadBalancerAttributes, *SERVED_USES, *ROW_USES),
    clear_needs=(Metrics,),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html",
    ),
)
def target_generated_5xx(facts: Facts) -> Iterator[Finding]:
    """Decided by 5xx codes that the targets of this target group sent themselves; the load balancer passed them on.
    Errors that the load balancer made, and those of other target groups, are counted elsewhere. Access log rows with
    a status of the target confirm it, and say which routes and targets it is.
    """
    if not facts.observed.saw("target_5xx"):
        return
    for resource, dimensions in _counters(facts):
        rows = tuple(c for c in clusters(facts, "answered") if _is_of(c, resource, facts))
        errors = _total(facts, METRIC, dimensions) or sum(cluster.count for cluster in rows)
        requests = _total(facts, "RequestCount", dimensions)
        if errors >= NOISE_ERRORS and (not requests or errors / requests >= NOISE_RATE):
            yield _finding(facts, resource, errors, requests, rows)


def _is_of(cluster: RowCluster, resource: str, facts: Facts) -> bool:
    return cluster.symptom == "target_5xx" and (not facts.subject.target_groups or cluster.target_group == resource)


def _finding(facts: Facts, resource: str, errors: int, requests: int, rows: tuple[RowCluster, ...]) -> Finding:
    onset = facts.observed.onset
    when = f" since {onset:%H:%M} UTC" if onset else ""
    share = f" of {requests:,} requests" if requests else " requests"
    return Finding(
        resource=resource,
        summary=f"the targets themselves answered {errors:,}{share} with 5xx{when}",
        supports=(
            *_counted(facts, errors, share),
            *(record(facts, c, f"the target answered {c.target_status}{_where(c)}") for c in rows),
            *_quiet_balancer(facts),
        ),
        against=tuple(_balancer_errors(facts)),
        effect_seen=True,
        affects=frozenset({resource}),
        explains=frozenset({"target_5xx"}) | explained(rows),
        since=onset,
        overturned_by=_would_overturn(facts, rows),
        advice=(
            "Read the application's log around the first errors; each request carries its trace id in the header "
            "X-Amzn-Trace-Id, which also stands in the access log."
        ),
        at_most=None if rows else "likely",
    )


def _counted(facts: Facts, errors: int, share: str) -> Iterator[Evidence]:
    if isinstance(facts.maybe(Metrics), Metrics):
        text = (
            f"{errors:,}{share} were answered with 5xx by targets of this group ({METRIC}); the load balancer only"
            " passed the answers on"
        )
        yield decisive(text, "cloudwatch:GetMetricData", at=facts.observed.onset, value=errors)


def _where(cluster: RowCluster) -> str:
    """The target or the route on which most of them are."""
    for top, what in ((cluster.top_target, "target"), (cluster.top_route, "route")):
        if top and top.share >= STANDS_OUT and top.of_how_many > 1:
            return f", {share_words(top, what)}"
    return ""


def _counters(facts: Facts) -> Iterator[tuple[str, dict[str, str]]]:
    """Each own target group on each load balancer; the load balancer as a whole only when it is the subject."""
    subject = facts.subject
    for balancer in subject.load_balancers:
        dimension = balancer.split(":loadbalancer/", 1)[-1]
        for group in subject.target_groups:
            yield group, {"LoadBalancer": dimension, "TargetGroup": group.rsplit(":", 1)[-1]}
        if not subject.target_groups:
            yield balancer, {"LoadBalancer": dimension}


def _total(facts: Facts, metric: str, dimensions: dict[str, str]) -> int:
    metrics = facts.maybe(Metrics)
    series = metrics.find(metric, "Sum", **dimensions) if isinstance(metrics, Metrics) else None
    points = series.between(facts.window.start, facts.window.end) if series else ()
    return round(sum(point.value for point in points))


def _quiet_balancer(facts: Facts) -> Iterator[Evidence]:
    counts = facts.observed.counts
    if counts.elb_502 is not None and not facts.observed.saw(*(f"elb_{code}" for code in ELB_CODES)):
        yield supporting("the load balancer itself made no errors to speak of", "cloudwatch:GetMetricData")


def _balancer_errors(facts: Facts) -> Iterator[Evidence]:
    counts = facts.observed.counts
    if facts.observed.errors_are_ours and counts.elb_total > (counts.target_5xx or 0):
        text = f"the load balancer made more errors itself ({counts.elb_total}), which this does not explain"
        yield supporting(text, "cloudwatch:GetMetricData", value=counts.elb_total)


def _would_overturn(facts: Facts, rows: tuple[RowCluster, ...]) -> str:
    if rows:
        found = log_search(facts, (row for cluster in rows for row in cluster.rows))
        return f"A line of the application's log that shows one of these requests answered well: {found}"
    tells = "access log rows whose target_status_code is '-' for these errors"
    attributes = facts.maybe(LoadBalancerAttributes)
    if isinstance(attributes, LoadBalancerAttributes):
        off = [arn for arn in facts.subject.load_balancers if not attributes.access_logs_enabled(arn)]
        if off:
            read = f"aws elbv2 describe-load-balancer-attributes --load-balancer-arn {off[0]}"
            return f"{tells}; access logs are off: {read}"
    return tells
