"""Serve the simulated AWS over HTTP on the loopback interface."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any, Self

from werkzeug.serving import WSGIRequestHandler, make_server

from demo.aws.call import MOTO_DEFAULT_ACCOUNT, account_key
from demo.aws.layer import AwsLayer

SHUTDOWN_TIMEOUT_S = 5.0


class _QuietHandler(WSGIRequestHandler):
    """HTTP/1.1, because boto3 keeps its connections; and no line for every request."""

    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds that an idle kept connection holds its thread
    disable_nagle_algorithm = True  # head and body are separate writes: waiting for the ACK would cost 40 ms

    def log(self, *_: Any) -> None:
        """Say nothing: the layer records calls, and failures are logged where they happen."""


class RunningServer:
    """A serving endpoint; `close()` (or leaving the `with` block) stops it."""

    def __init__(self, layer: AwsLayer, port: int) -> None:
        self.layer = layer
        self._server = make_server("127.0.0.1", port, layer, threaded=True, request_handler=_QuietHandler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="simulated-aws", daemon=True)
        self._thread.start()

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop accepting, wait for the accept loop to end and free the port. Closing twice is harmless."""
        if not self._thread.is_alive():
            return
        self._server.shutdown()
        self._thread.join(SHUTDOWN_TIMEOUT_S)
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
        "AWS_SECRET_ACCESS_KEY": "simulated",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
