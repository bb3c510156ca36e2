"""What one request to the simulated AWS asks for, and the error that answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.core.exceptions import ServiceException
from werkzeug.datastructures import Headers

MOTO_DEFAULT_ACCOUNT = "123456789012"
_ACCOUNT_KEY_PREFIX = "AKIADEMO"

READ_PREFIXES = (
    "BatchGet", "Describe", "Filter", "Get", "Head", "List", "Lookup", "Search", "Simulate", "StartQuery", "StopQuery",
    "Test",
)  # fmt: skip

# IAM names a service by its own prefix, which for these differs from the SigV4 signing name.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_IAM_PREFIX = {"monitoring": "cloudwatch", "tagging": "tag"}

_IAM_ACTION = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "lambda:Invoke": "lambda:InvokeFunction",
}


class AwsError(ServiceException):
    """An answer that is an error, in AWS's words; `status` overrides the HTTP status of the service model.

    It lives outside the moto package because moto takes an exception's service from its module path.
    """

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(code, message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Principal:
    """The assumed role behind a call; `session_policy` is the JSON that AssumeRole narrowed it with, if any."""

    role_arn: str
    session_name: str
    session_arn: str
    session_policy: str | None = None


@dataclass(frozen=True, slots=True)
class WireRequest:
    """The request as it came in: kept so that it can be handed on to moto unchanged."""

    environ: Mapping[str, Any]
    body: bytes
    headers: Headers
    content_type: str


@dataclass(frozen=True, slots=True)
class Call:
    """One identified AWS API call. `params` is typed by the operation's model; times in it are aware UTC."""

    service: str
    signing: str
    operation: str
    account: str
    region: str
    access_key: str
    params: Mapping[str, Any]
    user_agent: str = ""
    source_ip: str = "127.0.0.1"
    principal: Principal | None = None
    request_id: str = ""
    wire: WireRequest | None = field(default=None, repr=False, compare=False)

    @property
    def read_only(self) -> bool:
        """Whether CloudTrail would call it a read."""
        return self.operation.startswith(READ_PREFIXES)

    @property
    def iam_prefix(self) -> str:
        return _IAM_PREFIX.get(self.signing, self.signing)

    @property
    def iam_action(self) -> str:
        """The permission that is named after the call itself."""
        action = f"{self.iam_prefix}:{self.operation}"
        return _IAM_ACTION.get(action, action)

    @property
    def iam_actions(self) -> tuple[str, ...]:
        """Every permission that the caller needs: the call's own, then those that its parameters add."""
        return (self.iam_action, *_added_actions(self))


def _added_actions(call: Call) -> tuple[str, ...]:
    if call.service == "ec2" and call.params.get("TagSpecifications"):
        return ("ec2:CreateTags",)
    if call.service == "elbv2" and call.operation.startswith("Create") and call.params.get("Tags"):
        return ("elasticloadbalancing:AddTags",)
    if call.operation == "PutMetricAlarm" and call.params.get("Tags"):
        return ("cloudwatch:TagResource",)
    if call.operation == "RegisterTaskDefinition":
        tagging = ("ecs:TagResource",) if call.params.get("tags") else ()
        return (*tagging, *(("iam:PassRole",) if passed_roles(call) else ()))
    return ()


def passed_roles(call: Call) -> tuple[str, ...]:
    """ARNs of the roles that a RegisterTaskDefinition hands to ECS."""
    roles = (call.params.get("taskRoleArn"), call.params.get("executionRoleArn"))
    return tuple(dict.fromkeys(role for role in roles if role))


def account_key(account: str) -> str:
    """The access key id of `account`'s own administrator: any secret goes with it.

    Raises ValueError unless `account` has twelve digits.
    """
    if not (len(account) == 12 and account.isdigit()):
        raise ValueError(f"an AWS account id has 12 digits, not {account!r}")
    return f"{_ACCOUNT_KEY_PREFIX}{account}"


def account_of_key(access_key: str) -> str | None:
    """The account that `account_key` wrote into a key id, or None for any other key."""
    account = access_key.removeprefix(_ACCOUNT_KEY_PREFIX)
    is_ours = len(account) == 12 and account.isdigit() and access_key != account
    return account if is_ours else None
