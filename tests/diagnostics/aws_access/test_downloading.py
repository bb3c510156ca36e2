"""Bodies of S3 objects: bounded in size and time, and every failure a value."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from demo.aws import server
from diagnostics.aws_access import CallMeter
from diagnostics.facts import Gap
from tests.diagnostics.aws_access.conftest import REGION, Aws, Role


@pytest.fixture
def bucket(aws: Aws, role: Role) -> str:
    """A bucket of the role's account with one object of 3 MB."""
    key = server.environment("http://unused", REGION, role.account)
    session = botocore.session.Session()
    session.set_credentials(key["AWS_ACCESS_KEY_ID"], key["AWS_SECRET_ACCESS_KEY"])
    s3: Any = session.create_client("s3", region_name=REGION)
    name = f"logs-{role.account}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="a/b.log.gz", Body=b"x" * 3_000_000)
    return name


def test_a_body_comes_whole_and_the_call_is_counted(role: Role, bucket: str) -> None:
    meter = CallMeter()
    body = role.reader(meter=meter).download(bucket, "a/b.log.gz", max_bytes=10**7, timeout_s=20)
    assert body == b"x" * 3_000_000
    assert meter.usage().by_action == {"s3:GetObject": 1}


def test_more_than_is_wanted_is_not_kept(role: Role, bucket: str) -> None:
    found = role.reader().download(bucket, "a/b.log.gz", max_bytes=1_000_000, timeout_s=20)
    assert isinstance(found, Gap)
    assert (found.error, found.kind, found.resource) == ("ObjectTooLarge", "not-read", f"s3://{bucket}/a/b.log.gz")


def test_a_slow_body_is_left(role: Role, bucket: str) -> None:
    found = role.reader().download(bucket, "a/b.log.gz", max_bytes=10**7, timeout_s=0)
    assert isinstance(found, Gap)
    assert (found.error, found.kind) == ("OutOfTime", "timeout")


def test_an_object_that_was_deleted_meanwhile_is_a_gap(role: Role, bucket: str) -> None:
    found = role.reader().download(bucket, "a/gone.log.gz", max_bytes=10, timeout_s=20)
    assert isinstance(found, Gap)
    assert found.error == "NoSuchKey"


def test_a_denied_download_names_the_permission(aws: Aws, role: Role, bucket: str) -> None:
    aws.iam.declare(role.arn, [{"Version": "2012-10-17", "Statement": []}])
    found = role.reader().download(bucket, "a/b.log.gz", max_bytes=10, timeout_s=20)
    assert isinstance(found, Gap)
    assert (found.action, found.kind) == ("s3:GetObject", "denied")


def test_an_empty_listing_lacks_the_key_and_is_no_gap(role: Role, bucket: str) -> None:
    found = role.reader().pages(
        "s3", "list_objects_v2", "Contents", max_pages=1, may_lack_key=True, Bucket=bucket, Prefix="nothing/"
    )
    assert (found.items, found.gaps) == ((), ())
