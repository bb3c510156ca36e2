"""Which files can hold rows of a window, and where they lie."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.access_logs.places import (
    INTERVAL,
    LATEST_DELIVERY,
    LogFile,
    Place,
    list_prefixes,
    may_hold,
    newest_complete,
    parse_key,
    place_of,
    wanted,
)

ACCOUNT = "111122223333"
ARN = f"arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:loadbalancer/app/shop/50dc6c495c0c9188"
ON = {"access_logs.s3.enabled": "true", "access_logs.s3.bucket": "logs", "access_logs.s3.prefix": "edge/shop"}

moments = st.integers(0, 5 * 365 * 86_400).map(
    lambda second: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
)
lengths = st.timedeltas(timedelta(seconds=1), timedelta(days=14))


def place() -> Place:
    found = place_of(ARN, ON)
    assert found is not None
    return found


def key_of(end: datetime, delivered: datetime, kind: str = "", node: str = "203.0.113.7") -> str:
    return (
        f"edge/shop/AWSLogs/{ACCOUNT}/elasticloadbalancing/us-east-1/{delivered:%Y/%m/%d}/{kind}{ACCOUNT}"
        f"_elasticloadbalancing_us-east-1_app.shop.50dc6c495c0c9188_{end:%Y%m%dT%H%MZ}_{node}_2c4d8a7f.log.gz"
    )


@given(moments, lengths, st.data())
def test_no_file_with_a_row_of_the_window_is_missed(start: datetime, length: timedelta, data: st.DataObject) -> None:
    end = start + length
    row_at = start + data.draw(st.timedeltas(timedelta(0), length))
    floored = datetime.fromtimestamp(int(row_at.timestamp()) // 300 * 300, UTC)
    ended = floored + INTERVAL
    delivered = ended + data.draw(st.timedeltas(timedelta(0), LATEST_DELIVERY - INTERVAL))
    key = key_of(ended, delivered)

    file = parse_key(key)

    assert file is not None
    assert may_hold(file, start, end)
    assert any(key.startswith(prefix) for prefix in list_prefixes(place(), start, end))


@given(moments, lengths)
def test_prefixes_go_back_in_time_and_stay_few(start: datetime, length: timedelta) -> None:
    prefixes = list_prefixes(place(), start, start + length)
    stamps = [prefix.rpartition("_")[2] for prefix in prefixes]
    assert stamps == sorted(stamps, reverse=True)
    assert len(set(prefixes)) == len(prefixes) <= 32


@given(moments, st.timedeltas(timedelta(minutes=5), timedelta(days=2)))
def test_a_file_that_ended_before_the_window_is_left_out(start: datetime, before: timedelta) -> None:
    file = LogFile("k", "access", "app/shop/50dc6c495c0c9188", start - before, "203.0.113.7")
    assert not may_hold(file, start, start + timedelta(hours=1))


def test_an_hour_across_midnight_and_the_end_of_the_year() -> None:
    start = datetime(2026, 12, 31, 23, 20, tzinfo=UTC)
    prefixes = list_prefixes(place(), start, start + timedelta(hours=1))
    folder = f"edge/shop/AWSLogs/{ACCOUNT}/elasticloadbalancing/us-east-1"
    name = f"{ACCOUNT}_elasticloadbalancing_us-east-1_app.shop.50dc6c495c0c9188"
    assert prefixes == (
        f"{folder}/2027/01/01/{name}_20270101T00",
        f"{folder}/2027/01/01/{name}_20261231T23",
        f"{folder}/2026/12/31/{name}_20261231T23",
    )


def test_a_row_on_the_border_of_two_intervals_is_looked_for_in_both() -> None:
    at = datetime(2026, 11, 21, 23, 40, tzinfo=UTC)
    ends = [datetime(2026, 11, 21, 23, minute, tzinfo=UTC) for minute in (35, 40, 45, 50)]
    files = [LogFile(f"{end}", "access", "app/shop/50dc6c495c0c9188", end, "203.0.113.7") for end in ends]
    assert [file.end.minute for file in files if may_hold(file, at, at)] == [40, 45]


def test_the_three_kinds_of_a_folder_and_other_load_balancers_are_told_apart() -> None:
    end = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    keys = [
        key_of(end, end),
        key_of(end, end, node="203.0.113.9"),
        key_of(end, end, "conn_log_"),
        key_of(end, end, "health_check_log_"),
        key_of(end, end).replace("app.shop.", "app.shop-2."),
        f"edge/shop/AWSLogs/{ACCOUNT}/ELBAccessLogTestFile",
    ]
    files = [file for file in map(parse_key, keys) if file is not None]
    assert [file.kind for file in files] == ["access", "access", "connection", "health-check", "access"]
    chosen = wanted([*files, *files], place(), end - timedelta(minutes=30), end)
    assert sorted(file.node for file in chosen) == ["203.0.113.7", "203.0.113.9"]


@pytest.mark.parametrize(
    ("partition", "region"), [("aws-us-gov", "us-gov-west-1"), ("aws-cn", "cn-north-1"), ("aws", "eu-central-2")]
)
def test_every_partition_has_its_own_arns(partition: str, region: str) -> None:
    arn = ARN.replace("arn:aws:", f"arn:{partition}:").replace("us-east-1", region)
    found = place_of(arn, ON)
    assert found is not None
    assert found.bucket_arn == f"arn:{partition}:s3:::logs"
    assert found.objects_arn == f"{found.bucket_arn}/edge/shop/AWSLogs/{ACCOUNT}/elasticloadbalancing/{region}/*"


def test_without_a_prefix_the_folder_begins_at_the_bucket() -> None:
    found = place_of(ARN, ON | {"access_logs.s3.prefix": ""})
    assert found is not None
    assert found.folder.startswith("AWSLogs/")


@pytest.mark.parametrize(
    "attributes", [{}, {**ON, "access_logs.s3.enabled": "false"}, {"access_logs.s3.enabled": "true"}]
)
def test_a_log_that_is_off_has_no_place(attributes: dict[str, str]) -> None:
    assert place_of(ARN, attributes) is None
    assert place_of(ARN, ON, "health-check") is None
    assert place_of(ARN.replace("/app/", "/net/"), ON) is None


@given(st.text(max_size=200))
def test_strange_keys_are_no_log_files(key: str) -> None:
    assert parse_key(key) is None


def test_a_month_that_does_not_exist_is_no_log_file() -> None:
    end = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    assert parse_key(key_of(end, end).replace("20261121T0900", "20261321T0900")) is None


def test_files_are_complete_about_five_minutes_after_their_interval() -> None:
    assert newest_complete(datetime(2026, 11, 21, 9, 9, 59, tzinfo=UTC)) == datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    assert newest_complete(datetime(2026, 11, 21, 9, 10, tzinfo=UTC)) == datetime(2026, 11, 21, 9, 5, tzinfo=UTC)
