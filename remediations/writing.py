"""What becomes of one call that writes, and a refusal of AWS in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from remediations.plan import Call

Sending = Callable[[], None]
"""Called when a request is about to leave, and again for each further try. What it raises keeps it from leaving."""


class SupersededError(Exception):
    """Somebody else carries out this plan by now; whoever gets this does nothing more."""


@dataclass(frozen=True, slots=True)
class Written:
    """AWS did it."""

    answer: Mapping[str, Any] = field(default_factory=dict)
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """It was certainly not done. `code` is AWS's, or a word of ours when it was never sent."""

    code: str
    message: str
    request_id: str | None = None

    @property
    def is_throttled(self) -> bool:
        return self.code in THROTTLED

    @property
    def is_too_early(self) -> bool:
        """AWS still applies the change before this one, as Lambda does for some seconds.
        https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html#functions-states-updating"""
        return self.code == "ResourceConflictException" and "in progress" in self.message


@dataclass(frozen=True, slots=True)
class Lost:
    """No telling from the answer whether it was done: there was none, or the server failed."""

    code: str
    request_id: str | None = None


class Writer(Protocol):
    """Writes to one region of one account, as somebody. Never tries again by itself."""

    def write(self, call: Call, sending: Sending) -> Written | Rejected | Lost:
        """Raises only what `sending` raises."""


NO_SESSION = "NoSession"
"""There is no session to write with; the message says it all."""

THROTTLED = frozenset(
    {
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_REFUTED = frozenset({"InvalidPermission.Duplicate", "NetworkAclEntryAlreadyExists", "DuplicateTargetGroupName"})
_REFUTED_HERE = frozenset({("add_permission", "ResourceConflictException")})
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "ForbiddenException"})
_FULL = ("LimitExceeded", "TooMany")
_GONE = ("NotFound", "NotFoundException", "NotFoundFault", "ServiceNotActiveException")


def in_words(call: Call, rejected: Rejected) -> str:
    """For people, why AWS did not do it, with its code; without a full stop."""
    code, said = rejected.code, f" ({rejected.message})" if rejected.message else ""
    if code == NO_SESSION:
        return rejected.message
    if code in _REFUTED or (call.operation, code) in _REFUTED_HERE:
        return (
            f"AWS has it already ({code}), so what the diagnosis took for missing is there: the hypothesis is refuted"
        )
    if code in _DENIED:
        return f"{call.action} was denied to the remediation role: {code}{said}"
    if code in THROTTLED:
        return f"AWS throttled {call.action} also after several tries ({code}); nothing of it was done"
    if any(word in code for word in _FULL):
        return f"A limit of the account is reached: {code}{said}"
    if code.endswith(_GONE):
        return f"What it should change is no longer there: {code}{said}"
    return f"AWS refused {call.action}: {code}{said}"
