"""A simulated AWS behind HTTP with every guard installed; each test has an account and a role of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from demo.aws import server
from demo.aws.guards import DisabledRegions, ExpiredTokens, Faults, IamGuard, TrustGuard
from demo.aws.layer import AwsLayer, Call
from diagnostics.aws_access import AccessLimits, Account, AwsAccess, CallMeter, Reader

REGION = "us-east-1"
EXTERNAL_ID = "shared-between-us"
QUICK = AccessLimits(connect_timeout_s=20, read_timeout_s=20, attempts=1)
_accounts = itertools.count(610_000_000_000)


@dataclass
class Aws:
    """The layer and its guards; `calls` are the operations that reached it, `user_agents` who asked."""

    layer: AwsLayer
    faults: Faults
    trust: TrustGuard
    iam: IamGuard
    expired: ExpiredTokens
    regions: DisabledRegions
    user_agents: list[str] = field(default_factory=list)

    def calls(self, account: str, action: str) -> int:
        return sum(1 for call in self.layer.calls if call.iam_action == action and call.account == account)


@dataclass(frozen=True)
class Role:
    """An account with a role that reads it."""

    account: str

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account}:role/alb502-read"

    def configured(self, external_id: str | None = EXTERNAL_ID) -> Account:
        return Account(self.account, "prod", (REGION,), self.arn, external_id)

    def access(self, limits: AccessLimits = QUICK, external_id: str | None = EXTERNAL_ID) -> AwsAccess:
        return AwsAccess((self.configured(external_id),), limits)

    def reader(self, limits: AccessLimits = QUICK, region: str = REGION, meter: CallMeter | None = None) -> Reader:
        return self.access(limits).reader(self.account, region, meter)


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    layer = AwsLayer()
    simulated = Aws(layer, Faults(), TrustGuard(), IamGuard(), ExpiredTokens(), DisabledRegions())

    def remember(call: Call) -> None:
        simulated.user_agents.append(call.user_agent)

    layer.before.append(remember)
    for guard in (simulated.trust, simulated.iam, simulated.expired, simulated.regions, simulated.faults):
        guard.install(layer)
    with server.start(layer) as running, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment(running.endpoint_url, REGION, "600000000000").items():
            patch.setenv(name, value)
        yield simulated


@pytest.fixture
def role(aws: Aws) -> Iterator[Role]:
    """Trusted for the external id, and allowed everything until a test declares otherwise."""
    found = Role(f"{next(_accounts)}")
    aws.trust.declare(found.arn, EXTERNAL_ID)
    yield found
    aws.faults.clear()
    aws.regions.regions.clear()
