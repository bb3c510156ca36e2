"""Why AWS denied a call, as far as its message tells: nothing allows it, or something forbids it, and which policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, get_args

PolicyKind = Literal[
    "identity-based policy",
    "permissions boundary",
    "resource-based policy",
    "resource control policy",
    "service control policy",
    "session policy",
    "VPC endpoint policy",
]

_KINDS: Final[tuple[PolicyKind, ...]] = get_args(PolicyKind)
_REASON: Final = re.compile(
    r"because no (?P<missing>[A-Za-z -]{1,60}?) allows the \S+ action"
    r"|with an explicit deny in an? (?P<deny>[A-Za-z -]{1,60})"
)
_ENCODED: Final = " Encoded authorization failure message:"
_USER: Final = re.compile(r"User: (?P<who>arn:\S{1,600}) is not authorized")
_RESOURCE: Final = re.compile(r"on resource: (?P<resource>arn:[^\s…]{1,600})(?!\S)")
_ACTION: Final = re.compile(r"not authorized to perform: (?P<action>[a-z0-9-]{1,60}:[A-Za-z0-9]{1,100})")


@dataclass(frozen=True, slots=True)
class Refusal:
    """`explicit`: a statement forbids it, so that no further allow helps. `policy` None: AWS does not say which kind of
    policy it was. `who` and `resource` are ARNs. `action`: what was refused, which may differ from what was asked for:
    whoever reads an encrypted file may be refused ``kms:Decrypt``."""

    explicit: bool = False
    policy: PolicyKind | None = None
    who: str | None = None
    resource: str | None = None
    action: str | None = None


def refusal_in(message: str) -> Refusal:
    """What the message of a denied call says; an empty refusal where it says nothing."""
    reason, user, resource = _REASON.search(message), _USER.search(message), _RESOURCE.search(message)
    action = _ACTION.search(message)
    return Refusal(
        explicit=bool(reason and reason["deny"]),
        policy=_kind((reason["missing"] or reason["deny"]) if reason else ""),
        who=user["who"] if user else None,
        resource=resource["resource"] if resource else None,
        action=action["action"] if action else None,
    )


def with_its_reason(message: str, limit: int) -> str:
    """A message that is too long without its middle: the reason stands at its end."""
    message = message.partition(_ENCODED)[0]
    found = _REASON.search(message)
    if found is None or len(message) <= limit or len(found[0]) + 2 >= limit:
        return message
    return f"{message[: limit - len(found[0]) - 2].rstrip()}… {found[0]}"


def _kind(words: str) -> PolicyKind | None:
    folded = words.casefold()
    return next((kind for kind in _KINDS if folded.startswith(kind.casefold())), None)
