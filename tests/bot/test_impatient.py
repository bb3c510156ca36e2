"""Whoever opens connections and asks nothing is shown out; whoever was answered may ask again."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot import impatient
from bot.listener import Listener


async def hello(_: Request) -> Response:
    return PlainTextResponse("hello")


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(impatient, "REQUEST_S", 0.2)
    listener = Listener(Starlette(routes=[Route("/", hello)]), "127.0.0.1", 0, "the port")
    listener.start()
    yield listener.port
    listener.stop()


def is_shown_out(connection: socket.socket) -> bool:
    connection.settimeout(20)
    return connection.recv(1_000) == b""


@pytest.mark.parametrize("begun", [b"", b"POST / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_a_connection_without_a_request_ends(port: int, begun: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(begun)
        assert is_shown_out(connection)


def test_a_second_request_that_is_never_ended_ends(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impatient, "KEEP_ALIVE_S", 0.2)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.settimeout(20)
        said = b""
        while not said.endswith(b"hello"):
            said += connection.recv(1_000)
        connection.sendall(b"GET / HTTP/1.1\r\n")
        assert is_shown_out(connection)


def test_who_was_answered_may_ask_again_on_the_same_connection(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for _ in range(2):
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"hello"
        assert connection.sock is not None, "it was closed"
    connection.close()
