"""The only place that makes AWS clients for writing: one session for one plan, in the name of the person behind it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
"""

from __future__ import annotations

import os
import re
import threading
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Final

import botocore.session
from botocore import exceptions as boto
from botocore.config import Config

from diagnostics.aws_access.failures import READ_ERRORS, error_code
from diagnostics.aws_access.observing import AwsCall, CallResult, Nobody, Observer, add_reference
from diagnostics.aws_access.sessions import own_region
from diagnostics.redaction import redact_prose
from remediations.plan import Call, Plan
from remediations.policy import undeclared
from remediations.session_policy import PolicyTooLargeError, session_policy
from remediations.writing import THROTTLED, Lost, Rejected, Sending, Writer, Written

DURATION_S: Final = 900
"""The least that STS allows. https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""

CONNECT_TIMEOUT_S: Final = 3.0
READ_TIMEOUT_S: Final = 30.0
ASSUME_ATTEMPTS: Final = 3
"""Asking for a session changes nothing and may be tried again. A write may not."""

MAX_NAME: Final = 64
MIN_NAME: Final = 2
MAX_TAG_VALUE: Final = 256
SERVER_FAULT: Final = 500
REQUEST_TIMEOUT: Final = 408
_NOT_IN_NAME: Final = re.compile(r"[^A-Za-z0-9_+=,.@-]+")
_NOT_SENT: Final = (
    boto.ConnectTimeoutError,
    boto.EndpointConnectionError,
    boto.ParamValidationError,
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.NoRegionError,
    boto.InvalidRegionError,
    boto.UnknownServiceError,
    boto.MissingParametersError,
    boto.ProxyConnectionError,
)


class SessionError(Exception):
    """There is no session to write with. The text is for people and says what to do."""


@dataclass(frozen=True, slots=True)
class WriteAccount:
    """An account with the role that may change it."""

    id: str
    remediate_role: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class OnBehalf:
    """In whose name and why: shown in CloudTrail. `person` is who approved, `incident` the report's id."""

    person: str
    person_id: str
    incident: str
    plan_id: str


class WriteSessions:
    """Assumes the remediation role for one plan at a time. Not to be made where nothing may be written."""

    def __init__(self, accounts: Mapping[str, WriteAccount], observer: Observer | None = None) -> None:
        self._accounts = accounts
        self._observer = observer or Nobody()
        self._own = botocore.session.get_session()
        self._own.register("before-send", add_reference)
        self._lock = threading.Lock()

    def writer(self, plan: Plan, account_id: str, region: str, behalf: OnBehalf) -> Writer:
        """A writer that can do what the plan writes and nothing else. Raises `SessionError`."""
        account = self._accounts.get(account_id)
        if account is None:
            raise SessionError(f"account {account_id} has no remediate_role, so nothing can be changed there")
        if (strange := undeclared(plan)) is not None:
            raise SessionError(f"this is never done: {strange}")
        try:
            policy = session_policy(plan)
        except PolicyTooLargeError as large:
            raise SessionError(f"{plan.title}: {large}") from large
        session = botocore.session.Session()
        session.register("before-send", add_reference)
        session.register_component("data_loader", self._own.get_component("data_loader"))
        given = self._assume(account, policy, behalf, region)
        session.set_credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        return AwsWriter(session, region, account_id, self._observer)

    def _assume(self, account: WriteAccount, policy: str, behalf: OnBehalf, region: str) -> Mapping[str, str]:
        parameters = assume_parameters(account, policy, behalf)
        try:
            home = own_region(self._own) or region
            with self._lock:  # a session makes one client at a time
                sts = self._own.create_client("sts", region_name=home, config=config(ASSUME_ATTEMPTS))
            answer = sts.assume_role(**parameters)
            credentials: Mapping[str, str] = answer["Credentials"]
        except READ_ERRORS as error:
            raise SessionError(_why_not_assumed(account.remediate_role, error)) from error
        return credentials


class OwnSession:
    """The caller's own AWS identity, for the terminal."""

    def identity(self, region: str) -> tuple[str, str]:
        """The account and the ARN that AWS sees. Raises `SessionError`."""
        try:
            sts = botocore.session.get_session().create_client(
                "sts", region_name=region, config=config(ASSUME_ATTEMPTS)
            )
            answer = sts.get_caller_identity()
        except READ_ERRORS as error:
            code = redact_prose(error_code(error), 100)
            raise SessionError(f"AWS does not say whose credentials these are ({code})") from error
        return str(answer["Account"]), str(answer["Arn"])

    def writer(self, region: str) -> Writer:
        return AwsWriter(botocore.session.get_session(), region)


