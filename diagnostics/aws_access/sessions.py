"""Sessions and clients: one loader for all, one session per account, clients made one at a time and kept.

Clients may be shared between threads, sessions may not make clients in two threads at once:
https://boto3.amazonaws.com/v1/documentation/api/latest/guide/clients.html#multithreading-or-multiprocessing-with-clients
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials
from botocore.exceptions import ProfileNotFound
from botocore.utils import parse_timestamp

from diagnostics.aws_access.accounts import ROLE_DURATION_S, ROLE_SESSION_NAME, AccessLimits, Account
from diagnostics.aws_access.characters import without_halves
from diagnostics.aws_access.failures import READ_ERRORS, RoleNotAssumedError, has_expired
from diagnostics.aws_access.observing import add_reference

MAX_POOL_CONNECTIONS = 24
_OWN = ""
"""Stands for the process's own credentials where an account's id would."""


def own_region(session: botocore.session.Session) -> str | None:
    """The region of the environment or the profile, if there is one. botocore alone of AWS's tools does not know
    AWS_REGION. https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
    """
    try:
        region = os.environ.get("AWS_REGION") or session.get_config_variable("region")
    except ProfileNotFound:
        return None
    return str(region) if region else None


def stand_in(region: str) -> None:
    """Makes it the process's own region where the environment and the profile name none."""
    if own_region(botocore.session.get_session()) is None:
        os.environ["AWS_REGION"] = region


