"""boto3 clients that reach the simulated AWS without a socket: for building worlds fast."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from werkzeug.test import run_wsgi_app

from demo.aws.layer import AwsLayer

ENDPOINT = "http://127.0.0.1"
SECRET = "simulated"
CHUNK_BYTES = 65_536


class _Body(io.BytesIO):
    """What botocore expects of urllib3's response."""

    def stream(self, amount: int = CHUNK_BYTES, **_: object) -> Iterator[bytes]:
        while chunk := self.read(amount):
            yield chunk


@cache
def _loader() -> Any:
    """botocore's service models, read once in a process."""
    return botocore.session.Session().get_component("data_loader")


class InProcessClients:
    """Makes clients for one layer."""

    def __init__(self, layer: AwsLayer) -> None:
        self._layer = layer
        self._session = botocore.session.Session()
        self._session.register_component("data_loader", _loader())
        self._config = Config(retries={"mode": "standard", "total_max_attempts": 1}, inject_host_prefix=False)

    def client(self, service: str, region: str, key: str, secret: str = SECRET, token: str | None = None) -> Any:
        """A client whose requests go straight to the layer."""
        client = self._session.create_client(
            service,
            region_name=region,
            endpoint_url=ENDPOINT,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=self._config,
        )
        client.meta.events.register("before-send", self._send)
        return client

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        chunks, status, headers = run_wsgi_app(self._layer, _environ(request), buffered=True)
        code = int(status.split(maxsplit=1)[0])
        return AWSResponse(request.url, code, dict(headers), _Body(b"".join(chunks)))


def _environ(request: AWSPreparedRequest) -> dict[str, Any]:
    parts = urlsplit(request.url)
    body = request.body or b""
    raw = body.read() if hasattr(body, "read") else body.encode() if isinstance(body, str) else bytes(body)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(parts.path) or "/",
        "RAW_URI": parts.path,
        "QUERY_STRING": parts.query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "198.51.100.7",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(raw),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(raw)),
    }
    for name, value in request.headers.items():
        text = value.decode() if isinstance(value, bytes) else str(value)
        field = name.upper().replace("-", "_")
        environ[field if field in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{field}"] = text
    environ.setdefault("HTTP_HOST", "127.0.0.1")
    return environ
