"""CloudWatch over the store: statistics, percentiles, metric math and paging."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from demo.aws import metric_api
from demo.aws.layer import AwsLayer
from demo.aws.metric_math import MathError, TimeSeries, evaluate
from demo.aws.metrics import MetricStore
from demo.aws.series import MAX_DISTINCT_VALUES_PER_MINUTE, RETENTION_MINUTES, Samples, Series, statistic
from demo.clock import ManualClock
from tests.demo.aws.conftest import REGION, START, Aws

NOW = datetime.fromtimestamp(START, UTC)
MINUTE = int(START // 60)
NAMESPACE = "AWS/ApplicationELB"
SHOP = {"LoadBalancer": "app/shop/50dc6c495c0c9188"}


@pytest.fixture(scope="module")
def store() -> MetricStore:
    return MetricStore(ManualClock(START))


@pytest.fixture(scope="module")
def aws(serve: Callable[[AwsLayer], Aws], store: MetricStore) -> Aws:
    layer = AwsLayer()
    metric_api.install(layer, store)
    return serve(layer)


def query(id_: str, metric: str, stat: str = "Sum", period: int = 60) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in SHOP.items()]
    named = {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": dimensions}
    return {"Id": id_, "MetricStat": {"Metric": named, "Period": period, "Stat": stat}}


def read(aws: Aws, account: str, *queries: dict[str, Any], minutes: int = 10, **more: Any) -> dict[str, list[float]]:
    answer = aws.client("cloudwatch", account).get_metric_data(
        MetricDataQueries=list(queries), StartTime=NOW - timedelta(minutes=minutes), EndTime=NOW,
        **{"ScanBy": "TimestampAscending", **more},
    )  # fmt: skip
    return {result["Id"]: result["Values"] for result in answer["MetricDataResults"]}


def test_an_outage_shows_as_a_share_of_requests_with_gaps_filled(aws: Aws, store: MetricStore, account: str) -> None:
    for ago in range(1, 11):
        store.record(account, REGION, NAMESPACE, "RequestCount", SHOP, MINUTE - ago, [200])
    for ago in (1, 2):
        store.record(account, REGION, NAMESPACE, "HTTPCode_ELB_502_Count", SHOP, MINUTE - ago, [8 * ago])
    share = {"Id": "share", "Expression": "100 * FILL(e, 0) / r"}
    values = read(aws, account, query("e", "HTTPCode_ELB_502_Count"), query("r", "RequestCount"), share)
    assert values["e"] == [16, 8]
    assert values["share"] == [0] * 8 + [8, 4]


def test_percentiles_come_from_the_samples(aws: Aws, store: MetricStore, account: str) -> None:
    store.record(account, REGION, NAMESPACE, "TargetResponseTime", SHOP, MINUTE - 2, [0.02, 0.5], [990, 9])
    store.record(account, REGION, NAMESPACE, "TargetResponseTime", SHOP, MINUTE - 1, [29.9])
    stats = {"p50": 0.02, "p99": 0.02, "p99.5": 0.5, "p99.9": 0.5, "p100": 29.9, "Maximum": 29.9, "SampleCount": 1000}
    names = {stat: f"q{n}" for n, stat in enumerate(stats)}
    values = read(
        aws, account, *(query(id_, "TargetResponseTime", stat, period=600) for stat, id_ in names.items()), minutes=20
    )
    assert {stat: values[id_] for stat, id_ in names.items()} == {stat: [value] for stat, value in stats.items()}


def test_periods_are_aligned_and_the_end_is_exclusive(aws: Aws, store: MetricStore, account: str) -> None:
    for ago in range(13):
        store.record(account, REGION, NAMESPACE, "RequestCount", SHOP, MINUTE - ago, [1])
    answer = aws.client("cloudwatch", account).get_metric_data(
        MetricDataQueries=[query("r", "RequestCount", period=300)],
        StartTime=NOW - timedelta(minutes=12), EndTime=NOW,
    )["MetricDataResults"][0]  # fmt: skip
    assert [stamp.astimezone(UTC).minute for stamp in answer["Timestamps"]] == [55, 50, 45]
    assert answer["Values"] == [5, 5, 2]


def test_a_long_answer_comes_in_pages_that_belong_to_one_request(aws: Aws, store: MetricStore, account: str) -> None:
    for ago in range(1, 8):
        store.record(account, REGION, NAMESPACE, "RequestCount", SHOP, MINUTE - ago, [ago])
    client = aws.client("cloudwatch", account)
    window = {"StartTime": NOW - timedelta(minutes=10), "EndTime": NOW}
    pages = client.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[query("a", "RequestCount"), query("b", "RequestCount")], MaxDatapoints=5, **window
    )
    seen: dict[str, list[float]] = {}
    statuses = []
    for page in pages:
        for result in page["MetricDataResults"]:
            seen.setdefault(result["Id"], []).extend(result["Values"])
            statuses.append(result["StatusCode"])
    assert seen == {"a": [1, 2, 3, 4, 5, 6, 7], "b": [1, 2, 3, 4, 5, 6, 7]}
    assert statuses == ["PartialData", "Complete", "PartialData", "Complete"]
    token = client.get_metric_data(MetricDataQueries=[query("a", "RequestCount")], MaxDatapoints=5, **window)[
        "NextToken"
    ]
    with pytest.raises(ClientError, match="InvalidNextToken"):
        client.get_metric_data(MetricDataQueries=[query("z", "RequestCount")], NextToken=token, **window)


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ([query("Upper", "RequestCount")], "pattern"),
        ([query("a", "RequestCount"), query("a", "RequestCount")], "not unique"),
        ([query(f"q{n}", "RequestCount") for n in range(501)], "500"),
        ([{"Id": "a", "Expression": "b + 1"}], "no query has the id 'b'"),
        ([{"Id": "a", "Expression": "b"}, {"Id": "b", "Expression": "a"}], "refers to itself"),
        ([{"Id": "a", "Expression": "__import__('os')"}], "unsupported"),
        ([query("a", "RequestCount", stat="median")], "not supported"),
    ],
)
def test_a_request_that_cloudwatch_refuses(aws: Aws, account: str, queries: Any, message: str) -> None:
    with pytest.raises(ClientError, match=message) as refused:
        read(aws, account, *queries)
    assert refused.value.response["Error"]["Code"] == "ValidationError"


def test_search_finds_every_series_with_exactly_these_dimensions(aws: Aws, store: MetricStore, account: str) -> None:
    for name in ("a", "b"):
        dimensions = {**SHOP, "TargetGroup": f"targetgroup/{name}/1"}
        store.record(account, REGION, NAMESPACE, "HealthyHostCount", dimensions, MINUTE - 1, [2])
    store.record(account, REGION, NAMESPACE, "RequestCount", SHOP, MINUTE - 1, [2])
    search = "SEARCH('{AWS/ApplicationELB,TargetGroup,LoadBalancer} MetricName=\"HealthyHostCount\"', 'Maximum', 60)"
    results = aws.client("cloudwatch", account).get_metric_data(
        MetricDataQueries=[{"Id": "s", "Expression": search}], StartTime=NOW - timedelta(minutes=5), EndTime=NOW
    )["MetricDataResults"]
    assert [(one["Id"], one["Values"]) for one in results] == [("s", [2]), ("s", [2])]


def test_statistics_listing_and_custom_metrics(aws: Aws, account: str) -> None:
    client = aws.client("cloudwatch", account)
    data = [{"MetricName": f"m{n:03}", "Timestamp": NOW, "Value": float(n)} for n in range(501)]
    client.put_metric_data(Namespace="Shop", MetricData=data)  # large enough for boto3 to compress it
    listed = [one["MetricName"] for page in client.get_paginator("list_metrics").paginate() for one in page["Metrics"]]
    assert listed == [f"m{n:03}" for n in range(501)]
    points = client.get_metric_statistics(
        Namespace="Shop", MetricName="m007", StartTime=NOW, EndTime=NOW + timedelta(minutes=1), Period=60,
        Statistics=["Average", "Sum"],
    )["Datapoints"]  # fmt: skip
    assert [(point["Average"], point["Sum"]) for point in points] == [(7, 7)]
    with pytest.raises(ClientError, match="AWS/"):
        client.put_metric_data(Namespace=NAMESPACE, MetricData=data[:1])


def test_accounts_and_regions_do_not_see_each_other(aws: Aws, store: MetricStore, account: str) -> None:
    store.record(account, "us-east-1", NAMESPACE, "RequestCount", SHOP, MINUTE - 1, [5])
    store.record("499999999999", REGION, NAMESPACE, "RequestCount", SHOP, MINUTE - 1, [5])
    assert read(aws, account, query("r", "RequestCount")) == {"r": []}


def test_old_minutes_are_forgotten() -> None:
    series = Series()
    for minute in (0, 1, RETENTION_MINUTES + 1):
        series.at(minute).add(1.0)
    assert sorted(series.points(0, (RETENTION_MINUTES + 2) * 60, 60, "Sum")) == [60, (RETENTION_MINUTES + 1) * 60]


def test_a_minute_keeps_a_bounded_number_of_distinct_values() -> None:
    samples = Samples()
    for n in range(MAX_DISTINCT_VALUES_PER_MINUTE + 100):
        samples.add(n / 1000)
    assert len(samples.distribution) == MAX_DISTINCT_VALUES_PER_MINUTE
    assert sum(samples.distribution.values()) == samples.count


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.integers(1, 100))
def test_a_percentile_is_a_sample_with_that_share_at_or_below(values: list[float], percent: int) -> None:
    samples = Samples()
    for value in values:
        samples.add(value)
    found = statistic([samples], f"p{percent}")
    assert found in values
    assert sum(value <= found for value in values) >= percent / 100 * len(values) - 1e-9


A, B = TimeSeries({0: 1.0, 60: 2.0, 180: 4.0}, 60), TimeSeries({0: 0.0, 60: 4.0, 120: 1.0}, 60)


@pytest.mark.parametrize(
    ("expression", "points"),
    [
        ("a + b", {0: 1, 60: 6}),
        ("-a * 2", {0: -2, 60: -4, 180: -8}),
        ("a / b", {60: 0.5}),  # a division by zero yields no point
        ("FILL(a, 0)", {0: 1, 60: 2, 120: 0, 180: 4}),
        ("FILL(a, REPEAT)", {0: 1, 60: 2, 120: 2, 180: 4}),
        ("IF(a > 1, a, 0)", {0: 0, 60: 2, 180: 4}),
        ("IF(a > 1 AND b > 1, 1, 0)", {0: 0, 60: 1}),
        ("SUM([a, b])", {0: 1, 60: 6, 120: 1, 180: 4}),
        ("MAX([a, b])", {0: 1, 60: 4, 120: 1, 180: 4}),
        ("a / MAX(a)", {0: 0.25, 60: 0.5, 180: 1}),
        ("a / PERIOD(a)", {0: 1 / 60, 60: 2 / 60, 180: 4 / 60}),
    ],
)
def test_metric_math(expression: str, points: dict[int, float]) -> None:
    assert evaluate(expression, {"a": A, "b": B}, 0, 240).points == points


@pytest.mark.parametrize(
    "expression", ["", "1 + 1", "a +", "a.b", "nope(a)", "[a, b]", "a[0]", "lambda: 1", "x" * 3000]
)
def test_what_is_not_metric_math_is_refused(expression: str) -> None:
    with pytest.raises(MathError):
        evaluate(expression, {"a": A, "b": B}, 0, 240)
