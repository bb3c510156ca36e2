"""Health checks that failed, from the load balancer's own log: the history that DescribeTargetHealth does not keep."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.access_logs.health_checks import HealthCheckTally
from diagnostics.access_logs.places import is_on, newest_complete, place_of
from diagnostics.access_logs.vended import health_line_of
from diagnostics.collect.collector import Now, Reads, collector
from diagnostics.collect.errand import Errand
from diagnostics.collect.log_options import LogBudget, LogOptions
from diagnostics.collect.log_stream import stream
from diagnostics.collect.sources.load_balancers import MAX_LOAD_BALANCERS
from diagnostics.collect.sources.log_files import distinct_gaps, log_files
from diagnostics.collect.sources.log_wish import is_or_was_unhealthy, why_no_health_checks
from diagnostics.collect.sources.target_groups import own_groups
from diagnostics.collect.sources.vended_events import read_groups
from diagnostics.collect.sources.vended_logs import HEALTH_CHECK_LOGS, log_groups
from diagnostics.facts import (
    Gap,
    HealthCheckLogs,
    LoadBalancerAttributes,
    Metrics,
    NotApplicable,
    TargetGroups,
    TargetHealth,
    Unread,
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
    groups: TargetGroups | Unread,
    metrics: Metrics | Unread,
    health: TargetHealth | Unread,
) -> Reads[HealthCheckLogs]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-health-check-logs.html"""
    balancers = [arn for arn in subject.load_balancers[:MAX_LOAD_BALANCERS] if arn in attributes.by_arn]
    possible = [place_of(arn, attributes.by_arn[arn], "health-check") for arn in balancers]
    places = [place for place in possible if place is not None]
    skipped = why_no_health_checks(options, subject, window, metrics, health)
    if not balancers:
        return OFF
    if skipped:
        return skipped if places else OFF
    own_arns = own_groups(subject, groups)
    names = {arn.split("/")[-2]: arn for arn in own_arns} if isinstance(own_arns, tuple) else {}
    tally = HealthCheckTally(window.start, window.end, names)
    budget = LogBudget(min(LINES, options.budget.lines), options.budget.bytes, min(SECONDS, options.budget.seconds))
    if not places:
        # Whose access logs lie in S3 has their health checks there too, or nowhere: a look in every answer is too much.
        elsewhere = [arn for arn in balancers if not is_on(attributes.by_arn[arn])]
        if not elsewhere or not is_or_was_unhealthy(window, metrics, health):
            return OFF
        return (yield from _from_log_groups(elsewhere, window, tally, budget))
    files, gaps = yield from log_files(places, window, now)
    if not files:
        return gaps[-1]
    errand = Errand(lambda reader, leash: stream(files, tally.add, reader, leash, budget), seconds=budget.seconds)
    yield errand
    if isinstance(errand.outcome, Gap):
        return errand.outcome
    gaps += distinct_gaps(places[0], errand.outcome.gaps)
    if not errand.outcome.read and gaps:
        return gaps[-1]
    until = min(window.end, newest_complete(now.at))
    since = max((one.file.end for one in errand.outcome.unread), default=window.start)
    return tally.logs(min(max(since, window.start), until), until).model_copy(update={"gaps": gaps})


def _from_log_groups(
    balancers: Sequence[str], window: Window, tally: HealthCheckTally, budget: LogBudget
) -> Reads[HealthCheckLogs]:
    """When none are written to S3. Nobody is told to allow a look for logs that are off everywhere, as a rule."""
    found, _ = yield from log_groups(balancers, HEALTH_CHECK_LOGS)
    if not found:
        return OFF
    errand = Errand(
        lambda reader, leash: read_groups(
            found, window.start, window.end, tally.add, reader, leash, budget, health_line_of
        ),
        seconds=budget.seconds,
    )
    yield errand
    if isinstance(errand.outcome, Gap):
        return errand.outcome
    gaps = tuple(gap for one in errand.outcome for gap in one.gaps)
    if gaps and not any(one.lines for one in errand.outcome):
        return gaps[0]
    since, until = max(one.since for one in errand.outcome), min(one.until for one in errand.outcome)
    return tally.logs(min(since, until), until).model_copy(update={"gaps": gaps})
