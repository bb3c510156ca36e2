"""A bucket in another region than the load balancer: S3 says where it is, and the same call is made there."""

from __future__ import annotations

import io
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session

from diagnostics.aws_access import AccessLimits, AwsAccess, CallMeter, Reader
from diagnostics.facts import Gap

BUCKET, HERE, THERE = "logs-elsewhere", "us-east-1", "eu-west-1"
LISTED = (
    '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>'
    "<IsTruncated>false</IsTruncated><Contents><Key>one.log.gz</Key><Size>4</Size></Contents></ListBucketResult>"
)
ERROR = "<Error><Code>{}</Code><Message>somewhere else</Message>{}</Error>"


class S3:
    """Answers as S3 does for a bucket that lies elsewhere; `form` is the way in which it says so."""

    def __init__(self, form: str) -> None:
        self.form = form
        self.asked: list[tuple[str, str, str]] = []

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        signed = re.search(r"Credential=[^/]+/\d+/([a-z0-9-]+)/s3", _text(request.headers["Authorization"]))
        region = signed[1] if signed else ""
        host = urlsplit(request.url).hostname or ""
        self.asked.append((request.method, region, host))
        if region != THERE:
            return self._redirect(request)
        if request.method == "HEAD":
            return _answer(request, 200, "", {"x-amz-bucket-region": THERE})
        return _answer(request, 200, LISTED if "list-type" in request.url else "body", {})

    def _redirect(self, request: AWSPreparedRequest) -> AWSResponse:
        if self.form == "header":
            return _answer(request, 301, ERROR.format("PermanentRedirect", ""), {"x-amz-bucket-region": THERE})
        if self.form == "malformed":
            return _answer(request, 400, ERROR.format("AuthorizationHeaderMalformed", f"<Region>{THERE}</Region>"), {})
        if request.method == "HEAD":
            return _answer(request, 403, "", {})
        return _answer(request, 301, ERROR.format("PermanentRedirect", ""), {})


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _answer(request: AWSPreparedRequest, status: int, body: str, headers: dict[str, str]) -> AWSResponse:
    return AWSResponse(request.url, status, {"Content-Type": "application/xml", **headers}, Raw(body.encode()))


class Raw(io.BytesIO):
    """As urllib3 gives a body."""

    def stream(self, **_: Any) -> Any:
        yield self.read()


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
    return AwsAccess((), AccessLimits(attempts=1)).reader("111122223333", HERE, CallMeter())


def listed(reader: Reader) -> Any:
    return reader.pages("s3", "list_objects_v2", "Contents", max_pages=1, Bucket=BUCKET, Prefix="AWSLogs/")


@pytest.mark.parametrize("form", ["header", "malformed"])
def test_a_bucket_elsewhere_is_listed_and_read_there(
    form: str, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3 = S3(form)
    monkeypatch.setattr(URLLib3Session, "send", s3.send)
    found = listed(reader)
    assert (found.gaps, [item["Key"] for item in found.items]) == ((), ["one.log.gz"])
    assert s3.asked[0][1] == HERE
    assert s3.asked[-1] == ("GET", THERE, f"{BUCKET}.s3.{THERE}.amazonaws.com")
    before = len(s3.asked)
    assert reader.download(BUCKET, "one.log.gz", max_bytes=100, timeout_s=5) == b"body"
    assert [region for _, region, _ in s3.asked[before:]] == [THERE], "the region is known by now"


def test_a_redirect_to_nowhere_is_a_gap(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = S3("nowhere")
    monkeypatch.setattr(URLLib3Session, "send", s3.send)
    (gap,) = listed(reader).gaps
    assert isinstance(gap, Gap)
    assert (gap.action, gap.error) == ("s3:ListBucket", "PermanentRedirect")
    assert [method for method, _, _ in s3.asked] == ["GET", "HEAD"]
