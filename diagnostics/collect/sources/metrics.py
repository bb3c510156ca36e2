"""CloudWatch series in one call, and in a second one when the trouble is older than the first could show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from diagnostics.collect.answers import distinct, nothing_read
from diagnostics.collect.collector import Later, Now, Read, Reads, collector
from diagnostics.collect.sources.lambda_functions import (
    MAX_FUNCTIONS,
    own_lambda_groups,
    qualifier_of,
    registered_in,
)
from diagnostics.collect.sources.load_balancers import MAX_LOAD_BALANCERS
from diagnostics.collect.sources.metric_queries import (
    GROUP_SERIES,
    LAMBDA_GROUP_SERIES,
    MAX_MEASURED_GROUPS,
    SIBLING_SERIES,
    Query,
    Span,
    account_function_queries,
    function_queries,
    group_queries,
    joined,
    load_balancer_queries,
    reads_of,
    series_of,
    service_queries,
    span_of,
)
from diagnostics.collect.sources.target_groups import own_groups
from diagnostics.facts import (
    LoadBalancers,
    Metrics,
    NotApplicable,
    Series,
    TargetGroup,
    TargetGroups,
    TargetHealth,
    Unread,
)
from diagnostics.facts.lambda_targets import unqualified
from diagnostics.rules.onset import last_burst
from diagnostics.snapshot import Subject, Window

LOOK_BACK = timedelta(hours=3)
LOOK_FURTHER_BACK = timedelta(hours=24)
AT_THE_EDGE = timedelta(minutes=2)
MAX_SIBLINGS = 50


@collector(cached=False)
def metrics(
    subject: Subject,
    window: Window,
    now: Now,
    balancers: LoadBalancers | Unread,
    groups: TargetGroups | Unread,
    health: Later[TargetHealth],
) -> Reads[Metrics]:
    """Metrics and their dimensions:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html"""
    queries = _queries(subject, balancers, groups)
    of_functions = own_lambda_groups(subject, groups)
    if isinstance(of_functions, tuple) and of_functions:
        yield health
        queries += _function_queries(subject, of_functions, health.outcome)
    if not queries:
        return NotApplicable(reason="nothing of it has metrics")
    end = min(window.end, now.at)
    span = span_of(min(window.start, end - LOOK_BACK), end, now.at, len(queries))
    answers = yield reads_of(queries, span)
    if failed := nothing_read(answers):
        return failed
    series, gaps = series_of(queries, span, answers)
    covered_from = span.start
    if _begins_at_edge(series, queries, span):
        earlier, reads = _earlier(queries, span, now)
        older_answers = yield reads
        older, older_gaps = series_of([query for query in queries if query.tells_onset], earlier, older_answers)
        gaps += older_gaps
        if not older_gaps:
            by_name = {_name(item): item for item in older}
            series = [joined(item, by_name.get(_name(item))) for item in series]
            covered_from = earlier.start
    return Metrics(covered_from=covered_from, covered_to=span.end, series=tuple(series), gaps=tuple(gaps))


def _queries(subject: Subject, balancers: LoadBalancers | Unread, groups: TargetGroups | Unread) -> list[Query]:
    queries: list[Query] = []
    own = own_groups(subject, groups)
    measured = own[:MAX_MEASURED_GROUPS] if isinstance(own, tuple) else ()
    known = groups.items if isinstance(groups, TargetGroups) else ()
    siblings = [group for group in known if group.arn not in measured][:MAX_SIBLINGS]
    for arn in subject.load_balancers[:MAX_LOAD_BALANCERS]:
        balancer = arn.split(":loadbalancer/", 1)[-1]
        queries += load_balancer_queries(balancer, _zones(balancers, arn))
        for group_arn in measured:
            queries += group_queries(balancer, group_arn.rsplit(":", 1)[-1], GROUP_SERIES)
            if _is_of_function(group_arn, known):
                queries += group_queries(balancer, group_arn.rsplit(":", 1)[-1], LAMBDA_GROUP_SERIES)
        for sibling in siblings:
            if _may_serve(sibling, arn):
                of_function = sibling.target_type == "lambda"
                series = (*SIBLING_SERIES, *LAMBDA_GROUP_SERIES) if of_function else SIBLING_SERIES
                queries += group_queries(balancer, sibling.dimension, series)
    if subject.cluster and subject.service:
        queries += service_queries(subject.cluster.rsplit("/", 1)[-1], subject.service.rsplit("/", 1)[-1])
    return queries


def _function_queries(subject: Subject, groups: Sequence[str], health: TargetHealth | Unread) -> list[Query]:
    """The functions that these groups call; where targets could not be read, the one that was asked about."""
    arns = distinct(one.arn for one in registered_in(groups, health)) or distinct([subject.function])
    queries: list[Query] = []
    for arn in arns[:MAX_FUNCTIONS]:
        queries += function_queries(unqualified(arn).rsplit(":", 1)[-1], qualifier_of(arn))
    if queries:
        for balancer in subject.load_balancers[:1]:
            queries += account_function_queries(balancer.split(":loadbalancer/", 1)[-1])
    return list(dict.fromkeys(queries))


def _is_of_function(arn: str, known: Sequence[TargetGroup]) -> bool:
    return any(group.arn == arn and group.target_type == "lambda" for group in known)


def _zones(balancers: LoadBalancers | Unread, arn: str) -> Sequence[str]:
    balancer = balancers.of(arn) if isinstance(balancers, LoadBalancers) else None
    return [zone.zone for zone in balancer.zones] if balancer else []


def _may_serve(group: TargetGroup, balancer_arn: str) -> bool:
    return not group.load_balancer_arns or balancer_arn in group.load_balancer_arns


def _begins_at_edge(series: Sequence[Series], queries: Sequence[Query], span: Span) -> bool:
    """Whether the newest run of errors, or of unhealthy targets, was under way when the read time began."""
    telling = {(query.metric, query.statistic, query.dimensions) for query in queries if query.tells_onset}
    edge = span.start + max(AT_THE_EDGE, timedelta(seconds=span.period_s))
    for item in series:
        burst = last_burst(item.points, span.end) if _name(item) in telling else None
        if burst is not None and burst.start <= edge:
            return True
    return False


def _earlier(queries: Sequence[Query], span: Span, now: Now) -> tuple[Span, list[Read]]:
    """The time before `span` in the same period, for the few series that tell when it began."""
    telling = [query for query in queries if query.tells_onset]
    start = span_of(span.end - LOOK_FURTHER_BACK, span.end, now.at, len(telling)).start
    start = min(start, span.start - timedelta(seconds=span.period_s))
    earlier = Span(start, span.start, span.period_s)
    return earlier, reads_of(telling, earlier)


def _name(series: Series) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    return series.metric, series.statistic, series.dimensions