class AwsWriter:
    """Sends each call once. For one plan, one thread."""

    def __init__(
        self, session: botocore.session.Session, region: str, account: str = "", observer: Observer | None = None
    ) -> None:
        self._session = session
        self._region = region
        self._account = account
        self._observer = observer or Nobody()
        self._clients: dict[str, Any] = {}

    def write(self, call: Call, sending: Sending) -> Written | Rejected | Lost:
        began_s = time.monotonic()
        done = self._sent(call, sending)
        code = "" if isinstance(done, Written) else done.code
        self._observer.called(
            AwsCall(
                action=call.action,
                account=self._account,
                region=self._region,
                seconds=time.monotonic() - began_s,
                result=_result_of(done),
                error=code,
                request_id=done.request_id or "",
            )
        )
        return done

    def _sent(self, call: Call, sending: Sending) -> Written | Rejected | Lost:
        kept_back: list[Exception] = []

        def about_to_leave(**_: object) -> None:
            try:
                sending()
            except Exception as error:
                kept_back.append(error)
                raise

        try:
            client = self._client(call.service)
        except READ_ERRORS as error:
            return Rejected(error_code(error), redact_prose(str(error)))
        client.meta.events.register("before-send", about_to_leave)
        try:
            answer = getattr(client, call.operation)(**call.parameters)
        except Exception as error:
            if kept_back:
                raise kept_back[0] from error
            return outcome_of(error)
        finally:
            client.meta.events.unregister("before-send", about_to_leave)
        return Written(answer, _request_id(answer))

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._session.create_client(service, region_name=self._region, config=config())
        return self._clients[service]


def _result_of(done: Written | Rejected | Lost) -> CallResult:
    if isinstance(done, Written):
        return "ok"
    if isinstance(done, Lost):
        return "timeout"
    return "throttled" if done.is_throttled else "failed"


def outcome_of(error: Exception) -> Rejected | Lost:
    """Whether an error says for certain that nothing was done."""
    if isinstance(error, boto.ClientError):
        return _outcome_of_answer(error)
    if isinstance(error, _NOT_SENT):
        return Rejected(type(error).__name__, redact_prose(str(error)))
    return Lost(type(error).__name__)


def _outcome_of_answer(error: boto.ClientError) -> Rejected | Lost:
    response: Mapping[str, Any] = error.response
    details = response.get("Error") or {}
    status = (response.get("ResponseMetadata") or {}).get("HTTPStatusCode", SERVER_FAULT)
    code, request_id = str(details.get("Code") or ""), _request_id(response)
    certain = code in THROTTLED or (status < SERVER_FAULT and status != REQUEST_TIMEOUT)
    if code and certain:
        return Rejected(redact_prose(code, 100), redact_prose(str(details.get("Message") or "")), request_id)
    return Lost(redact_prose(code or f"HTTP {status}", 100), request_id)


def assume_parameters(account: WriteAccount, policy: str, behalf: OnBehalf) -> dict[str, Any]:
    """The request to STS, in the characters that it takes."""
    name = name_for_aws(behalf.person, behalf.person_id)
    tags = {"alb502:incident": behalf.incident, "alb502:plan": behalf.plan_id, "alb502:person": behalf.person_id}
    parameters: dict[str, Any] = {
        "RoleArn": account.remediate_role,
        "RoleSessionName": name,
        "SourceIdentity": name,
        "DurationSeconds": DURATION_S,
        "Policy": policy,
        "Tags": [{"Key": key, "Value": _tag_value(value)} for key, value in tags.items()],
    }
    if account.external_id is not None:
        parameters["ExternalId"] = account.external_id
    return parameters


def name_for_aws(person: str, person_id: str) -> str:
    """Name and id in the characters of a session name, the id always whole: names are not unique."""
    plain = unicodedata.normalize("NFKD", person).encode("ascii", "ignore").decode()
    tail = _NOT_IN_NAME.sub("-", person_id).strip("-")[:MAX_NAME]
    room = MAX_NAME - len(tail) - 1
    head = _NOT_IN_NAME.sub("-", plain).strip("-.")[: max(0, room)]
    name = f"{head}@{tail}" if head and tail else head or tail
    return name if len(name) >= MIN_NAME else f"alb502-{name}"


def _tag_value(text: str) -> str:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_Tag.html"""
    return re.sub(r"[^\w\s.:/=+\-@]", "-", text)[:MAX_TAG_VALUE]


def _why_not_assumed(role_arn: str, error: Exception) -> str:
    code = error_code(error)
    if code == "AccessDenied":
        return (
            f"{role_arn} could not be assumed: its trust policy must allow this process sts:AssumeRole, sts:TagSession"
            " and sts:SetSourceIdentity, with the external id that is configured"
        )
    if code == "PackedPolicyTooLarge":
        return f"{role_arn} could not be assumed: the session policy and tags are too large for STS"
    return f"{role_arn} could not be assumed: {redact_prose(code, 100)}"


def _request_id(answer: Mapping[str, Any]) -> str | None:
    found = (answer.get("ResponseMetadata") or {}).get("RequestId")
    return str(found)[:100] if found else None


def config(attempts: int = 1, read_timeout_s: float = READ_TIMEOUT_S) -> Config:
    """A client's; by default it tries nothing again."""
    options: dict[str, Any] = {
        "retries": {"mode": "standard", "total_max_attempts": attempts},
        "connect_timeout": CONNECT_TIMEOUT_S,
        "read_timeout": read_timeout_s,
        "user_agent_extra": f"alb502/{_version()}",
    }
    if any(name.startswith("AWS_ENDPOINT_URL") and value for name, value in os.environ.items()):
        options["inject_host_prefix"] = False  # a stand-in for AWS has one host name
    return Config(**options)


def _version() -> str:
    try:
        return metadata.version("alb502")
    except metadata.PackageNotFoundError:
        return "unpackaged"
