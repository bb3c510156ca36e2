"""AWS Health: one call, and only when there is trouble. Its API needs a Business support plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from diagnostics.collect.answers import gaps_of
from diagnostics.collect.collector import Now, Read, Reads, collector
from diagnostics.facts import Gap, HealthEvent, HealthEvents, Metrics, NotApplicable, TargetHealth, Unread
from diagnostics.printable import line
from diagnostics.snapshot import Subject, Window

SERVICES = ("ELASTICLOADBALANCING", "ECS", "FARGATE", "EC2", "VPC", "LAMBDA", "WAF", "COGNITO")
LOOK_BACK = timedelta(days=2)
PAGE_SIZE = 100
MAX_TEXT = 120
PATIENCE_S = 3.0
NO_PLAN = "SubscriptionRequiredException"
NO_TROUBLE = NotApplicable(reason="nothing is observed that an issue of AWS could explain")
TROUBLE = (
    "HTTPCode_ELB_500_Count",
    "HTTPCode_ELB_502_Count",
    "HTTPCode_ELB_503_Count",
    "HTTPCode_ELB_504_Count",
    "HTTPCode_ELB_5XX_Count",
    "HTTPCode_Target_5XX_Count",
    "TargetConnectionErrorCount",
)


@collector(cached=True, own_budget=True, patience_s=PATIENCE_S)
def health_events(
    subject: Subject, window: Window, now: Now, metrics: Metrics | Unread, health: TargetHealth | Unread
) -> Reads[HealthEvents]:
    """https://docs.aws.amazon.com/health/latest/APIReference/API_DescribeEvents.html"""
    if not subject.load_balancers or not _in_trouble(window, metrics, health):
        return NO_TROUBLE
    issues = {
        "services": list(SERVICES),
        "regions": [subject.region],
        "eventTypeCategories": ["issue"],
        "startTimes": [{"from": window.start - LOOK_BACK, "to": min(window.end, now.at)}],
    }
    (answer,) = yield [Read("health", "describe_events", "events", {"filter": issues, "maxResults": PAGE_SIZE})]
    if answer.failed:
        return _in_words(answer.failed)
    return HealthEvents(items=tuple(map(_event, answer.items)), gaps=gaps_of([answer]))


def _in_trouble(window: Window, metrics: Metrics | Unread, health: TargetHealth | Unread) -> bool:
    """What could not be read is no trouble: an account that may read nothing else gets no answer here either."""
    if isinstance(health, TargetHealth) and health.in_state("unhealthy", "unavailable", "unused"):
        return True
    return isinstance(metrics, Metrics) and any(
        point.value > 0
        for name in TROUBLE
        for series in metrics.with_metric(name)
        for point in series.between(window.start, window.end)
    )


def _in_words(gap: Gap) -> Gap:
    """A missing support plan is no missing permission, and nothing that a policy could mend."""
    if gap.error != NO_PLAN:
        return gap
    message = "AWS Health needs a Business support plan; not checked"
    return gap.model_copy(update={"kind": "not-read", "message": message})


def _event(raw: Mapping[str, Any]) -> HealthEvent:
    return HealthEvent(
        arn=raw["arn"],
        service=line(raw["service"], MAX_TEXT),
        code=line(raw["eventTypeCode"], MAX_TEXT),
        scope=raw.get("eventScopeCode", "PUBLIC"),
        status=raw.get("statusCode", "open"),
        start=raw["startTime"],
        end=raw.get("endTime"),
        zone=raw.get("availabilityZone"),
    )
