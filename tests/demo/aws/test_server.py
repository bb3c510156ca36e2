"""The endpoint as HTTP: connections are kept, bodies may be chunked, and closing it is quick and safe."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import closing

import pytest

from demo.aws.layer import AwsLayer, account_key
from demo.aws.server import RunningServer, environment, start

ACCOUNT = "497000000000"
BODY = b"Action=GetCallerIdentity&Version=2011-06-15"
SIGNED = {
    "Authorization": f"AWS4-HMAC-SHA256 Credential={account_key(ACCOUNT)}/20261121/eu-west-1/sts/aws4_request, S=0",
    "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
}


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with start(AwsLayer()) as running:
        yield running


def connect(server: RunningServer) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(server.endpoint_url.removeprefix("http://"), timeout=5)


def test_a_connection_serves_many_calls(server: RunningServer) -> None:
    with closing(connect(server)) as connection:
        connection.connect()
        socket = connection.sock
        for _ in range(3):
            connection.request("POST", "/", BODY, SIGNED)
            with connection.getresponse() as response:
                assert ACCOUNT.encode() in response.read()
                assert not response.will_close
        assert connection.sock is socket


def test_a_body_may_come_in_chunks(server: RunningServer) -> None:
    with closing(connect(server)) as connection:
        connection.request("POST", "/", iter([BODY[:7], BODY[7:]]), SIGNED, encode_chunked=True)
        with connection.getresponse() as response:
            assert ACCOUNT.encode() in response.read()


def test_a_refused_request_leaves_the_connection_usable(server: RunningServer) -> None:
    with closing(connect(server)) as connection:
        connection.request("PUT", "/unsigned", b"x" * 10_000)
        with connection.getresponse() as response:
            assert (response.status, response.getheader("Content-Type")) == (404, "application/x-amz-json-1.1")
            response.read()
        connection.request("POST", "/", BODY, SIGNED)
        with connection.getresponse() as response:
            assert response.status == 200
            response.read()


def test_closing_drops_idle_connections_and_frees_the_port() -> None:
    server = start(AwsLayer())
    port = int(server.endpoint_url.rsplit(":", 1)[1])
    with closing(connect(server)) as connection:
        connection.request("POST", "/", BODY, SIGNED)
        with connection.getresponse() as response:
            response.read()
        server.close()
        server.close()
        assert connection.sock.recv(1) == b""
    start(AwsLayer(), port).close()


def test_the_environment_points_away_from_real_credentials() -> None:
    variables = environment("http://127.0.0.1:1", account="222222222222")
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert variables["AWS_ACCESS_KEY_ID"] == account_key("222222222222")
    assert variables["AWS_SHARED_CREDENTIALS_FILE"] == variables["AWS_CONFIG_FILE"] == "/dev/null"
