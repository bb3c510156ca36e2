"""Access logs of a load balancer in a simulated AWS: found, read, bounded, and the reason when there are none."""

from __future__ import annotations

from datetime import timedelta

from demo.aws.guards import Faults
from demo.aws.layer import AwsError
from diagnostics.collect.log_options import LogBudget, LogOptions
from diagnostics.facts import AccessLogs, HealthCheckLogs, NotApplicable
from tests.diagnostics.collect.log_shop import ALWAYS, WINDOW, Shop, ends

DENIED = AwsError("AccessDenied", "Access Denied", 403)


def test_an_hour_across_midnight_is_read_from_both_days_and_all_nodes(shop: Shop) -> None:
    shop.turn_on()
    for end in ends():
        at = end - timedelta(minutes=1)
        shop.deliver(end, [shop.row(at), shop.row(at, 502)])
        shop.deliver(end, [shop.row(at)], node="203.0.113.8")
        shop.deliver(end, ["no row of an access log"], kind="conn_log_")
    shop.errors = 8.0
    snapshot = shop.collect()
    logs = snapshot.get(AccessLogs)
    assert isinstance(logs, AccessLogs)
    assert (logs.rows, logs.files, logs.share_read, logs.rows_unparsed) == (24, 16, 1.0, 0)
    assert [(one.elb_status, one.row_family, one.count) for one in logs.errors] == [(502, "not-dispatched-fast", 8)]
    assert "hunter2" not in logs.model_dump_json()
    assert (logs.covered_from, logs.covered_to) == (WINDOW.start, ends()[0])
    assert snapshot.stats.aws_calls == 0
    assert snapshot.stats.calls_by_action["s3:GetObject"] == 16
    assert snapshot.stats.log_calls == 16 + snapshot.stats.calls_by_action["s3:ListBucket"]


def test_a_bucket_in_another_region_is_read_all_the_same(shop: Shop) -> None:
    shop.turn_on(bucket_region="eu-west-1").deliver(ends()[0], [shop.row(ends()[1])])
    assert shop.client("s3").get_bucket_location(Bucket=shop.bucket)["LocationConstraint"] == "eu-west-1"
    assert shop.logs().rows == 1


def test_without_errors_nothing_is_read_unless_somebody_asked(shop: Shop) -> None:
    shop.turn_on().deliver(ends()[0], [shop.row(ends()[1])])
    quiet = shop.collect()
    assert quiet.get(AccessLogs) == NotApplicable(reason="no errors in this window")
    assert quiet.stats.log_calls == 0
    assert shop.logs().rows == 1
    assert shop.logs(LogOptions(), seen=502).rows == 1
    never = shop.collect(LogOptions(wish="never"), seen=502)
    assert never.get(AccessLogs) == NotApplicable(reason="logs were not to be read")


def test_the_budget_keeps_the_newest_and_says_what_share_was_read(shop: Shop) -> None:
    shop.turn_on()
    for end in ends():
        shop.deliver(end, [shop.row(end - timedelta(minutes=1), 502)] * 50)
    few = LogOptions(wish="always", budget=LogBudget(lines=1, bytes=10**9, seconds=20))
    logs = shop.logs(few, parallel=1)
    assert logs.files == 1
    assert 0 < logs.share_read < 0.2
    assert (logs.covered_from, logs.covered_to) == (ends()[1], ends()[0])


def test_a_load_balancer_that_logs_nowhere_says_how_to_turn_it_on(shop: Shop) -> None:
    gap = shop.gap()
    assert (gap.error, gap.kind, gap.resource) == ("LoggingIsOff", "not-read", shop.arn)
    assert "access_logs.s3.enabled" in gap.message


def test_a_denied_listing_and_a_denied_download_name_what_to_allow(shop: Shop, faults: Faults) -> None:
    shop.turn_on().deliver(ends()[0], [shop.row(ends()[1])])
    faults.fail("s3", "ListObjectsV2", error=DENIED, account=shop.account, times=None)
    denied = shop.gap()
    assert (denied.action, denied.kind, denied.resource) == ("s3:ListBucket", "denied", f"arn:aws:s3:::{shop.bucket}")
    faults.clear()
    faults.fail("s3", "GetObject", error=DENIED, account=shop.account, times=None)
    denied = shop.gap()
    assert (denied.action, denied.kind) == ("s3:GetObject", "denied")
    assert denied.resource.startswith(f"arn:aws:s3:::{shop.bucket}/shop/AWSLogs/{shop.account}/")


def test_a_bucket_that_was_deleted_and_one_that_is_empty(shop: Shop) -> None:
    shop.turn_on()
    assert shop.gap().error == "NoLogFileYet"
    shop.attributes["access_logs.s3.bucket"] = f"gone-{shop.account}"
    assert shop.gap().error == "NoSuchBucket"


def test_connection_logs_are_mentioned_and_not_read(shop: Shop) -> None:
    shop.turn_on().deliver(ends()[0], [shop.row(ends()[1])])
    assert shop.logs().notes == ()
    shop.attributes |= {"connection_logs.s3.enabled": "true", "connection_logs.s3.bucket": shop.bucket}
    assert "connection logs are on" in shop.logs().notes[0]


def test_a_damaged_file_costs_only_itself(shop: Shop) -> None:
    shop.turn_on()
    first, second = ends()[:2]
    shop.deliver(first, [shop.row(first - timedelta(minutes=1), 502)])
    shop.deliver(second, [shop.row(second - timedelta(minutes=1))])
    listed = shop.client("s3").list_objects_v2(Bucket=shop.bucket)["Contents"]
    shop.client("s3").put_object(Bucket=shop.bucket, Key=listed[-1]["Key"], Body=b"\x1f\x8b not gzip at all")
    assert shop.logs().rows == 1


def test_health_checks_that_failed_are_kept_with_their_reasons(shop: Shop) -> None:
    shop.turn_on("health_check_logs")
    at = ends()[0] - timedelta(minutes=2)
    stamp = f"{at:%Y-%m-%dT%H:%M:%S.%fZ}"
    rows = [
        f"http {stamp} 0.003 10.0.1.11:8080 checkout PASS 200 - app/shop/50dc6c495c0c9188 203.0.113.7",
        f"http {stamp} 5.000 10.0.1.12:8080 checkout FAIL - TimedOut app/shop/50dc6c495c0c9188 203.0.113.7",
        f"http {stamp} 0.003 10.0.1.12:8080 checkout FAIL 503 TargetError",
        f"http {stamp} 0.003 10.0.9.99:8080 search FAIL 503 TargetError",
        "nonsense",
    ]
    shop.deliver(ends()[0], rows, kind="health_check_log_")
    shop.deliver(ends()[0], [shop.row(at)])
    found = shop.collect(ALWAYS).get(HealthCheckLogs)
    assert isinstance(found, HealthCheckLogs)
    assert (found.passed, found.failed_total) == (1, 2)
    assert sorted((row.reason, row.status_code, row.target_group) for row in found.failed) == [
        ("TargetError", "503", shop.group),
        ("TimedOut", None, shop.group),
    ]
