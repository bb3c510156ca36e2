"""What answers is not AWS, or AWS on a bad day: each failure is a gap, and the report says in words what to do."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from diagnostics.aws_access import AccessLimits, Account, AwsAccess, Reader, explain
from diagnostics.facts import Gap, TargetHealth
from diagnostics.gaps import report_gaps
from diagnostics.snapshot import Snapshot
from tests.diagnostics.aws_access.conftest import REGION, Aws
from tests.diagnostics.collect.scripted import NOW, SUBJECT, WINDOW

ACCOUNT = "600000000000"
JSON, PAGE, XML = "application/x-amz-json-1.1", "text/html; charset=utf-8", "text/xml"
CLUSTERS = ("ecs", "list_clusters", "clusterArns")
BALANCERS = ("elbv2", "describe_load_balancers", "LoadBalancers")
ALARMS = ("cloudwatch", "describe_alarms", "MetricAlarms")
SERVICES = (CLUSTERS, BALANCERS, ALARMS)

PROXY = "what came is no answer of AWS's: look for a proxy or a firewall between the bot and AWS"
LATER = "AWS itself failed: ask again in a minute"
NETWORK = "AWS could not be reached: check the network, its name server and the region"


class Endpoint:
    """Answers every request with `answer`, to the byte, and hangs up."""

    def __init__(self, listening: socket.socket) -> None:
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.answer = b""
        self._listening = listening

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                with self._listening.accept()[0] as connection, suppress(OSError):
                    _read_all(connection)
                    connection.sendall(self.answer)


def _read_all(connection: socket.socket) -> None:
    """Whoever hangs up with something unread resets the connection, and the answer may be lost with it."""
    request = b""
    while (end := request.find(b"\r\n\r\n")) < 0:
        request += _more(connection)
    found = re.search(rb"content-length: *(\d+)", request[:end], re.IGNORECASE)
    left = (int(found[1]) if found else 0) - len(request[end + 4 :])
    while left > 0:
        left -= len(_more(connection))


def _more(connection: socket.socket) -> bytes:
    received = connection.recv(65_536)
    if not received:
        raise ConnectionResetError
    return received


@pytest.fixture(scope="module")
def endpoint(aws: Aws) -> Iterator[Endpoint]:
    with socket.create_server(("127.0.0.1", 0)) as listening, pytest.MonkeyPatch.context() as patch:
        found = Endpoint(listening)
        patch.setenv("AWS_ENDPOINT_URL", found.url)
        threading.Thread(target=found.serve, daemon=True).start()
        yield found
        listening.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def reader(endpoint: Endpoint) -> Reader:
    limits = AccessLimits(attempts=1, read_timeout_s=20)
    return AwsAccess((Account(ACCOUNT, "", (REGION,)),), limits).reader(ACCOUNT, REGION)


def http(status: str, content_type: str, body: bytes, length: int | None = None) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length or len(body)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + body


@pytest.mark.parametrize(
    ("answer", "error", "to_do"),
    [
        (http("200 OK", PAGE, b"<html>Sign in to go on</html>"), "MalformedAnswer", PROXY),
        (http("407 Proxy Authentication Required", PAGE, b"<html>Who are you?</html>"), "MalformedAnswer", PROXY),
        (http("404 Not Found", PAGE, b"<html>Not here</html>"), "MalformedAnswer", PROXY),
        (http("200 OK", JSON, b'{"clusterArns": ['), "MalformedAnswer", PROXY),
        (http("200 OK", JSON, b'{"clusterArns": [', length=5_000), "MalformedAnswer", PROXY),
        (http("200 OK", JSON, b'{"clusterArns": 7, "MetricAlarms": {"a": 1}}'), "MalformedAnswer", PROXY),
        (http("200 OK", JSON, b"[]"), "MalformedAnswer", PROXY),
        (http("200 OK", JSON, bytes(range(256))), "MalformedAnswer", PROXY),
        (http("200 OK", XML, b"<DescribeLoadBalancersResponse><LoadBalancers><member>"), "MalformedAnswer", PROXY),
        (http("503 Service Unavailable", PAGE, b"<html>try later</html>"), "AwsFailed", LATER),
        (http("500 Internal Server Error", JSON, b""), "AwsFailed", LATER),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "ConnectionClosedError", NETWORK),
        (b"", "ConnectionClosedError", NETWORK),
    ],
    ids=[
        "sign-in page",
        "proxy",
        "page not found",
        "half an answer",
        "cut off",
        "other types",
        "a list",
        "bytes",
        "half of XML",
        "503",
        "500",
        "another protocol",
        "hung up",
    ],
)
def test_whatever_comes_is_a_gap_that_says_what_to_do(
    endpoint: Endpoint, reader: Reader, answer: bytes, error: str, to_do: str
) -> None:
    endpoint.answer = answer
    for service, operation, key in SERVICES:
        gap = reader.pages(service, operation, key, max_pages=2).failed
        assert isinstance(gap, Gap)
        assert (gap.kind, gap.error) == ("failed", error)
        assert gap.action in explain(gap)
        assert told(gap) == to_do


def test_a_web_page_is_not_taken_for_an_answer_that_there_is_nothing(endpoint: Endpoint, reader: Reader) -> None:
    """The JSON parser makes an empty answer of it, and some operations leave out what is empty."""
    endpoint.answer = http("200 OK", PAGE, b"<html>Sign in to go on</html>")
    found = reader.pages("logs", "describe_deliveries", "deliveries", max_pages=1, may_lack_key=True)
    assert found.failed is not None
    assert found.failed.message == "a web page came instead of AWS's answer"
    assert isinstance(reader.call("ecs", "list_clusters"), Gap)


def test_names_that_no_name_server_knows(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://aws.invalid")
    access = AwsAccess((Account(ACCOUNT, "", (REGION,)),), AccessLimits(attempts=1))
    gap = access.reader(ACCOUNT, REGION).call("ecs", "list_clusters")
    assert isinstance(gap, Gap)
    assert gap.error == "EndpointConnectionError"
    assert "could not reach AWS" in explain(gap)
    assert told(gap) == NETWORK


@pytest.mark.parametrize(
    ("kind", "error", "says"),
    [
        ("throttled", "ThrottlingException", "AWS throttled the call: ask again in a minute"),
        ("timeout", "ReadTimeoutError", "the call did not answer in time: ask again in a minute"),
        ("expired", "ExpiredToken", "the credentials have expired: renew them and ask again"),
        ("denied", "AccessDenied", '{"Effect": "Allow", "Action": "ecs:ListClusters", "Resource": "*"}'),
        ("not-read", "TooManyPages", "only the first 300 were read, and there are more"),
        ("failed", "WrongClock", "the clock of this machine is wrong"),
    ],
)
def test_a_report_says_each_failure_by_its_own_name(kind: str, error: str, says: str) -> None:
    assert told(Gap.model_validate({**EMPTY, "kind": kind, "error": error, "message": says})) == says


EMPTY = {"action": "ecs:ListClusters", "resource": "*"}


def told(gap: Gap) -> str | None:
    """What a report says to do about it."""
    snapshot = Snapshot(taken_at=NOW, subject=SUBJECT, window=WINDOW, facts={TargetHealth.name: gap})
    (found,) = report_gaps(snapshot, {})
    return found.fix
