"""The way into AWS for reading: which accounts there are, and a reader for each of their regions."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from importlib import metadata

from diagnostics.aws_access.accounts import AccessLimits, Account, Scope
from diagnostics.aws_access.actions import iam_action
from diagnostics.aws_access.failures import READ_ERRORS, gap_of
from diagnostics.aws_access.meter import CallMeter
from diagnostics.aws_access.pacing import SERIAL_SERVICES, LocalRateGate, RateGate
from diagnostics.aws_access.reader import Reader
from diagnostics.aws_access.sessions import Sessions
from diagnostics.facts.fact import Gap

READ_SERVICES = ("elbv2", "ecs", "ec2", "cloudwatch", "cloudtrail")


class UnknownScopeError(LookupError):
    """An account that is not configured was asked for."""


class AwsAccess:
    """One for each process. Without configured accounts it reads the account and region of its own credentials."""

    def __init__(
        self, accounts: Sequence[Account] = (), limits: AccessLimits | None = None, gate: RateGate | None = None
    ) -> None:
        self.limits = limits or AccessLimits()
        self._accounts = tuple(accounts)
        self._gate = gate or LocalRateGate()
        self._sessions = Sessions(self.limits, _version())
        self._lock = threading.Lock()
        self._semaphores: dict[tuple[str, str, str], threading.BoundedSemaphore] = {}
        self._own_lock = threading.Lock()
        self._own: Account | None = None

    def accounts(self, meter: CallMeter | None = None) -> tuple[Account, ...] | Gap:
        """The accounts that are read. Without configuration STS is asked once who the process is."""
        if self._accounts:
            return self._accounts
        own = self._own_account(meter or CallMeter())
        return own if isinstance(own, Gap) else (own,)

    def scopes(self, meter: CallMeter | None = None) -> tuple[Scope, ...] | Gap:
        """Every region of every account, in the order of the configuration."""
        accounts = self.accounts(meter)
        if isinstance(accounts, Gap):
            return accounts
        return tuple(
            Scope(account_id=account.id, account_name=account.name or None, region=region)
            for account in accounts
            for region in account.regions
        )

    def reader(self, account_id: str, region: str, meter: CallMeter | None = None) -> Reader:
        """A reader for one region. The region need not be configured; whether it exists shows at the first call.

        Raises UnknownScopeError for an account that is neither configured nor the process's own.
        """
        account = self._account(account_id)
        return Reader(
            account,
            region,
            sessions=self._sessions,
            limits=self.limits,
            semaphore=lambda service: self._semaphore(account_id, region, service),
            gate=self._gate,
            meter=meter or CallMeter(),
        )

    def warm(self, services: Iterable[str] = READ_SERVICES) -> None:
        """Make the clients before the first question comes; failures will show when they are used."""
        accounts = self.accounts()
        if isinstance(accounts, Gap):
            return
        for account in accounts:
            for region in account.regions:
                for service in services:
                    try:
                        self._sessions.client(account, region, service)
                    except READ_ERRORS:
                        return

    def _account(self, account_id: str) -> Account:
        known = self.accounts()
        if isinstance(known, Gap):  # the reader's own calls will say the same
            return Account(id=account_id, name="", regions=())
        for account in known:
            if account.id == account_id:
                return account
        raise UnknownScopeError(f"AWS account {account_id} is not configured")

    def _own_account(self, meter: CallMeter) -> Account | Gap:
        with self._own_lock:
            if self._own is None:
                found = self._ask_who_we_are(meter)
                if isinstance(found, Gap):
                    return found
                self._own = found
            return self._own

    def _ask_who_we_are(self, meter: CallMeter) -> Account | Gap:
        action = iam_action("sts", "get_caller_identity")
        region = self._sessions.default_region
        if not region:
            return Gap(action=action, resource="*", error="NoRegionError", message="no region is set")
        started = time.monotonic()
        try:
            answer = self._sessions.own_client("sts", region).get_caller_identity()
            return Account(id=str(answer["Account"]), name="", regions=(region,))
        except READ_ERRORS as error:
            return gap_of(error, action=action, resource="*", region=region)
        finally:
            meter.record(action, time.monotonic() - started)

    def _semaphore(self, account_id: str, region: str, service: str) -> threading.BoundedSemaphore:
        with self._lock:
            key = (account_id, region, service)
            if key not in self._semaphores:
                places = 1 if service in SERIAL_SERVICES else self.limits.parallel_per_service
                self._semaphores[key] = threading.BoundedSemaphore(places)
            return self._semaphores[key]


def _version() -> str:
    try:
        return metadata.version("alb502")
    except metadata.PackageNotFoundError:
        return "unpackaged"
