"""A small world that is read without a socket: a broken service and its neighbours, and an account that is sealed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from demo.aws.call import account_key
from demo.clock import ManualClock
from demo.world.world import World
from diagnostics.aws_access import Account, AwsAccess
from diagnostics.collect.log_options import LogOptions
from diagnostics.scan.scanner import Scanner

PROD, SEALED = "710000000001", "710000000002"
REGION = "us-east-1"
PRESENT = 1_800_000_000.0
NOW = datetime.fromtimestamp(PRESENT, UTC)


class InProcess:
    """Sessions whose clients reach the world directly."""

    default_region = REGION

    def __init__(self, world: World) -> None:
        self._world = world
        self._made: dict[tuple[str, str, str], Any] = {}

    def client(self, account: Account, region: str, service: str) -> Any:
        if account.id == SEALED:
            denied = {"Error": {"Code": "AccessDenied", "Message": "is not authorized to perform: sts:AssumeRole"}}
            raise ClientError(denied, "AssumeRole")
        key = (account.id, region, service)
        if key not in self._made:
            self._made[key] = self._world.clients.client(service, region, account_key(account.id))
        return self._made[key]

    def ask(self, account: Account, region: str, service: str, client: Any, invoke: Callable[[Any], Any]) -> Any:
        return invoke(client)


class OpenGate:
    """Look-ups need not wait for their turn."""

    def wait(self, key: str, spacing_s: float, timeout_s: float) -> bool:
        return True


@dataclass(frozen=True)
class Shop:
    """The world, and who may read it."""

    world: World
    access: AwsAccess

    def scanner(self, *, budget_s: float = 60.0, max_full: int = 5) -> Scanner:
        logs = LogOptions(wish="never")
        return Scanner(self.access, {}, logs, budget_s, clock=lambda: NOW, max_full=max_full)


@pytest.fixture(scope="package")
def shop() -> Shop:
    world = World(ManualClock(PRESENT - 1500), present=PRESENT)
    prod = world.account(PROD)
    quiet = prod.load_balancer("quiet")
    checkout = prod.service("checkout", desired=2, path="/checkout/*", client_path="/checkout/x", rpm=60)
    prod.service("search", desired=1, path="/search/*", client_path="/search/x", rpm=60)
    prod.service("lone", desired=1, cluster="edge", load_balancer=quiet, rpm=6)
    world.until(6, step=15)
    checkout.revoke_ingress()
    world.until(0, step=5)
    accounts = (
        Account(PROD, "prod", (REGION,)),
        Account(SEALED, "sealed", (REGION, "eu-west-1"), read_role=f"arn:aws:iam::{SEALED}:role/alb502-read"),
    )
    access = AwsAccess(accounts, gate=OpenGate())
    access._sessions = InProcess(world)  # type: ignore[assignment]
    return Shop(world, access)
