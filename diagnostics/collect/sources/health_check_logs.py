"""Health checks that failed, from the load balancer's own log: the history that DescribeTargetHealth does not keep."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from diagnostics.access_logs.health_checks import HealthCheckTally
from diagnostics.access_logs.places import newest_complete, place_of
from diagnostics.aws_access import Reader
from diagnostics.collect.collector import Now, Reads, collector
from diagnostics.collect.errand import Errand, Leash
from diagnostics.collect.log_options import LogBudget, LogOptions
from diagnostics.collect.log_stream import Streamed, Wanted, stream
from diagnostics.collect.sources.load_balancers import MAX_LOAD_BALANCERS
from diagnostics.collect.sources.log_files import distinct_gaps, log_files
from diagnostics.collect.sources.log_wish import why_no_health_checks
from diagnostics.collect.sources.target_groups import own_groups
from diagnostics.facts import (
    Gap,
    HealthCheckLogs,
    LoadBalancerAttributes,
    Metrics,
    NotApplicable,
    TargetGroups,
    TargetHealth,
)
from diagnostics.snapshot import Subject, Window

SECONDS = 5.0
LINES = 1_000_000
OFF = NotApplicable(reason="health check logs are off")


@collector(cached=True, own_budget=True)
def health_check_logs(
    subject: Subject,
    window: Window,
    now: Now,
    options: LogOptions,
    attributes: LoadBalancerAttributes,
    groups: TargetGroups | Gap | NotApplicable,
    metrics: Metrics | Gap | NotApplicable,
    health: TargetHealth | Gap | NotApplicable,
) -> Reads[HealthCheckLogs]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-health-check-logs.html"""
    possible = [
        place_of(arn, attributes.by_arn.get(arn, {}), "health-check")
        for arn in subject.load_balancers[:MAX_LOAD_BALANCERS]
    ]
    places = [place for place in possible if place is not None]
    if not places:
        return OFF
    skipped = why_no_health_checks(options, subject, window, metrics, health)
    if skipped:
        return skipped
    files, gaps = yield from log_files(places, window, now)
    if not files:
        return gaps[-1]
    own_arns = own_groups(subject, groups)
    names = {arn.split("/")[-2]: arn for arn in own_arns} if isinstance(own_arns, tuple) else {}
    tally = HealthCheckTally(window.start, window.end, names)
    budget = LogBudget(min(LINES, options.budget.lines), options.budget.bytes, min(SECONDS, options.budget.seconds))
    errand = Errand(partial(_stream, files, tally, budget), seconds=budget.seconds)
    yield errand
    if isinstance(errand.outcome, Gap):
        return errand.outcome
    gaps += distinct_gaps(places[0], errand.outcome.gaps)
    if not errand.outcome.read and gaps:
        return gaps[-1]
    until = min(window.end, newest_complete(now.at))
    since = max((one.file.end for one in errand.outcome.unread), default=window.start)
    return tally.logs(min(max(since, window.start), until), until).model_copy(update={"gaps": gaps})


def _stream(
    files: Sequence[Wanted], tally: HealthCheckTally, budget: LogBudget, reader: Reader, leash: Leash
) -> Streamed:
    return stream(files, tally.add, reader, leash, budget)
