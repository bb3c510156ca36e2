"""Targets do not answer within the load balancer's idle timeout."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import AccessLogs, Gap, LoadBalancerAttributes, Metrics, TargetHealth
from diagnostics.facts.load_balancing import DEFAULT_IDLE_TIMEOUT_S
from diagnostics.rules.app_lines import LINE_USES, lines_of
from diagnostics.rules.closed_early import idle_timeout_s
from diagnostics.rules.counters import series_of
from diagnostics.rules.in_time import STREAMED, in_time
from diagnostics.rules.observations import NOISE_ERRORS
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import (
    NOT_READ,
    own_clusters,
    record,
    rows_were_read,
    seconds,
    share_words,
    source_of,
)
from diagnostics.rules.row_traffic import RowTraffic

METRICS = "cloudwatch:GetMetricData"
NEAR_TIMEOUT = 0.8
ROUTE_SHARE = 0.6
TARGET_SHARE = 0.8


@cause(
    code="target-slow-response",
    title="Targets take longer than the load balancer waits",
    needs=(),
    uses=(AccessLogs, Metrics, LoadBalancerAttributes, TargetHealth, *LINE_USES),
    clear_needs=(AccessLogs, Metrics),
    shows=("elb_504", "elb_460"),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html",
    ),
    replaces=("connect-timeout-unattributed",),
)
def target_slow_response(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows of 504 that were sent to a target and got no answer for as long as the idle timeout;
    answers that came just in time confirm it. Refuted by rows that never got a connection (ten seconds), or by 504
    that the target sent itself. Without rows, 504 without failed connections while answer times come near the idle
    timeout fits. Where callers give up before it (460), the slow route contributes.
    """
    idle = idle_timeout_s(facts)
    for cluster in own_clusters(facts, "response-timeout", elb_status=504):
        if cluster.count >= NOISE_ERRORS and cluster.population != "at-end-of-target":
            yield _finding(facts, cluster, idle)
    for cluster in own_clusters(facts, "client-gone", elb_status=460):
        top = cluster.top_route
        if cluster.population == "constant" and facts.observed.saw("elb_460") and top and top.share >= ROUTE_SHARE:
            yield _cut_short(facts, cluster)
    by_default = idle is None and isinstance(facts.maybe(LoadBalancerAttributes), Gap)
    assumed = DEFAULT_IDLE_TIMEOUT_S if by_default else idle
    if _counters_fit(facts, assumed):
        yield _guess(facts, assumed or 0, by_default=by_default)


def _finding(facts: Facts, cluster: RowCluster, idle: int | None) -> Finding:
    where = _where(facts, cluster)
    waited = cluster.elapsed_s
    took = f" for {seconds(waited.middle)}" if waited else ""
    limit = f"the idle timeout of {idle} s" if idle else "the idle timeout"
    return Finding(
        resource=_resource(facts, cluster),
        summary=f"Targets did not answer within {limit}: {cluster.count:,} times 504{where}",
        supports=(
            record(facts, cluster, f"sent to a target, which did not answer{took}{where}"),
            *_survivors(facts, idle),
            *_threads(facts),
        ),
        effect_seen=True,
        affects=cluster.targets,
        explains=cluster.explains | _hanging(facts, cluster),
        since=cluster.first,
        overturned_by=f"An idle timeout that is not what these requests waited{took}: aws elbv2"
        " describe-load-balancer-attributes --load-balancer-arn"
        f" {next(iter(facts.subject.load_balancers), 'ARN')}",
        advice=_advice(cluster, idle),
    )


def _hanging(facts: Facts, cluster: RowCluster) -> frozenset[str]:
    """Health checks that time out on the one target that does not answer users either."""
    health = facts.maybe(TargetHealth)
    if cluster.population != "target" or not isinstance(health, TargetHealth):
        return frozenset()
    sick = [target for _, target in health.in_state("unhealthy")]
    same = bool(sick) and all(one.reason == "Target.Timeout" and one.key in cluster.targets for one in sick)
    return frozenset({"unhealthy"}) if same else frozenset()


def _where(facts: Facts, cluster: RowCluster) -> str:
    """What they have in common beyond their part of the traffic."""
    logs, route, target = facts.maybe(AccessLogs), cluster.top_route, cluster.top_target
    traffic = RowTraffic.of(logs) if isinstance(logs, AccessLogs) else None
    if target and target.share >= TARGET_SHARE and (target.of_how_many > 1 or (traffic and traffic.targets > 1)):
        return f", {share_words(target, 'target')}"
    weight = traffic.share_of_route(route.key) if traffic and route else None
    if route and route.share >= ROUTE_SHARE and (weight is None or route.share > weight):
        return f", {share_words(route, 'route')}"
    return f" on {route.of_how_many} routes" if route and route.of_how_many > 1 else ""


