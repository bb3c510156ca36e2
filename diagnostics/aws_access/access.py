"""The way into AWS for reading: which accounts there are, and a reader for each of their regions."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from importlib import metadata

from diagnostics.aws_access.accounts import AccessLimits, Account, Scope
from diagnostics.aws_access.actions import iam_action
from diagnostics.aws_access.failures import NO_CREDENTIALS, OUT_OF_TIME, READ_ERRORS, gap_of
from diagnostics.aws_access.meter import CallMeter
from diagnostics.aws_access.observing import Nobody, Observer
from diagnostics.aws_access.pacing import SERIAL_SERVICES, LocalRateGate, RateGate
from diagnostics.aws_access.reader import Reader
from diagnostics.aws_access.sessions import Sessions
from diagnostics.facts.fact import Gap

WHO_WE_ARE = iam_action("sts", "get_caller_identity")
READ_SERVICES = ("elbv2", "ecs", "ec2", "cloudwatch", "cloudtrail", "lambda")


class UnknownScopeError(LookupError):
    """An account that is not configured was asked for."""


class AwsAccess:
    """One for each process. Without configured accounts it reads the account and region of its own credentials."""

    def __init__(
        self,
        accounts: Sequence[Account] = (),
        limits: AccessLimits | None = None,
        gate: RateGate | None = None,
        observer: Observer | None = None,
    ) -> None:
        self._observer = observer or Nobody()
        self.limits = limits or AccessLimits()
        self._accounts = tuple(accounts)
        self._gate = gate or LocalRateGate()
        self._sessions = Sessions(self.limits, _version())
        self._lock = threading.Lock()
        self._semaphores: dict[tuple[str, str, str], threading.BoundedSemaphore] = {}
        self._own_lock = threading.Lock()
        self._own: Future[Account | Gap] | None = None

    @property
    def default_region(self) -> str | None:
        """The region of the environment or the profile."""
        return self._sessions.default_region

    def no_region(self) -> Gap:
        """Why there is no `default_region`."""
        missing = self._sessions.missing_profile
        if missing is not None:
            return gap_of(missing, action=WHO_WE_ARE, resource="*", region="")
        return Gap(action=WHO_WE_ARE, resource="*", error="NoRegionError", message="no region is set")

    @property
    def has_to_ask_who_it_is(self) -> bool:
        """True until STS has said whose credentials these are; never with configured accounts."""
        own = self._own
        return not self._accounts and (own is None or not own.done())

    def accounts(self, meter: CallMeter | None = None, timeout_s: float | None = None) -> tuple[Account, ...] | Gap:
        """The accounts that are read. Without configuration STS is asked once who the process is.

        An answer that takes longer than `timeout_s` seconds is a gap; whoever asks next waits for the same one.
        """
        if self._accounts:
            return self._accounts
        own = self._own_account(meter or CallMeter(), timeout_s)
        return own if isinstance(own, Gap) else (own,)

    def scopes(self, meter: CallMeter | None = None, timeout_s: float | None = None) -> tuple[Scope, ...] | Gap:
        """Every region of every account, in the order of the configuration; `timeout_s` as for `accounts`."""
        accounts = self.accounts(meter, timeout_s)
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
        return self._reader(self._account(account_id), region, meter or CallMeter())

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

    def _own_account(self, meter: CallMeter, timeout_s: float | None) -> Account | Gap:
        with self._own_lock:
            if self._own is None:
                pool = ThreadPoolExecutor(1, thread_name_prefix="identity")
                self._own = pool.submit(copy_context().run, self._ask_who_we_are, meter)
                pool.shutdown(wait=False)
            asked = self._own
        try:
            found = asked.result(timeout_s)
        except TimeoutError:
            return Gap(action=WHO_WE_ARE, resource="*", error=OUT_OF_TIME, kind="timeout")
        if isinstance(found, Gap):
            with self._own_lock:
                self._own = None if self._own is asked else self._own
        return found

    def _ask_who_we_are(self, meter: CallMeter) -> Account | Gap:
        region = self._sessions.default_region
        if not region:
            return self.no_region()
        reader = self._reader(Account(id="", name="", regions=(region,)), region, meter)
        answer = reader.call("sts", "get_caller_identity", expects=("Account",))
        if isinstance(answer, Gap):
            if answer.kind == "expired" or answer.error == NO_CREDENTIALS:
                self._sessions.renew_own()
            return answer
        return Account(id=str(answer["Account"]), name="", regions=(region,))

    def _reader(self, account: Account, region: str, meter: CallMeter) -> Reader:
        return Reader(
            account,
            region,
            sessions=self._sessions,
            limits=self.limits,
            semaphore=lambda service: self._semaphore(account.id, region, service),
            gate=self._gate,
            meter=meter,
            observer=self._observer,
        )

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
