"""The first line of an answer, read half asleep."""

from __future__ import annotations

from diagnostics.engine import diagnose
from diagnostics.facts import EcsService, TargetHealth
from tests.incidents.building import OTHER_TG, SERVICE, TG, Incident, change, stopped_task


def headline(incident: Incident) -> str:
    return diagnose(incident.snapshot()).headline


def test_a_total_outage_is_not_a_sixth_of_the_hour() -> None:
    assert headline(Incident().elb_errors(504, 600, 10)) == (
        "checkout · 504 from the load balancer since 03:20 UTC (100 % of requests)"
    )


def test_trouble_without_errors_says_since_when_before_it_says_what_is_missing() -> None:
    sick = Incident().unhealthy("Target.ResponseCodeMismatch", "Health checks failed with these codes: [404]")
    assert headline(sick) == "checkout · unhealthy targets since 03:20 UTC, no errors seen"


def test_a_group_without_a_target_is_told_before_another_whose_targets_are_unhealthy() -> None:
    sick = Incident().unhealthy("Target.ResponseCodeMismatch", "Health checks failed with these codes: [404]")
    sick.subject = sick.subject.model_copy(update={"target_groups": (TG, OTHER_TG)})
    assert headline(sick.shared_with_search().targets((), OTHER_TG)).startswith("checkout · no target to send")


def test_tasks_that_stopped_for_a_while_are_told_in_the_past() -> None:
    ended = Incident().stopped(*(stopped_task(n, minutes_ago=30 + n, exit_code=1) for n in (1, 5)))
    assert headline(ended) == "checkout · tasks kept stopping from 02:55 to 02:59 UTC, no errors seen"


def test_an_unread_health_is_no_clean_one() -> None:
    denied = Incident().denied(TargetHealth, "elasticloadbalancing:DescribeTargetHealth")
    assert headline(denied) == "checkout · the health of its targets could not be read; no fault found in the rest"


def test_an_unread_service_is_no_clean_one() -> None:
    denied = Incident().denied(EcsService, "ecs:DescribeServices")
    assert headline(denied) == "checkout · its ECS service could not be read; no fault found in the rest"


def test_counted_unhealthy_targets_stand_in_for_a_health_that_was_not_read() -> None:
    sick = Incident().unhealthy("Target.ResponseCodeMismatch", "Health checks failed with these codes: [404]")
    report = diagnose(sick.denied(TargetHealth, "elasticloadbalancing:DescribeTargetHealth").snapshot())
    assert report.verdict == "inconclusive"
    assert report.causes[0].summary == "unhealthy targets, and nothing that was read says why"
    assert [item.source for item in report.causes[0].evidence] == ["cloudwatch:GetMetricData"]


def test_the_timeline_says_what_was_set_each_time() -> None:
    counts = (
        change("UpdateService", minutes_ago=minutes, resources=(SERVICE,), request={"desiredCount": count})
        for minutes, count in ((30, 4), (40, 0))
    )
    report = diagnose(Incident().elb_errors(503, 600, 39, 29).changed(*counts).snapshot())
    told = [entry.event for entry in report.timeline if entry.source == "cloudtrail:LookupEvents"]
    assert [event.rpartition(": ")[2] for event in told] == ["desiredCount 0", "desiredCount 0 → 4"]