def _resource(facts: Facts, cluster: RowCluster) -> str:
    top = cluster.top_route
    return top.key if top and top.share >= ROUTE_SHARE else facts.subject.label


def _survivors(facts: Facts, idle: int | None) -> Iterator[Evidence]:
    slowest = _slowest_minute(facts)
    if idle and slowest is not None and slowest >= NEAR_TIMEOUT * idle:
        text = f"the slowest answers that did come took {seconds(slowest)}, close to the idle timeout"
        yield decisive(text, METRICS, value=slowest)
    logs = facts.maybe(AccessLogs)
    if isinstance(logs, AccessLogs) and logs.latency.p99 is not None and logs.latency.max is not None:
        text = f"answers that came: p99 {seconds(logs.latency.p99)}, longest {seconds(logs.latency.max)}"
        yield supporting(text, source_of(facts), value=logs.latency.p99)


def _threads(facts: Facts) -> Iterator[Evidence]:
    """Requests that wait for a thread wait inside of the target; what holds the threads, such lines do not tell."""
    lines = lines_of(facts, facts.observed.onset or facts.window.start, facts.window.end, "no-threads")
    if lines is not None:
        yield lines.record(decides=False)


def _slowest_minute(facts: Facts) -> float | None:
    """The longest answer of the subject's targets in the window."""
    points = [
        point.value
        for series in series_of(facts.maybe(Metrics), "TargetResponseTime", "Maximum", facts.subject.target_groups)
        for point in series.between(facts.window.start, facts.window.end)
    ]
    return max(points, default=None)


def _cut_short(facts: Facts, cluster: RowCluster) -> Finding:
    top, waited = cluster.top_route, cluster.elapsed_s
    took = seconds(waited.middle) if waited else "the callers' own limit"
    name = top.key if top else "a route"
    return Finding(
        resource=name,
        summary=f"{name} took longer than its callers waited ({took})",
        supports=(record(facts, cluster, f"callers gave up after {took}; {share_words(top, 'route')}"),),
        effect_seen=True,
        role="contributing",
        affects=cluster.targets,
        explains=cluster.explains,
        since=cluster.first,
        advice=f"Make {name} faster. The callers count the whole time, so streaming helps them only where they read as"
        " it comes: answer 202 with Location and Retry-After, queue the work, and let them poll; or let them wait"
        " longer.",
        at_most="likely",
    )


def _counters_fit(facts: Facts, idle: int | None) -> bool:
    observed = facts.observed
    if facts.subject.function:  # a function is waited for as long as it may run
        return False
    if rows_were_read(facts) or not observed.errors_are_ours or not observed.saw("elb_504") or idle is None:
        return False
    slowest = _slowest_minute(facts)
    failed = observed.counts.connection_errors or observed.counts.tls_errors
    return not failed and slowest is not None and slowest >= NEAR_TIMEOUT * idle


def _guess(facts: Facts, idle: int, *, by_default: bool) -> Finding:
    slowest, count = _slowest_minute(facts) or 0.0, facts.observed.counts.elb_504
    return Finding(
        resource=facts.subject.label,
        summary=f"Targets seem not to have answered within the idle timeout of {idle} s: {count:,} times 504, and the"
        f" slowest answers took {seconds(slowest)}",
        supports=(
            supporting(f"{count:,} times 504, and no failed connection to a target", METRICS, value=count),
            supporting(f"the slowest answers took {seconds(slowest)}", METRICS, value=slowest),
            *_threads(facts),
        ),
        against=(supporting(NOT_READ, METRICS), *_unread_timeout(by_default=by_default)),
        effect_seen=True,
        explains=frozenset({"elb_504"}),
        since=facts.observed.onset,
        overturned_by="Access log rows of these 504s with a request processing time of -1: they got no connection",
        advice=f"Find the slow route (access logs, or the application's own timing) and make it faster. {in_time(idle)}"
        f" {STREAMED}",
        at_most="possible",
    )


def _unread_timeout(*, by_default: bool) -> Iterator[Evidence]:
    if by_default:
        text = f"the idle timeout could not be read; {DEFAULT_IDLE_TIMEOUT_S} s is what a load balancer has by default"
        yield supporting(text, "elbv2:DescribeLoadBalancerAttributes", value=DEFAULT_IDLE_TIMEOUT_S)


def _advice(cluster: RowCluster, idle: int | None) -> str:
    top = cluster.top_target
    if cluster.population == "target" and top:
        return f"Only target {top.key} hangs: replace it, after taking a thread dump or a profile of its process."
    if cluster.top_route and cluster.top_route.share >= ROUTE_SHARE:
        return f"Make {cluster.top_route.key} faster, or let it answer in time. {in_time(idle)} {STREAMED}"
    return (
        "All routes wait: look at what stands behind them all (database, a pool of connections, another service) and"
        " at the CPU. A longer idle timeout helps only when the targets' keep-alive is longer still."
        f" {in_time(idle)}"
    )
