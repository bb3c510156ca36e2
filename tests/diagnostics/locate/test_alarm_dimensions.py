"""What an alarm watches, as DescribeAlarms words it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.locate.alarm_dimensions import Watched, children_of, watched_by

DIMENSIONS = [{"Name": "LoadBalancer", "Value": "app/public/50dc"}, {"Name": "AvailabilityZone", "Value": "us-east-1a"}]
PUBLIC = Watched({"LoadBalancer": "app/public/50dc"})


@pytest.mark.parametrize(
    "alarm",
    [
        {"Namespace": "AWS/ApplicationELB", "MetricName": "HTTPCode_ELB_5XX_Count", "Dimensions": DIMENSIONS},
        {
            "Metrics": [
                {"Id": "rate", "Expression": "100 * errors / requests"},
                {"Id": "errors", "MetricStat": {"Metric": {"Dimensions": DIMENSIONS}, "Period": 60, "Stat": "Sum"}},
            ]
        },
        {
            "Metrics": [
                {"Id": "m1", "MetricStat": {"Metric": {"Dimensions": DIMENSIONS}}},
                {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)"},
            ],
            "ThresholdMetricId": "band",
        },
        {
            "Metrics": [
                {
                    "Id": "q",
                    "Expression": 'SELECT SUM(HTTPCode_ELB_5XX_Count) FROM SCHEMA("AWS/ApplicationELB", LoadBalancer) '
                    "WHERE LoadBalancer = 'app/public/50dc'",
                }
            ]
        },
        {
            "Metrics": [
                {"Id": "s", "Expression": "SEARCH('{AWS/ApplicationELB} LoadBalancer=\"app/public/50dc\"', 'Sum')"}
            ]
        },
    ],
)
def test_plain_math_band_query_and_search(alarm: dict[str, Any]) -> None:
    assert watched_by(alarm) == (PUBLIC,)


def test_a_metric_of_another_account_says_so() -> None:
    alarm = {"Metrics": [{"AccountId": "444455556666", "MetricStat": {"Metric": {"Dimensions": DIMENSIONS}}}]}

    assert watched_by(alarm)[0].account == "444455556666"


def test_an_alarm_about_a_database_watches_nothing_of_ours() -> None:
    assert watched_by({"Dimensions": [{"Name": "DBInstanceIdentifier", "Value": "orders"}]}) == ()


@pytest.mark.parametrize(
    ("rule", "children"),
    [
        ('ALARM("checkout 5xx") AND NOT ALARM("deploying")', ("checkout 5xx",)),
        ("ALARM(checkout-5xx) OR ALARM(checkout-slow)", ("checkout-5xx", "checkout-slow")),
        ('ALARM("a \\"quoted\\" name")', ('a "quoted" name',)),
        ("(ALARM(arn:aws:cloudwatch:us-east-1:111122223333:alarm:cart) AND OK(x))", ("cart",)),
        ('NOT OK("checkout 5xx") OR OK("search")', ("checkout 5xx",)),
        ("TRUE", ()),
    ],
)
def test_children_of_a_composite_alarm(rule: str, children: tuple[str, ...]) -> None:
    assert children_of(rule) == children


@given(st.text(max_size=300))
def test_no_rule_raises(rule: str) -> None:
    assert len(children_of(rule)) <= 100
