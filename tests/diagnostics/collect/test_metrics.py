"""One CloudWatch call, a second one only when the trouble is older than the first could show."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from diagnostics.aws_access import Pages
from diagnostics.collect.collector import Now, Read
from diagnostics.collect.sources.metric_queries import span_of
from diagnostics.collect.sources.metrics import metrics
from diagnostics.facts import Gap, Metrics, NotApplicable, TargetHealth
from diagnostics.snapshot import Window
from tests.diagnostics.collect.driving import Driven, drive, settled
from tests.diagnostics.collect.scripted import BALANCER, NOW, SUBJECT, WINDOW, refused

NOTHING = NotApplicable(reason="not asked")
BALANCER_DIMENSION = BALANCER.split(":loadbalancer/")[1]
START = NOW - timedelta(hours=3)


def ask(points: dict[str, list[tuple[Any, float]]], window: Window = WINDOW) -> Driven:
    """Answers each series of a metric with those of its points that lie in the asked time."""

    def answer(read: Read) -> Pages:
        results = []
        for query in read.params["MetricDataQueries"]:
            metric = query["MetricStat"]["Metric"]
            simple = [item["Name"] for item in metric["Dimensions"]] == ["LoadBalancer"]
            found = points.get(metric["MetricName"], []) if simple else []
            inside = [(at, value) for at, value in found if read.params["StartTime"] <= at < read.params["EndTime"]]
            times, values = [at for at, _ in inside], [value for _, value in inside]
            results.append({"Id": query["Id"], "Timestamps": times, "Values": values, "StatusCode": "Complete"})
        return Pages(items=tuple(results), calls=1)

    return drive(metrics(SUBJECT, window, Now(NOW), NOTHING, NOTHING, settled(TargetHealth, NOTHING)), answer)


def test_three_hours_are_read_minute_by_minute_in_one_call() -> None:
    driven = ask({"HTTPCode_ELB_502_Count": [(NOW - timedelta(minutes=10), 5.0)]})
    assert len(driven.asked) == 1
    assert (driven.asked[0].params["StartTime"], driven.asked[0].params["EndTime"]) == (START, NOW)
    found = driven.outcome.find("HTTPCode_ELB_502_Count", LoadBalancer=BALANCER_DIMENSION)
    assert [point.value for point in found.points] == [5.0]
    assert found.period_s == 60
    assert driven.outcome.find("ELBAuthError", LoadBalancer=BALANCER_DIMENSION).points == ()
    assert driven.outcome.find("Nonsense") is None


def test_errors_that_were_there_from_the_first_minute_are_followed_back() -> None:
    began = NOW - timedelta(hours=7)
    minutes = [(began + timedelta(minutes=number), 4.0) for number in range(7 * 60)]
    driven = ask({"HTTPCode_ELB_504_Count": minutes})
    assert len(driven.rounds) == 2
    assert driven.outcome.covered_from == NOW - timedelta(hours=24)
    series = driven.outcome.find("HTTPCode_ELB_504_Count", LoadBalancer=BALANCER_DIMENSION)
    assert (series.points[0].at, len(series.points)) == (began, 7 * 60)
    assert len(driven.asked[1].params["MetricDataQueries"]) < 10


def test_requests_from_the_first_minute_are_no_reason_to_look_back() -> None:
    assert len(ask({"RequestCount": [(START, 100.0)]}).asked) == 1


def test_series_that_were_not_answered_are_missing_and_said() -> None:
    def answer(read: Read) -> Pages:
        queries = read.params["MetricDataQueries"]
        items = [{"Id": query["Id"], "Timestamps": [], "Values": [], "StatusCode": "Complete"} for query in queries]
        items[0]["StatusCode"] = "InternalError"
        return Pages(items=tuple(items), calls=1)

    outcome = drive(
        metrics(SUBJECT, WINDOW, Now(NOW), NOTHING, NOTHING, settled(TargetHealth, NOTHING)), answer
    ).outcome
    assert isinstance(outcome, Metrics)
    assert outcome.find("HTTPCode_ELB_500_Count", LoadBalancer=BALANCER_DIMENSION) is None
    assert [gap.error for gap in outcome.gaps] == ["SeriesNotAnswered"]


def test_without_permission_there_are_no_metrics() -> None:
    refusing = drive(
        metrics(SUBJECT, WINDOW, Now(NOW), NOTHING, NOTHING, settled(TargetHealth, NOTHING)),
        lambda _: refused("cloudwatch:GetMetricData"),
    )
    assert isinstance(refusing.outcome, Gap)


@pytest.mark.parametrize(
    ("hours", "age_days", "queries", "period_s"),
    [(3, 0, 280, 60), (24, 0, 60, 60), (24, 0, 400, 900), (14 * 24, 0, 300, 3600), (3, 20, 80, 300)],
)
def test_the_period_is_the_finest_that_exists_and_fits(hours: int, age_days: int, queries: int, period_s: int) -> None:
    end = NOW - timedelta(days=age_days)
    span = span_of(end - timedelta(hours=hours), end, NOW, queries)
    assert span.period_s == period_s
    assert (span.end - span.start).total_seconds() / span.period_s * queries <= 100_800 + queries * 2
