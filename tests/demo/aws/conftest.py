"""One simulated AWS for each test module; every test works in an account of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config

from demo.aws.layer import AwsLayer, account_key
from demo.aws.server import RunningServer, start

REGION = "eu-central-1"
START = 1_800_000_000.0  # 2027-01-15 08:00:00 UTC, a whole minute
_session = boto3.Session(region_name=REGION)  # one, so that each service model is loaded once
_accounts = itertools.count(500_000_000_000)


@dataclass(frozen=True)
class Aws:
    """An endpoint and the means to call it; clients do not retry, so that each call is one request."""

    layer: AwsLayer
    server: RunningServer

    def client(
        self,
        service: str,
        account: str,
        *,
        region: str = REGION,
        session: dict[str, Any] | None = None,
        attempts: int = 1,
    ) -> Any:
        keys = session or {"AccessKeyId": account_key(account), "SecretAccessKey": "simulated", "SessionToken": None}
        return _session.client(
            service,
            region_name=region,
            endpoint_url=self.server.endpoint_url,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            config=Config(retries={"mode": "standard", "total_max_attempts": attempts}, read_timeout=10),
        )


@pytest.fixture
def account() -> str:
    return f"{next(_accounts)}"


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[[AwsLayer], Aws]]:
    """Serves a layer until the module's tests are over."""
    running: list[RunningServer] = []

    def serve_layer(layer: AwsLayer) -> Aws:
        running.append(start(layer))
        return Aws(layer, running[-1])

    yield serve_layer
    for server in running:
        server.close()
