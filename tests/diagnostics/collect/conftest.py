"""A simulated AWS for the tests of logs; each test has an account of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from demo.aws import server
from demo.aws.guards import Faults
from demo.aws.layer import AwsLayer
from tests.diagnostics.collect.log_shop import REGION, Shop

_accounts = itertools.count(620_000_000_000)


@pytest.fixture(scope="module")
def faults() -> Faults:
    return Faults()


@pytest.fixture(scope="module")
def endpoint(faults: Faults) -> Iterator[str]:
    layer = AwsLayer()
    faults.install(layer)
    with server.start(layer) as running:
        yield running.endpoint_url


@pytest.fixture
def shop(endpoint: str, faults: Faults, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    account = f"{next(_accounts)}"
    for name, value in server.environment(endpoint, REGION, account).items():
        monkeypatch.setenv(name, value)
    yield Shop(account, endpoint)
    faults.clear()
