"""What is usual: requests of the day before and of the same weekday, and the hosts under the tasks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from diagnostics.aws_access import Pages
from diagnostics.collect.answers import distinct, is_instance, nothing_read
from diagnostics.collect.collector import Later, Now, Reads, collector
from diagnostics.collect.sources.load_balancers import MAX_LOAD_BALANCERS
from diagnostics.collect.sources.metric_queries import (
    MAX_MEASURED_GROUPS,
    group_queries,
    host_queries,
    joined,
    reads_of,
    series_of,
    span_of,
)
from diagnostics.collect.sources.target_groups import own_groups
from diagnostics.facts import (
    ContainerInstances,
    Gap,
    HostMetrics,
    NotApplicable,
    TargetGroups,
    TargetHealth,
    Unread,
    UsualLoad,
)
from diagnostics.snapshot import Subject, Window

DAY, WEEK = timedelta(days=1), timedelta(days=7)
AROUND = timedelta(minutes=30)
USUAL_PERIOD_S = 300
HOST_PERIOD_S = 300
"""Basic monitoring of EC2 has a point every five minutes."""
LOOK_BACK = timedelta(hours=3)
LOAD_SERIES = (("RequestCount", "Sum"), ("RequestCountPerTarget", "Sum"))
MAX_HOSTS = 40


@collector(cached=True)
def usual_load(subject: Subject, window: Window, now: Now, groups: TargetGroups | Unread) -> Reads[UsualLoad]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html"""
    own = own_groups(subject, groups)
    if not isinstance(own, tuple):
        return own
    balancers = [arn.split(":loadbalancer/", 1)[-1] for arn in subject.load_balancers[:MAX_LOAD_BALANCERS]]
    queries = [
        query
        for balancer in balancers
        for group in own[:MAX_MEASURED_GROUPS]
        for query in group_queries(balancer, group.rsplit(":", 1)[-1], LOAD_SERIES)
    ]
    if not queries:
        return NotApplicable(reason="nothing of it has metrics")
    end = min(window.end, now.at)
    day = span_of(window.start - DAY, end, now.at, len(queries), USUAL_PERIOD_S)
    week = span_of(window.start - WEEK - AROUND, end - WEEK + AROUND, now.at, len(queries), USUAL_PERIOD_S)
    newer, older = reads_of(queries, day), reads_of(queries, week)
    answers: Sequence[Pages] = yield [*newer, *older]
    if failed := nothing_read(answers[: len(newer)]):
        return failed
    series, gaps = series_of(queries, day, answers[: len(newer)])
    before, older_gaps = series_of(queries, week, answers[len(newer) :])
    known = {(one.metric, one.dimensions): one for one in before}
    return UsualLoad(
        covered_from=week.start,
        covered_to=day.end,
        series=tuple(joined(one, known.get((one.metric, one.dimensions))) for one in series),
        gaps=tuple({gap.error: gap for gap in (*gaps, *older_gaps)}.values()),
    )


@collector(cached=True)
def host_metrics(
    window: Window, now: Now, health: TargetHealth | Unread, instances: Later[ContainerInstances]
) -> Reads[HostMetrics]:
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html"""
    yield instances
    hosts = instances.outcome
    targets = [target.id for _, target in health.all()] if isinstance(health, TargetHealth) else []
    known = [item.ec2_instance_id for item in hosts.items] if isinstance(hosts, ContainerInstances) else []
    ids = distinct([*known, *filter(is_instance, targets)])[:MAX_HOSTS]
    if not ids:
        return hosts if isinstance(hosts, Gap) else NotApplicable(reason="it does not run on EC2 instances")
    queries = [query for one in ids for query in host_queries(one)]
    end = min(window.end, now.at)
    span = span_of(min(window.start, end - LOOK_BACK), end, now.at, len(queries), HOST_PERIOD_S)
    answers: Sequence[Pages] = yield reads_of(queries, span)
    if failed := nothing_read(answers):
        return failed
    series, gaps = series_of(queries, span, answers)
    return HostMetrics(series=tuple(series), gaps=tuple(gaps))
