"""One clear sentence for a gap: what could not be read, why, and what to do about it."""

from __future__ import annotations

from diagnostics.aws_access.clock import WRONG_CLOCK
from diagnostics.aws_access.failures import (
    AWS_FAILED,
    LOCATE_ACTION,
    MALFORMED_ANSWER,
    NO_CONNECTION,
    NO_CREDENTIALS,
    NO_SUCH_PROFILE,
    TOO_MANY_PAGES,
    UNKNOWN_CREDENTIALS,
    WHOSE,
)
from diagnostics.facts.fact import Gap

REMEDIES = {
    AWS_FAILED: "AWS itself failed: ask again in a minute",
    MALFORMED_ANSWER: "what came is no answer of AWS's: look for a proxy or a firewall between the bot and AWS",
    **dict.fromkeys(NO_CONNECTION, "AWS could not be reached: check the network, its name server and the region"),
}
"""What to do about errors that are nobody's refusal."""

RENEW = "log in again or renew them, then ask again"
NOT_A_REGION = "scoped to a valid region"
"""What AWS says when a request was signed for a region that it does not have.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html"""


def explain(gap: Gap) -> str:
    """The gap as one sentence for people. It names the role where a role is at fault."""
    if gap.error == WRONG_CLOCK:
        return f"{gap.message[:1].upper()}{gap.message[1:]}."
    if gap.action == "sts:AssumeRole":
        return f"Role {gap.resource} could not be assumed: {_why_not_assumed(gap)}."
    if gap.kind == "denied":
        return f"{gap.action} is not allowed{_identity(gap)}."
    if gap.kind == "expired":
        return f"The AWS credentials {_whose(gap)} have expired: {RENEW}."
    if gap.kind == "not-enabled":
        return f"{gap.action} on {gap.resource} was refused: the account has not enabled this region; ask without it."
    if gap.kind == "throttled":
        return f"AWS throttled {gap.action} ({gap.error}), also after several attempts."
    if gap.kind == "timeout":
        return _explain_timeout(gap)
    if gap.error == TOO_MANY_PAGES:
        return f"{gap.action} on {gap.resource}: {gap.message}."
    if gap.kind == "not-read":
        return f"{gap.action} on {gap.resource} was not read: {gap.message or gap.error}."
    return _explain_failure(gap)


def _explain_timeout(gap: Gap) -> str:
    if gap.action == LOCATE_ACTION:
        return f"AWS gave no answer for {gap.resource} in time: check the network, or ask again."
    return f"{gap.action} gave no answer in time ({gap.error})."


def _explain_failure(gap: Gap) -> str:
    if gap.error == NO_SUCH_PROFILE:
        return f"{gap.message}: check AWS_PROFILE, or make the profile with `aws configure`."
    if NOT_A_REGION in gap.message:
        named = f": {gap.resource}" if gap.resource != "*" else ""
        return f"There is no such AWS region{named}; check AWS_REGION, --region and the settings' regions."
    if gap.error == NO_CREDENTIALS:
        return "There are no AWS credentials: set AWS_PROFILE, log in, or run it where a role gives them."
    if gap.error in UNKNOWN_CREDENTIALS:
        return f"AWS does not know the credentials ({gap.error}): they are wrong or were deleted."
    if gap.error == MALFORMED_ANSWER:
        return f"{gap.action} got an answer that could not be understood: is something between the bot and AWS?"
    if gap.error == AWS_FAILED:
        return f"{gap.action} failed at AWS ({gap.message}): ask again in a minute."
    if gap.error == "NoRegionError":
        return "No AWS region is set: set AWS_REGION, or configure accounts with regions."
    if gap.error in {"InvalidRegionError", "UnknownRegionError"}:
        return f"There is no such AWS region: {gap.message}"
    if gap.error in NO_CONNECTION:
        return f"{gap.action} could not reach AWS ({gap.error}): check the region's name and the network."
    return f"{gap.action} on {gap.resource} failed: {gap.error}{f', {gap.message}' if gap.message else ''}."


def _why_not_assumed(gap: Gap) -> str:
    if gap.kind == "denied":
        return "its trust policy, its external id or the caller's own permissions do not allow it"
    if gap.kind == "expired":
        return f"the credentials that should assume it have expired; {RENEW}"
    if gap.error == NO_CREDENTIALS:
        return "there are no AWS credentials to assume it with"
    if gap.error in UNKNOWN_CREDENTIALS:
        return f"AWS does not know the credentials that should assume it ({gap.error})"
    if gap.kind == "timeout":
        return "STS gave no answer in time"
    if gap.kind == "throttled":
        return "STS throttled the request"
    return gap.error


def _whose(gap: Gap) -> str:
    """Which credentials have expired."""
    whose, separator, _ = gap.message.removeprefix(WHOSE).partition(": ")
    if separator and gap.message.startswith(WHOSE):
        return f"of {whose}"
    return _identity(gap).strip() or "of this process"


def _identity(gap: Gap) -> str:
    who, separator, _ = gap.message.partition(": ")
    return f" for {who.removeprefix('as ')}" if separator and who.startswith("as arn:") else ""
