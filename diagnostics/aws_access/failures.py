"""From whatever boto3 raises to a Gap: an expected failure is a value, never an exception."""

from __future__ import annotations

import re
from collections.abc import Mapping

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from diagnostics.aws_access.clock import REQUEST_EXPIRED, SET_IT, WRONG_CLOCK, wrong_clock
from diagnostics.aws_access.observing import metadata_of
from diagnostics.aws_access.refusals import with_its_reason
from diagnostics.facts.fact import Gap, GapKind
from diagnostics.redaction import MAX_TEXT, redact_prose

MALFORMED_ANSWER = "MalformedAnswer"
NO_CREDENTIALS = "NoCredentials"
WHOSE = "credentials of "
NO_SUCH_PROFILE = "ProfileNotFound"
LOCATE_ACTION = "alb502:Locate"
OBJECT_TOO_LARGE = "ObjectTooLarge"
OUT_OF_TIME = "OutOfTime"
QUEUE_FULL = "TooManyCallsWaiting"
TOO_MANY_PAGES = "TooManyPages"
AWS_FAILED = "AwsFailed"
WEB_PAGE = "a web page came instead of AWS's answer"

# A broken body makes botocore's parsers raise any of the last four.
READ_ERRORS: tuple[type[Exception], ...] = (
    boto.ClientError,
    boto.BotoCoreError,
    ResponseParserError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,
)

_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
_CODES: Mapping[GapKind, frozenset[str]] = {
    "denied": frozenset(
        {
            "AccessDenied",
            "AccessDeniedException",
            "AuthorizationError",
            "AuthorizationErrorException",
            "Client.UnauthorizedOperation",
            "ForbiddenException",
            "NotAuthorized",
            "UnauthorizedException",
            "UnauthorizedOperation",
        }
    ),
    "throttled": frozenset(
        {
            "LimitExceededException",
            "PriorRequestNotComplete",
            "ProvisionedThroughputExceededException",
            "BandwidthLimitExceeded",
            "EC2ThrottledException",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "SlowDown",
            "Throttled",
            "ThrottledException",
            "Throttling",
            "ThrottlingException",
            "TooManyRequestsException",
        }
    ),
    "expired": _EXPIRED,
    "timeout": frozenset({"RequestTimeout", "RequestTimeoutException"}),
    "not-enabled": frozenset({"OptInRequired", "RegionDisabledException"}),
}
_STATUS_5XX = re.compile(r"5\d\d")
"""Instead of a code of AWS's, when the answer had none."""
_UNKNOWN_TOKEN = frozenset(
    {"AuthFailure", "InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException"}
)  # fmt: skip
UNKNOWN_CREDENTIALS = _UNKNOWN_TOKEN | {"InvalidSignatureException", "SignatureDoesNotMatch"}
NO_CONNECTION = frozenset(
    {"ConnectionClosedError", "ConnectionError", "EndpointConnectionError", "ProxyConnectionError", "SSLError"}
)

# These regions are on in every account. All later ones are off until somebody opts in, and until then every service
# there answers as if the credentials were unknown.
# https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
_ALWAYS_ENABLED = frozenset(
    {
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "cn-north-1",
        "cn-northwest-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-gov-east-1",
        "us-gov-west-1",
        "us-west-1",
        "us-west-2",
    }
)
_EXPIRED_LOGIN = (
    boto.UnauthorizedSSOTokenError,
    boto.SSOTokenLoadError,
    boto.TokenRetrievalError,
    boto.LoginRefreshRequired,
    boto.LoginTokenLoadError,
)
_NO_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.ConfigNotFound,
)


class RoleNotAssumedError(RuntimeError):
    """STS refused the role that reads an account, or could not be asked."""

    def __init__(self, role_arn: str, cause: Exception) -> None:
        super().__init__(f"{role_arn} could not be assumed")
        self.role_arn = role_arn
        self.cause = cause


