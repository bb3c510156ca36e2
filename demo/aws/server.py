"""Serve the simulated AWS over HTTP on the loopback interface.

A small server of our own on the standard library's: werkzeug's closes the connection after every answer, and boto3
keeps its connections open.
"""

from __future__ import annotations

import io
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import unquote_to_bytes

from demo.aws.call import MOTO_DEFAULT_ACCOUNT, account_key
from demo.aws.layer import AwsLayer
from demo.aws.wire import MAX_BODY_BYTES

SHUTDOWN_TIMEOUT_S = 5.0
IDLE_TIMEOUT_S = 60.0
_SHUTDOWN_POLL_S = 0.05
_MAX_CHUNK_LINE_BYTES = 1_024


class _Server(ThreadingHTTPServer):
    """Keeps count of its connections, so that closing it does not wait for idle ones."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, layer: AwsLayer, port: int) -> None:
        self.layer = layer
        self._connections: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is not worth a stack trace; anything else is."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)

    def drop_connections(self) -> None:
        with self._guard:
            connections = list(self._connections)
        for connection in connections:
            self.shutdown_request(connection)


class _Handler(BaseHTTPRequestHandler):
    """Hands each request to the layer as WSGI and writes the answer at once."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_TIMEOUT_S
    disable_nagle_algorithm = True
    wbufsize = -1  # buffered: head and body leave in one packet

    def serve(self) -> None:
        body = self._body()
        if body is None:
            self.close_connection = True
            self.send_error(413)
            return
        head: list[tuple[str, list[tuple[str, str]]]] = []
        layer = cast(_Server, self.server).layer
        chunks = layer(self._environ(body), lambda status, headers: head.append((status, headers)))
        status, headers = head[0]
        code, _, phrase = status.partition(" ")
        self.send_response_only(int(code), phrase)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.writelines(chunks)
        self.wfile.flush()

    do_DELETE = do_GET = do_HEAD = do_PATCH = do_POST = do_PUT = serve  # noqa: N815

    def handle_expect_100(self) -> bool:
        """The caller waits for this line before it sends the body, so it must not stay in our buffer."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the layer records calls, and failures are logged where they happen."""

    def _body(self) -> bytes | None:
        """The whole body; None when it is larger than the layer accepts."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._chunked_body()
        length = int(self.headers.get("Content-Length") or 0)
        return self.rfile.read(length) if length <= MAX_BODY_BYTES else None

    def _chunked_body(self) -> bytes | None:
        body = bytearray()
        while size := int(self.rfile.readline(_MAX_CHUNK_LINE_BYTES).partition(b";")[0], 16):
            if len(body) + size > MAX_BODY_BYTES:
                return None
            body += self.rfile.read(size)
            self.rfile.readline(_MAX_CHUNK_LINE_BYTES)
        while self.rfile.readline(_MAX_CHUNK_LINE_BYTES).strip():  # trailers, up to the empty line
            continue
        return bytes(body)

    def _environ(self, body: bytes) -> dict[str, Any]:
        """https://peps.python.org/pep-3333/#environ-variables"""
        path, _, query = self.path.partition("?")
        headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self.headers.items()}
        content_type = headers.pop("HTTP_CONTENT_TYPE", "")
        for name in ("HTTP_TRANSFER_ENCODING", "HTTP_CONTENT_LENGTH"):  # the body is read: they no longer apply
            headers.pop(name, None)
        return {
            **headers,
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "RAW_URI": self.path,
            "REQUEST_URI": self.path,
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(cast(_Server, self.server).server_port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }


class RunningServer:
    """A serving endpoint; `close()` (or leaving the `with` block) stops it."""

    def __init__(self, layer: AwsLayer, port: int) -> None:
        self.layer = layer
        self._server = _Server(layer, port)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_SHUTDOWN_POLL_S,), name="simulated-aws", daemon=True
        )
        self._thread.start()

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop accepting, drop what is connected and free the port. Closing twice is harmless."""
        if not self._thread.is_alive():
            return
        self._server.shutdown()
        self._thread.join(SHUTDOWN_TIMEOUT_S)
        self._server.drop_connections()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start(layer: AwsLayer, port: int = 0) -> RunningServer:
    """Serve `layer` on 127.0.0.1; port 0 takes a free one. Raises OSError when the port is taken."""
    return RunningServer(layer, port)


def environment(endpoint: str, region: str = "us-east-1", account: str = MOTO_DEFAULT_ACCOUNT) -> dict[str, str]:
    """Environment variables that point any AWS SDK or the AWS CLI at `endpoint`, and away from real credentials."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": account_key(account),
        "AWS_SECRET_ACCESS_KEY": "unused-in-the-demo",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
