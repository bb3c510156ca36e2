"""What the image's HEALTHCHECK says of the bot beside it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from bot.healthcheck import USUAL_PORT, address, complaint
from bot.settings import Settings


class Ops(HTTPServer):
    answer: tuple[int, bytes] = (200, b"ok\n")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Ops)
        status, text = self.server.answer if self.path == "/healthz" else (404, b"")
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return None


@pytest.fixture
def ops() -> Iterator[Ops]:
    server = Ops(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_bot_that_is_well_is_told_from_one_that_is_not(ops: Ops) -> None:
    there = {"ALB502_OPS_PORT": str(ops.server_port)}
    assert complaint(there) is None
    ops.answer = (503, b"the workers of people\nare stuck\n")
    assert complaint(there) == "/healthz answers 503: the workers of people are stuck"


def test_a_proxy_of_the_environment_is_not_asked(ops: Ops, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert complaint({"ALB502_OPS_PORT": str(ops.server_port)}) is None


def test_a_bot_that_does_not_listen_is_not_well() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    told = complaint({"ALB502_OPS_PORT": str(port)})
    assert told is not None
    assert told.startswith("/healthz cannot be asked (ConnectionRefusedError)")


def test_it_asks_where_the_bot_listens(tmp_path: Path) -> None:
    file = tmp_path / "alb502.yaml"
    file.write_text("ops_port: 9191\nhttp_host: '::'\n")
    assert Settings().ops_port == USUAL_PORT
    assert address({}) == ("127.0.0.1", 9090)
    assert address({"ALB502_OPS_PORT": " 9292 ", "ALB502_HTTP_HOST": "0.0.0.0"}) == ("127.0.0.1", 9292)
    assert address({"ALB502_HTTP_HOST": "10.0.0.7"}) == ("10.0.0.7", 9090)
    assert address({"ALB502_CONFIG": str(file)}) == ("::1", 9191)
    assert address({"ALB502_CONFIG": str(file), "ALB502_OPS_PORT": "9292"}) == ("::1", 9292)


@pytest.mark.parametrize("setting", [{"ALB502_OPS_PORT": "many"}, {"ALB502_CONFIG": "/nowhere/at/all.yaml"}])
def test_a_wrong_setting_is_one_line(setting: dict[str, str]) -> None:
    told = complaint(setting)
    assert told is not None
    assert told.startswith("/healthz cannot be asked (ValueError): ")
    assert "\n" not in told
