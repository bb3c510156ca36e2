"""What stands between a caller and the simulated AWS: permissions, trust, expiry, regions, faults and latency.

Each guard is installed on a layer with `install`; errors come in the code and status of the service's protocol.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from moto.ec2.models import ec2_backends
from moto.sts.models import sts_backends

from demo.aws.iam_policy import Policy, Verdict, judge_all
from demo.aws.iam_request import Permission, permissions_needed
from demo.aws.layer import AwsError, AwsLayer, Call, RawAnswerError
from demo.aws.wire import protocol_of

_JSON_PROTOCOLS = ("json", "rest-json", "smithy-rpc-v2-cbor")


class IamGuard:
    """Judges calls made with an assumed role by that role's policies, and by the session policy if there is one.

    A role without declared policies, and any caller that assumed no role, may do everything.
    """

    def __init__(self, policies: Mapping[str, Sequence[Mapping[str, Any]]] | None = None) -> None:
        self._policies: dict[str, tuple[Policy, ...]] = {}
        for role_arn, documents in (policies or {}).items():
            self.declare(role_arn, documents)

    def declare(self, role_arn: str, documents: Iterable[Mapping[str, Any]]) -> None:
        """Set the role's policy documents. Raises ValueError for a document that cannot be judged faithfully."""
        self._policies[role_arn] = tuple(Policy(document) for document in documents)

    def install(self, layer: AwsLayer) -> None:
        layer.before.append(self)

    def __call__(self, call: Call) -> None:
        principal = call.principal
        if principal is None or call.iam_action == "sts:GetCallerIdentity":
            return
        judges = [self._policies[principal.role_arn]] if principal.role_arn in self._policies else []
        if principal.session_policy:
            judges.append((Policy(json.loads(principal.session_policy)),))
        for permission in permissions_needed(call) if judges else ():
            for policies in judges:
                verdict = judge_all(policies, permission.action, permission.resource, permission.context)
                if verdict is not Verdict.ALLOWED:
                    raise _denied(call, principal.session_arn, permission, verdict)


def _denied(call: Call, who: str, permission: Permission, verdict: Verdict) -> AwsError:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"""
    where = "" if permission.resource == "*" else f" on resource: {permission.resource}"
    because = (
        "with an explicit deny in an identity-based policy"
        if verdict is Verdict.EXPLICIT_DENY
        else f"because no identity-based policy allows the {permission.action} action"
    )
    message = f"User: {who} is not authorized to perform: {permission.action}{where} {because}"
    return access_denied(call, message)


def access_denied(call: Call, message: str) -> AwsError:
    """The refusal that the service's protocol uses for a missing permission."""
    ec2 = AwsError("UnauthorizedOperation", f"You are not authorized to perform this operation. {message}", 403)
    return _refusal(call, ec2, "AccessDeniedException", AwsError("AccessDenied", message, 403))


def _refusal(call: Call, ec2: AwsError, json_code: str, otherwise: AwsError) -> AwsError:
    """Who may not call is told so in the error of the call's protocol: EC2's, JSON's by its code, or that of XML."""
    protocol = protocol_of(call)
    if protocol == "ec2":
        return ec2
    if protocol in _JSON_PROTOCOLS:
        return AwsError(json_code, str(otherwise.message), 403 if protocol == "rest-json" else 400)
    return otherwise


def throttled(call: Call) -> AwsError:
    """The refusal that the service's protocol uses when its request rate is exceeded."""
    protocol = protocol_of(call)
    if protocol == "ec2":
        return AwsError("RequestLimitExceeded", "Request limit exceeded.", 503)
    if protocol in _JSON_PROTOCOLS:
        return AwsError("ThrottlingException", "Rate exceeded", 400)
    return AwsError("Throttling", "Rate exceeded", 400)


class TrustGuard:
    """Lets AssumeRole succeed only for declared roles, and only with the external id that a role asks for."""

    def __init__(self, external_ids: Mapping[str, str | None] | None = None) -> None:
        self._external_ids: dict[str, str | None] = dict(external_ids or {})

    def declare(self, role_arn: str, external_id: str | None = None) -> None:
        """Let the role be assumed; without an external id by anybody."""
        self._external_ids[role_arn] = external_id

    def revoke(self, role_arn: str) -> None:
        """Let the role be assumed no longer; harmless for a role that was never declared."""
        self._external_ids.pop(role_arn, None)

    def install(self, layer: AwsLayer) -> None:
        layer.before.append(self)

    def __call__(self, call: Call) -> None:
        if call.service != "sts" or call.operation != "AssumeRole":
            return
        role_arn = str(call.params.get("RoleArn"))
        wanted = self._external_ids.get(role_arn)
        if role_arn not in self._external_ids or (wanted is not None and call.params.get("ExternalId") != wanted):
            who = call.principal.session_arn if call.principal else f"arn:aws:iam::{call.account}:user/administrator"
            message = f"User: {who} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
            raise AwsError("AccessDenied", message, 403)


