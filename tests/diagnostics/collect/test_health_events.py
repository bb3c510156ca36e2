"""AWS Health: asked only in trouble, and honest about the support plan that it needs."""

from __future__ import annotations

from datetime import timedelta

from diagnostics.aws_access import Pages
from diagnostics.causes import catalogue
from diagnostics.collect.collector import Now, Read
from diagnostics.collect.sources.health_events import health_events
from diagnostics.facts import Fact, Gap, HealthEvents, Metrics, NotApplicable, Point, Series, Target, TargetHealth
from diagnostics.gaps import report_gaps
from diagnostics.snapshot import Snapshot
from tests.diagnostics.collect.driving import Driven, drive
from tests.diagnostics.collect.scripted import BALANCER, GROUP, NOW, SUBJECT, WINDOW, answered, refused

ISSUE = {
    "arn": "arn:aws:health:us-east-1::event/ELASTICLOADBALANCING/AWS_ELASTICLOADBALANCING_OPERATIONAL_ISSUE/1",
    "service": "ELASTICLOADBALANCING",
    "eventTypeCode": "AWS_ELASTICLOADBALANCING_OPERATIONAL_ISSUE",
    "eventTypeCategory": "issue",
    "region": "us-east-1",
    "startTime": NOW - timedelta(minutes=40),
    "statusCode": "open",
    "eventScopeCode": "PUBLIC",
}
HEALTHY = TargetHealth(by_group={GROUP: (Target(id="10.0.0.1", port=80, state="healthy"),)})
SICK = TargetHealth(by_group={GROUP: (Target(id="10.0.0.1", port=80, state="unhealthy"),)})


def metrics(errors: float) -> Metrics:
    name = BALANCER.split(":loadbalancer/")[1]
    series = Series(
        namespace="AWS/ApplicationELB",
        metric="HTTPCode_ELB_502_Count",
        statistic="Sum",
        dimensions=(("LoadBalancer", name),),
        period_s=60,
        points=(Point(at=NOW - timedelta(minutes=10), value=errors),),
    )
    return Metrics(covered_from=WINDOW.start, covered_to=NOW, series=(series,))


def asked(answer: Pages, errors: float = 20, health: TargetHealth = HEALTHY) -> Driven:
    return drive(health_events(SUBJECT, WINDOW, Now(NOW), metrics(errors), health), lambda _: answer)


def test_one_call_for_the_issues_of_this_region() -> None:
    driven = asked(answered(ISSUE))
    (read,) = driven.asked
    assert read.action == "health:DescribeEvents"
    wanted = read.params["filter"]
    assert wanted["regions"] == ["us-east-1"]
    assert wanted["eventTypeCategories"] == ["issue"]
    assert wanted["startTimes"][0]["to"] == NOW
    (event,) = driven.outcome.items
    assert (event.service, event.status, event.end, event.zone) == ("ELASTICLOADBALANCING", "open", None, None)
    assert HealthEvents.model_validate_json(driven.outcome.model_dump_json()) == driven.outcome


def test_nothing_is_asked_where_nothing_is_wrong() -> None:
    driven = asked(answered(ISSUE), errors=0)
    assert isinstance(driven.outcome, NotApplicable)
    assert driven.asked == []
    assert len(asked(answered(), errors=0, health=SICK).asked) == 1


def test_a_missing_support_plan_is_no_missing_permission() -> None:
    gap = Gap(action="health:DescribeEvents", resource="*", error="SubscriptionRequiredException", kind="failed")
    found = asked(Pages(gaps=(gap,), calls=1)).outcome
    assert isinstance(found, Gap)
    assert found.kind == "not-read"
    missing: dict[type[Fact], Gap | NotApplicable] = {HealthEvents: found}
    snapshot = Snapshot.of(subject=SUBJECT, window=WINDOW, taken_at=NOW, missing=missing)
    (told,) = report_gaps(snapshot, catalogue())
    assert told.fix == "AWS Health needs a Business support plan; not checked"
    assert told.affects == ("aws-service-event",)


def test_a_denied_call_names_its_action() -> None:
    found = asked(refused("health:DescribeEvents")).outcome
    assert isinstance(found, Gap)
    assert (found.action, found.kind) == ("health:DescribeEvents", "denied")


def test_the_read_has_one_page() -> None:
    (read,) = asked(answered()).asked
    assert isinstance(read, Read)
    assert (read.max_pages, read.service) == (1, "health")
