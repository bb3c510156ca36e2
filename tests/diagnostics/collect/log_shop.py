"""A load balancer whose logs lie in a simulated S3, and only the facts that reading them needs."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.session

from demo.aws import server
from diagnostics.aws_access import AccessLimits, AwsAccess, CallMeter
from diagnostics.collect.collector import CollectorSpec, Reads, specify
from diagnostics.collect.log_options import LogOptions
from diagnostics.collect.runner import collect
from diagnostics.collect.sources.access_logs import access_logs
from diagnostics.collect.sources.health_check_logs import health_check_logs
from diagnostics.facts import (
    AccessLogs,
    Gap,
    LoadBalancerAttributes,
    Metrics,
    NetworkInterfaces,
    Point,
    Series,
    TargetGroups,
    TargetHealth,
)
from diagnostics.snapshot import Snapshot, Subject, Window

REGION = "us-east-1"
NOW = datetime(2026, 11, 21, 0, 12, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(minutes=40), end=NOW)
WHEN_ERRORS = LogOptions()
ALWAYS = LogOptions(wish="always")


def ends() -> list[datetime]:
    """Of the five-minute files of the window, the newest first, across midnight."""
    return [datetime(2026, 11, 21, 0, 10, tzinfo=UTC) - timedelta(minutes=5 * number) for number in range(8)]


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

    def turn_on(self, kind: str = "access_logs", *, bucket_region: str = REGION) -> Shop:
        """S3 takes the region of a bucket only where it is not us-east-1."""
        place = {"CreateBucketConfiguration": {"LocationConstraint": bucket_region}}
        self.client("s3").create_bucket(Bucket=self.bucket, **(place if bucket_region != "us-east-1" else {}))
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
            f'{answered} 300 200 "GET http://shop.example.com:80/cart?token=hunter2 HTTP/1.1" "curl/8" - - '
            f'{self.group} "Root=1-5f-{status}" "-" "-" 10 {created:%Y-%m-%dT%H:%M:%S.%fZ} "forward" "-" "-" '
            f'"{target}" "{answered}" "-" "-" TID_1 "-" "-" "-" 203.0.113.7'
        )

    def collect(self, options: LogOptions = WHEN_ERRORS, *, parallel: int = 8, **extra: Any) -> Snapshot:
        subject = Subject(
            query="checkout",
            kind="target-group",
            account=self.account,
            region=REGION,
            load_balancers=(self.arn,),
            target_groups=(self.group,),
            seen=extra.pop("seen", None),
        )
        limits = AccessLimits(attempts=1, parallel_per_service=parallel)
        reader = AwsAccess((), limits).reader(self.account, REGION, CallMeter())
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