class ExpiredTokens:
    """Role sessions that are over before their time."""

    def __init__(self) -> None:
        self._expired: set[str] = set()

    def expire(self, role_arn: str) -> None:
        """End every session of the role that exists now; sessions assumed later are good."""
        account = role_arn.split(":")[4]
        sessions = sts_backends[account]["aws"].assumed_roles
        self._expired |= {session.access_key_id for session in sessions if session.role_arn == role_arn}

    def install(self, layer: AwsLayer) -> None:
        layer.before.insert(0, self)

    def __call__(self, call: Call) -> None:
        if call.access_key not in self._expired:
            return
        message = "The security token included in the request is expired"
        expired = AwsError("ExpiredToken", message, 400 if call.service == "s3" else 403)
        raise _refusal(call, AwsError("RequestExpired", "Request has expired.", 400), "ExpiredTokenException", expired)


class DisabledRegions:
    """Regions that the accounts have not enabled: credentials are not valid there.

    https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
    """

    def __init__(self, regions: Iterable[str] = ()) -> None:
        self.regions = set(regions)

    def install(self, layer: AwsLayer) -> None:
        layer.before.insert(0, self)

    def __call__(self, call: Call) -> None:
        if call.region not in self.regions:
            return
        message = "The security token included in the request is invalid."
        ec2 = AwsError("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
        code = "InvalidAccessKeyId" if call.service == "s3" else "InvalidClientTokenId"
        raise _refusal(call, ec2, "UnrecognizedClientException", AwsError(code, message, 403))


class KnownRegions:
    """Refuses calls that are signed for a region that AWS does not have.

    At AWS there is no such host; whoever reaches another region's gets this answer.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
    """

    def install(self, layer: AwsLayer) -> None:
        layer.before.insert(0, self)

    def __call__(self, call: Call) -> None:
        if call.region in ec2_backends[call.account]:
            return
        message = f"Credential should be scoped to a valid region, not '{call.region}'."
        unsigned = AwsError("SignatureDoesNotMatch", message, 403)
        raise _refusal(call, AwsError("AuthFailure", message, 401), "InvalidSignatureException", unsigned)


@dataclass(slots=True)
class _Rule:
    """What to do to calls that match; None matches anything. `times` counts down, None never ends."""

    service: str | None
    operation: str | None
    account: str | None
    region: str | None
    times: int | None
    error: AwsError | None = None
    throttle: bool = False
    hang_s: float = 0.0
    malformed: bool = False

    def matches(self, call: Call) -> bool:
        wanted = (self.service, self.operation, self.account, self.region)
        actual = (call.service, call.operation, call.account, call.region)
        return self.times != 0 and all(one is None or one == own for one, own in zip(wanted, actual, strict=True))


class Faults:
    """Failures on demand. They strike before anything else sees the call, the oldest matching rule first."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()
        self._released = threading.Event()

    def fail(
        self,
        service: str | None = None,
        operation: str | None = None,
        *,
        error: AwsError | None = None,
        account: str | None = None,
        region: str | None = None,
        times: int | None = 1,
    ) -> None:
        """Answer matching calls with `error`, or without one with the service's own throttling error."""
        rule = _Rule(service, operation, account, region, times, error=error, throttle=error is None)
        self._add(rule)

    def hang(
        self,
        seconds: float,
        service: str | None = None,
        operation: str | None = None,
        *,
        account: str | None = None,
        region: str | None = None,
        times: int | None = 1,
    ) -> None:
        """Keep matching calls waiting for so long, then answer them as usual. `clear` releases those that wait."""
        self._add(_Rule(service, operation, account, region, times, hang_s=seconds))

    def malform(
        self,
        service: str | None = None,
        operation: str | None = None,
        *,
        account: str | None = None,
        region: str | None = None,
        times: int | None = 1,
    ) -> None:
        """Answer matching calls with a success that no parser can read."""
        self._add(_Rule(service, operation, account, region, times, malformed=True))

    def clear(self) -> None:
        """Drop all rules and let go of every call that hangs."""
        with self._lock:
            self._rules.clear()
            self._released.set()
            self._released = threading.Event()

    def install(self, layer: AwsLayer) -> None:
        layer.outside.append(self)

    def __call__(self, call: Call) -> None:
        with self._lock:
            released = self._released
            rule = next((one for one in self._rules if one.matches(call)), None)
            if rule is not None and rule.times is not None:
                rule.times -= 1
        if rule is None:
            return
        if rule.hang_s:
            released.wait(rule.hang_s)
        if rule.malformed:
            raise RawAnswerError(200, "text/plain", b"<DescribeAnythingResponse><unclosed {")
        if rule.throttle:
            raise throttled(call)
        if rule.error is not None:
            raise rule.error

    def _add(self, rule: _Rule) -> None:
        with self._lock:
            self._rules.append(rule)


class Latency:
    """Adds `milliseconds` to every call, outside the layer's lock so that parallel calls wait in parallel."""

    def __init__(self, milliseconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self.milliseconds = milliseconds
        self._sleep = sleep

    def install(self, layer: AwsLayer) -> None:
        layer.outside.append(self)

    def __call__(self, call: Call) -> None:
        self._sleep(self.milliseconds / 1000)