def gap_of(
    error: Exception, *, action: str, resource: str, region: str, role_arn: str | None = None, whose: str = ""
) -> Gap:
    """The gap that `error` leaves. A role that cannot be assumed is a gap of sts:AssumeRole on that role. `whose`: the
    account or profile that the credentials are of, where no role was assumed."""
    if isinstance(error, RoleNotAssumedError):
        return gap_of(error.cause, action="sts:AssumeRole", resource=error.role_arn, region=region)
    kind, code, message = _classify(error, region, assumed=role_arn is not None)
    if role_arn and kind in {"denied", "expired", "not-enabled"}:
        message = f"as {role_arn}: {message}"
    elif whose and kind == "expired":
        message = f"{WHOSE}{whose}: {message}"
    if kind == "denied":
        message = with_its_reason(message, MAX_TEXT)
    return Gap(
        action=action, resource=resource, error=redact_prose(code, 100), kind=kind, message=redact_prose(message)
    )


def malformed(action: str, resource: str, message: str) -> Gap:
    """AWS, or something in between, answered with something that is not an answer."""
    return Gap(action=action, resource=resource, error=MALFORMED_ANSWER, kind="failed", message=redact_prose(message))


def has_expired(error: Exception) -> bool:
    """Whether AWS refused credentials because their time is over. EC2 says the same of them and of a wrong clock."""
    if isinstance(error, RoleNotAssumedError):
        return has_expired(error.cause)
    return isinstance(error, boto.ClientError) and error_code(error) in _EXPIRED | {REQUEST_EXPIRED}


def error_code(error: Exception) -> str:
    """AWS's error code, or the name of the exception when there was no answer."""
    return _aws_error(error)[0] if isinstance(error, boto.ClientError) else type(error).__name__


def is_web_page(answer: object) -> bool:
    """What a proxy or a sign-in page sends. botocore takes it for an empty answer of a service that speaks JSON."""
    if isinstance(answer, Mapping) and "Body" in answer:
        return False
    headers = metadata_of(answer).get("HTTPHeaders")
    return isinstance(headers, Mapping) and str(headers.get("content-type", "")).startswith("text/html")


def _classify(error: Exception, region: str, *, assumed: bool) -> tuple[GapKind, str, str]:
    if isinstance(error, boto.ClientError):
        code, message = _aws_error(error)
        if (clock := wrong_clock(code, message)) is not None:
            return "failed", WRONG_CLOCK, f"{clock}: {SET_IT}"
        if _STATUS_5XX.fullmatch(code):
            return "failed", AWS_FAILED, f"HTTP {code}, {message or 'without a word'}"
        if is_web_page(error):
            return "failed", MALFORMED_ANSWER, WEB_PAGE
        return _kind_of_code(code, region, assumed=assumed), code, message
    name = type(error).__name__
    if isinstance(error, boto.ConnectTimeoutError | boto.ReadTimeoutError):
        return "timeout", name, "no answer in time"
    if isinstance(error, _EXPIRED_LOGIN):
        return "expired", name, "the login has expired"
    if isinstance(error, _NO_CREDENTIALS):
        return "failed", NO_CREDENTIALS, str(error)
    if isinstance(error, boto.BotoCoreError):
        return "failed", name, str(error)
    return "failed", MALFORMED_ANSWER, f"the answer could not be understood ({name})"


def _aws_error(error: boto.ClientError) -> tuple[str, str]:
    details = error.response.get("Error")
    if not isinstance(details, Mapping):
        return MALFORMED_ANSWER, "an error without a code"
    return str(details.get("Code") or MALFORMED_ANSWER), str(details.get("Message") or "")


def _kind_of_code(code: str, region: str, *, assumed: bool) -> GapKind:
    """Credentials that STS has just issued are good: where they are unknown, the region is off."""
    if code in _UNKNOWN_TOKEN and (assumed or region not in _ALWAYS_ENABLED):
        return "not-enabled"
    return next((kind for kind, codes in _CODES.items() if code in codes), "failed")
