"""Access logs of a load balancer in a simulated AWS: found, read, bounded, and the reason when there are none."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.session
import pytest

from demo.aws import server
from demo.aws.guards import Faults, access_denied
from demo.aws.layer import AwsLayer
from diagnostics.aws_access import AccessLimits, AwsAccess, CallMeter
from diagnostics.collect.collector import CollectorSpec, Reads, specify
from diagnostics.collect.log_options import LogBudget, LogOptions
from diagnostics.collect.runner import collect
from diagnostics.collect.sources.access_logs import access_logs
from diagnostics.collect.sources.health_check_logs import health_check_logs
from diagnostics.facts import (
    AccessLogs,
    Gap,
    HealthCheckLogs,
    LoadBalancerAttributes,
    Metrics,
    NetworkInterfaces,
    NotApplicable,
    Point,
    Series,
    TargetGroups,
    TargetHealth,
)
from diagnostics.snapshot import Snapshot, Subject, Window

REGION = "us-east-1"
NOW = datetime(2026, 11, 21, 0, 12, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(minutes=40), end=NOW)
ALWAYS = LogOptions(wish="always")
_accounts = itertools.count(620_000_000_000)


@pytest.fixture(scope="module")
def faults() -> Faults:
    return Faults()


@pytest.fixture(scope="module")
def endpoint(faults: Faults) -> Iterator[str]:
    layer = AwsLayer()
    faults.install(layer)
    with server.start(layer) as running:
        yield running.endpoint_url


@dataclass
class Shop:
    """An account with a load balancer that writes logs to a bucket, as far as the collectors need it."""

    account: str
    endpoint: str
    attributes: dict[str, str] = field(default_factory=dict)
    errors: float = 0.0

    @property
    def bucket(self) -> str:
        return f"logs-{self.account}"

    @property
    def arn(self) -> str:
        return f"arn:aws:elasticloadbalancing:{REGION}:{self.account}:loadbalancer/app/shop/50dc6c495c0c9188"

    @property
    def group(self) -> str:
        return f"arn:aws:elasticloadbalancing:{REGION}:{self.account}:targetgroup/checkout/73e2d6bc24d8a067"

    def client(self, service: str) -> Any:
        key = server.environment(self.endpoint, REGION, self.account)
        session = botocore.session.Session()
        session.set_credentials(key["AWS_ACCESS_KEY_ID"], key["AWS_SECRET_ACCESS_KEY"])
        return session.create_client(service, region_name=REGION)

    def turn_on(self, kind: str = "access_logs") -> Shop:
        self.client("s3").create_bucket(Bucket=self.bucket)
        self.attributes |= {f"{kind}.s3.enabled": "true", f"{kind}.s3.bucket": self.bucket, f"{kind}.s3.prefix": "shop"}
        return self

    def deliver(self, end: datetime, rows: list[str], *, kind: str = "", node: str = "203.0.113.7") -> None:
        """One file, in the folder of its delivery five minutes after its end."""
        delivered = end + timedelta(minutes=5)
        key = (
            f"shop/AWSLogs/{self.account}/elasticloadbalancing/{REGION}/{delivered:%Y/%m/%d}/{kind}{self.account}"
            f"_elasticloadbalancing_{REGION}_app.shop.50dc6c495c0c9188_{end:%Y%m%dT%H%MZ}_{node}_1a2b3c4d.log.gz"
        )
        self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=gzip.compress("\n".join(rows).encode()))

    def row(self, at: datetime, status: int = 200, target: str = "10.0.1.11:8080") -> str:
        times = "0.001 0.020 0.000" if status == 200 else "-1 -1 -1"
        answered = "200" if status == 200 else "-"
        created = at - timedelta(milliseconds=4)
        return (
            f"http {at:%Y-%m-%dT%H:%M:%S.%fZ} app/shop/50dc6c495c0c9188 198.51.100.9:4711 {target} {times} {status} "
            f'{answered} 300 200 "GET http://shop.example.com:80/cart?token=hunter2 HTTP/1.1" "curl/8" - - {self.group} '
            f'"Root=1-5f-{status}" "-" "-" 10 {created:%Y-%m-%dT%H:%M:%S.%fZ} "forward" "-" "-" "{target}" "{answered}" '
            '"-" "-" TID_1 "-" "-" "-" 203.0.113.7'
        )

    def collect(self, options: LogOptions = LogOptions(), **extra: Any) -> Snapshot:
        subject = Subject(
            query="checkout",
            kind="target-group",
            account=self.account,
            region=REGION,
            load_balancers=(self.arn,),
            target_groups=(self.group,),
            seen=extra.pop("seen", None),
        )
        reader = AwsAccess((), AccessLimits(attempts=1)).reader(self.account, REGION, CallMeter())
        specs = [specify(one, cached=False, own_budget=True) for one in (access_logs, health_check_logs)]
        return collect(
            subject, WINDOW, reader, clock=lambda: NOW, logs=options, specs=[*specs, *self._around()], **extra
        )

    def logs(self, options: LogOptions = ALWAYS, **extra: Any) -> AccessLogs:
        found = self.collect(options, **extra).get(AccessLogs)
        assert isinstance(found, AccessLogs), found
        return found

    def gap(self, options: LogOptions = ALWAYS) -> Gap:
        found = self.collect(options).get(AccessLogs)
        assert isinstance(found, Gap), found
        return found

    def _around(self) -> list[CollectorSpec]:
        """The facts that the collectors need, without a call."""

        def attributes(subject: Subject) -> Reads[LoadBalancerAttributes]:
            yield []
            return LoadBalancerAttributes(by_arn={self.arn: self.attributes})

        def metrics(subject: Subject) -> Reads[Metrics]:
            yield []
            points = (Point(at=WINDOW.start, value=self.errors),) if self.errors else ()
            series = Series(
                namespace="AWS/ApplicationELB",
                metric="HTTPCode_ELB_502_Count",
                statistic="Sum",
                dimensions=(("LoadBalancer", "app/shop/50dc6c495c0c9188"),),
                period_s=60,
                points=points,
            )
            return Metrics(covered_from=WINDOW.start, covered_to=WINDOW.end, series=(series,))

        def groups(subject: Subject) -> Reads[TargetGroups]:
            yield []
            return TargetGroups(items=())

        def health(subject: Subject) -> Reads[TargetHealth]:
            yield []
            return TargetHealth(by_group={})

        def interfaces(subject: Subject) -> Reads[NetworkInterfaces]:
            yield []
            return NetworkInterfaces(items=())

        return [specify(one, cached=False) for one in (attributes, metrics, groups, health, interfaces)]


@pytest.fixture
def shop(endpoint: str, faults: Faults, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    account = f"{next(_accounts)}"
    for name, value in server.environment(endpoint, REGION, account).items():
        monkeypatch.setenv(name, value)
    yield Shop(account, endpoint)
    faults.clear()


def ends() -> list[datetime]:
    """Of the five-minute files of the window, the newest first, across midnight."""
    return [datetime(2026, 11, 21, 0, 10, tzinfo=UTC) - timedelta(minutes=5 * number) for number in range(8)]


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
    logs = shop.logs(LogOptions(wish="always", budget=LogBudget(lines=1, bytes=10**9, seconds=20)))
    assert 0 < logs.share_read <= 1
    assert logs.covered_to == ends()[0]


def test_a_load_balancer_that_logs_nowhere_says_how_to_turn_it_on(shop: Shop) -> None:
    gap = shop.gap()
    assert (gap.error, gap.kind, gap.resource) == ("LoggingIsOff", "not-read", shop.arn)
    assert "access_logs.s3.enabled" in gap.message


def test_a_denied_listing_and_a_denied_download_name_what_to_allow(shop: Shop, faults: Faults) -> None:
    shop.turn_on().deliver(ends()[0], [shop.row(ends()[1])])
    faults.add("s3:ListBucket", access_denied("s3:ListBucket"), account=shop.account)
    denied = shop.gap()
    assert (denied.action, denied.kind, denied.resource) == ("s3:ListBucket", "denied", f"arn:aws:s3:::{shop.bucket}")
    faults.clear()
    faults.add("s3:GetObject", access_denied("s3:GetObject"), account=shop.account)
    denied = shop.gap()
    assert (denied.action, denied.kind) == ("s3:GetObject", "denied")
    assert denied.resource.startswith(f"arn:aws:s3:::{shop.bucket}/shop/AWSLogs/{shop.account}/")


def test_a_bucket_that_was_deleted_and_one_that_is_empty(shop: Shop) -> None:
    shop.turn_on()
    assert shop.gap().error == "NoLogFileYet"
    shop.attributes["access_logs.s3.bucket"] = f"gone-{shop.account}"
    assert shop.gap().error == "NoSuchBucket"


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