class Sessions:
    """Makes and keeps clients. The first use of an account assumes its role; botocore renews it in time."""

    def __init__(self, limits: AccessLimits, version: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._monotonic = monotonic
        self._limits = limits
        self._own = _with_reference(_in_utc(botocore.session.get_session()))
        self._sessions: dict[str, botocore.session.Session] = {}
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._renewed: dict[str, float] = {}
        self._config = _config(limits, version, overridden=_has_endpoint_override(self._own))

    @property
    def default_region(self) -> str | None:
        """The region of the environment or the profile."""
        return own_region(self._own)

    @property
    def missing_profile(self) -> ProfileNotFound | None:
        """Where the environment names a profile that does not exist."""
        name = self._own.profile
        return ProfileNotFound(profile=name) if name and name not in self._own.available_profiles else None

    @property
    def own_profile(self) -> str:
        """``profile prod``, where the environment names one."""
        return f"profile {self._own.profile}" if self._own.profile else ""

    def own_client(self, service: str, region: str) -> Any:
        """A client with the process's own credentials."""
        with self._lock:
            return self._client(self._own, _OWN, region, service)

    def client(self, account: Account, region: str, service: str) -> Any:
        """The client for reading `account`; made on first use.

        Raises botocore's own errors for a region or profile that does not exist.
        """
        with self._lock:
            return self._client_of(account, region, service)

    def ask(self, account: Account, region: str, service: str, client: Any, invoke: Callable[[Any], Any]) -> Any:
        """What `invoke` makes of this client; when AWS says that its credentials have expired, before their time or
        because somebody has put newer ones where these came from, once more with new ones."""
        try:
            return invoke(client)
        except READ_ERRORS as error:
            if not has_expired(error):
                raise
            with self._lock:
                renewed = self._after_renewal(account, region, service, client, error)
            if renewed is None:
                raise
        return invoke(renewed)

    def renew_own(self) -> None:
        """Looks for the process's own credentials anew with the next call that needs them."""
        with self._lock:
            self._drop_own()

    def _after_renewal(self, account: Account, region: str, service: str, stale: Any, error: Exception) -> Any:
        """A client with other credentials than `stale`; None when there were new ones a moment ago already."""
        if self._clients.get((account.id, region, service)) is stale:
            now = self._monotonic()
            if now - self._renewed.get(account.id, -math.inf) < self._limits.role_failure_s:
                return None
            if account.read_role is None or isinstance(error, RoleNotAssumedError):
                self._renew_own_once(now)
            self._renewed[account.id] = now
            self._drop(account.id)
        return self._client_of(account, region, service)

    def _renew_own_once(self, now: float) -> None:
        """Once for all accounts whose roles could not be assumed with what has expired."""
        if now - self._renewed.get(_OWN, -math.inf) >= self._limits.role_failure_s:
            self._renewed[_OWN] = now
            self._drop_own()

    def _drop_own(self) -> None:
        loader = self._own.get_component("data_loader")
        self._own = _with_reference(_in_utc(botocore.session.get_session()))
        self._own.register_component("data_loader", loader)
        self._drop(_OWN)
        for owner in {owner for owner, *_ in self._clients} - self._sessions.keys():
            self._drop(owner)

    def _drop(self, owner: str) -> None:
        """Calls that are under way end with the client that they have."""
        self._sessions.pop(owner, None)
        self._clients = {key: client for key, client in self._clients.items() if key[0] != owner}

    def _client_of(self, account: Account, region: str, service: str) -> Any:
        session = self._own if account.read_role is None else self._session(account, account.read_role)
        return self._client(session, account.id, region, service)

    def _client(self, session: botocore.session.Session, owner: str, region: str, service: str) -> Any:
        key = (owner, region, service)
        if key not in self._clients:
            self._clients[key] = session.create_client(service, region_name=region, config=self._config)
        return self._clients[key]

    def _session(self, account: Account, role_arn: str) -> botocore.session.Session:
        if account.id not in self._sessions:
            session = _with_reference(_in_utc(botocore.session.Session()))
            session.register_component("data_loader", self._own.get_component("data_loader"))
            fetch = _RoleFetcher(
                self._sts_for(account), account, role_arn, self._limits.role_failure_s, self._monotonic
            )
            # Sessions take no credentials object in public; the AWS CLI sets the same attribute for assumed roles.
            session._credentials = DeferredRefreshableCredentials(method="assume-role", refresh_using=fetch)  # noqa: SLF001
            self._sessions[account.id] = session
        return self._sessions[account.id]

    def _sts_for(self, account: Account) -> Callable[[], Any]:
        region = self.default_region or account.regions[0]
        return lambda: self.own_client("sts", region)


class _RoleFetcher:
    """Assumes the role for botocore, which calls it under its own lock. A failure is remembered for a while, so that
    a role that cannot be assumed costs one call to STS and not one for each of sixty reads."""

    def __init__(
        self,
        sts: Callable[[], Any],
        account: Account,
        role_arn: str,
        failure_s: float,
        monotonic: Callable[[], float],
    ) -> None:
        self._sts = sts
        self._account = account
        self._role_arn = role_arn
        self._failure_s = failure_s
        self._monotonic = monotonic
        self._failed: tuple[float, Exception] | None = None

    def __call__(self) -> Mapping[str, str]:
        if self._failed and self._monotonic() - self._failed[0] < self._failure_s:
            raise RoleNotAssumedError(self._role_arn, self._failed[1])
        try:
            credentials = self._assume()["Credentials"]
            found = {
                "access_key": credentials["AccessKeyId"],
                "secret_key": credentials["SecretAccessKey"],
                "token": credentials["SessionToken"],
                "expiry_time": credentials["Expiration"].isoformat(),
            }
        except READ_ERRORS as error:
            self._failed = (self._monotonic(), error)
            raise RoleNotAssumedError(self._role_arn, error) from error
        self._failed = None
        return found

    def _assume(self) -> Mapping[str, Any]:
        parameters: dict[str, Any] = {
            "RoleArn": self._role_arn,
            "RoleSessionName": ROLE_SESSION_NAME,
            "DurationSeconds": ROLE_DURATION_S,
        }
        if self._account.external_id:
            parameters["ExternalId"] = self._account.external_id
        answer: Mapping[str, Any] = self._sts().assume_role(**parameters)
        return answer


def _with_reference(session: botocore.session.Session) -> botocore.session.Session:
    session.register("before-send", add_reference)
    session.register("before-parse", without_halves)
    return session


def _in_utc(session: botocore.session.Session) -> botocore.session.Session:
    """botocore gives times the machine's time zone, and each comparison of such times asks dateutil for its offset."""
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_time)
    return session


def _time(value: str | float) -> datetime:
    """A time in an answer: seconds since the epoch, or one of the forms of text that AWS has."""
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except (ValueError, OverflowError, OSError):
        pass
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        found = parse_timestamp(value)
    return found.astimezone(UTC) if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _config(limits: AccessLimits, version: str, *, overridden: bool) -> Config:
    options: dict[str, Any] = {
        # Adaptive mode holds calls back on the client's side, for up to 20 s: too long for people who wait.
        "retries": {"mode": "standard", "total_max_attempts": limits.attempts},
        "connect_timeout": limits.connect_timeout_s,
        "read_timeout": limits.read_timeout_s,
        "max_pool_connections": max(MAX_POOL_CONNECTIONS, limits.parallel_per_service),
        "tcp_keepalive": True,
        "user_agent_extra": f"alb502/{version}",
    }
    if overridden:  # a stand-in for AWS has one host name, without the prefixes of some operations
        options["inject_host_prefix"] = False
    return Config(**options)


def _has_endpoint_override(session: botocore.session.Session) -> bool:
    if any(name.startswith("AWS_ENDPOINT_URL") and value for name, value in os.environ.items()):
        return True
    try:
        profile = session.get_scoped_config()
    except READ_ERRORS:  # a profile that does not exist is reported by the first call
        return False
    return "endpoint_url" in profile or "services" in profile
