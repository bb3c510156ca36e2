"""The small types that settings are made of: each checks one value and says what it expects instead."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, SecretStr
from pydantic_core import PydanticCustomError

from bot.store.address import is_redis_url

Key = TypeVar("Key")
Value = TypeVar("Value")

EXPECTED_ERROR: Final = "expected"
MAX_WHOLE_NUMBER_DIGITS: Final = 18


def expectation(expected: str) -> PydanticCustomError:
    """The error of every check in this package; it never carries the value, which may be a secret."""
    return PydanticCustomError(EXPECTED_ERROR, "expected {expected}", {"expected": expected})


def _word(pattern: str, expected: str) -> BeforeValidator:
    compiled = re.compile(pattern, re.ASCII)

    def check(value: object) -> str:
        if isinstance(value, str) and compiled.fullmatch(value):
            return value
        raise expectation(expected)

    return BeforeValidator(check)


def within(lowest: int, highest: int) -> BeforeValidator:
    """A whole number from `lowest` to `highest`, as a number or as text (the environment and YAML give text)."""

    def check(value: object) -> int:
        if isinstance(value, str) and re.fullmatch(rf"[0-9]{{1,{MAX_WHOLE_NUMBER_DIGITS}}}", value):
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
            return value
        raise expectation(f"a whole number from {lowest} to {highest}")

    return BeforeValidator(check)


def text(longest: int) -> BeforeValidator:
    """One printable line of at most `longest` characters."""

    def check(value: object) -> str:
        if isinstance(value, str) and 0 < len(value) <= longest and value.isprintable() and value.strip() == value:
            return value
        raise expectation(f"one line of 1 to {longest} printable characters")

    return BeforeValidator(check)


def at_least_one(entries: tuple[Value, ...]) -> tuple[Value, ...]:
    """Runs after the entries are checked, so that a list of wrong entries is not called empty as well."""
    if not entries:
        raise expectation("at least one entry")
    return entries


def _account_id(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str) and re.fullmatch(r"[0-9]{12}", value):
        return value
    raise expectation("the 12 digits of an AWS account id")


def _when(value: object) -> datetime:
    expected = expectation("an ISO 8601 time with its offset, such as 2026-12-24T00:00:00Z")
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise expected from None
    else:
        raise expected
    if moment.tzinfo is None:
        raise expected
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise expected from None


def _web_address(value: object) -> str:
    expected = expectation("an http or https address without user name and password")
    if not isinstance(value, str) or not value.isprintable() or " " in value:
        raise expected
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise expected from None
    if not usable or parts.username is not None or parts.password is not None:
        raise expected
    return value


def _with_final_slash(address: str) -> str:
    return address if address.endswith("/") else f"{address}/"


def _directory(value: object) -> Path:
    if isinstance(value, str | Path) and str(value).strip() and "\0" not in str(value):
        try:
            return Path(value).expanduser()
        except RuntimeError:
            raise expectation("a path; the home directory that ~ stands for cannot be told") from None
    raise expectation("a path")


def _secret(accepts: Callable[[str], bool], expected: str) -> BeforeValidator:
    def check(value: object) -> SecretStr:
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        if isinstance(plain, str) and accepts(plain.strip()):
            return SecretStr(plain.strip())
        raise expectation(expected)

    return BeforeValidator(check)


def _matches(pattern: str) -> Callable[[str], bool]:
    return lambda value: re.fullmatch(pattern, value, re.ASCII) is not None


def _frozen(mapping: Mapping[Key, Value]) -> Mapping[Key, Value]:
    return MappingProxyType(dict(mapping))


_PARTITION = r"aws(?:-[a-z]+){0,2}"
_REGION = r"[a-z]{2,5}(?:-[a-z]{2,}){1,2}-[0-9]{1,2}"

AccountId = Annotated[str, BeforeValidator(_account_id)]
AccountName = Annotated[str, _word(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "a name of letters, digits, '.', '_' and '-'")]
Region = Annotated[str, _word(_REGION, "an AWS region such as us-east-1")]
RoleArn = Annotated[
    str,
    _word(
        rf"arn:{_PARTITION}:iam::[0-9]{{12}}:role/(?:[\x21-\x7e]{{1,510}}/)?[A-Za-z0-9_+=,.@-]{{1,64}}",
        "the ARN of an IAM role, such as arn:aws:iam::111122223333:role/alb502-read",
    ),
]
TopicArn = Annotated[
    str,
    _word(
        rf"arn:{_PARTITION}:sns:{_REGION}:[0-9]{{12}}:[A-Za-z0-9_-]{{1,256}}(?:\.fifo)?",
        "the ARN of an SNS topic, such as arn:aws:sns:us-east-1:111122223333:alarms",
    ),
]
BucketName = Annotated[str, _word(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "the name of an S3 bucket")]
S3Location = Annotated[
    str, _word(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/[\x21-\x7e]{0,1024})?", "an S3 location: s3://bucket/prefix")
]
EcsName = Annotated[
    str, _word(r"[A-Za-z0-9_-]{1,255}", "the name of an ECS cluster or service: letters, digits, '_' and '-'")
]
ServiceWord = Annotated[
    str, _word(r"[A-Za-z0-9_.-]{1,255}(?:/[A-Za-z0-9_-]{1,255})?", "a service: nickname, name or cluster/name")
]
Nickname = Annotated[
    str, _word(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", "a nickname of letters, digits, '.', '_' and '-', without spaces")
]
TeamId = Annotated[str, _word(r"[TE][A-Z0-9]{2,31}", "a Slack workspace id such as T0123ABCD")]
ChannelId = Annotated[str, _word(r"[CGD][A-Z0-9]{2,31}", "a Slack channel id such as C0123ABCD (not its name)")]
UserId = Annotated[str, _word(r"[UW][A-Z0-9]{2,31}", "a Slack user id such as U0123ABCD (not a name)")]
GroupId = Annotated[str, _word(r"S[A-Z0-9]{2,31}", "a Slack user group id such as S0123ABCD (not its handle)")]
SenderId = Annotated[str, _word(r"[AB][A-Z0-9]{2,31}", "a Slack app or bot id such as A0123ABCD or B0123ABCD")]
FixId = Annotated[str, _word(r"[a-z0-9]{1,32}(?:-[a-z0-9]{1,32}){0,9}", "a remediation's id, such as some-fix")]
AthenaName = Annotated[str, _word(r"[A-Za-z0-9._-]{1,128}", "a name of letters, digits, '.', '_' and '-'")]
TagMatch = Annotated[
    str, _word(r"[A-Za-z0-9 _.:/+@-]{1,128}=[A-Za-z0-9 _.:/=+@-]{0,256}", "a tag as key=value, such as freeze=true")
]
HostName = Annotated[str, _word(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}", "an address or host name to listen on")]

Port = Annotated[int, within(0, 65_535)]
When = Annotated[datetime, BeforeValidator(_when)]
Line = Annotated[str, text(200)]
WebAddress = Annotated[str, BeforeValidator(_web_address)]
ApiBase = Annotated[str, BeforeValidator(_web_address), AfterValidator(_with_final_slash)]
FilePath = Annotated[Path, BeforeValidator(_directory)]

BotToken = Annotated[
    SecretStr, _secret(_matches(r"(?:xoxe\.)?xoxb-[\x21-\x7e]{1,500}"), "a Slack bot token, which starts with xoxb-")
]
AppToken = Annotated[
    SecretStr, _secret(_matches(r"xapp-[\x21-\x7e]{1,500}"), "a Slack app-level token, which starts with xapp-")
]
SigningSecret = Annotated[
    SecretStr, _secret(_matches(r"[\x21-\x7e]{8,200}"), "the signing secret of the Slack app, 8 characters or more")
]
RedisUrl = Annotated[
    SecretStr,
    _secret(
        is_redis_url,
        "redis://, rediss:// or unix:// with a host (or socket) and a database, or redis+sentinel://HOST,HOST/NAME",
    ),
]
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html (ExternalId)
ExternalId = Annotated[
    SecretStr,
    _secret(_matches(r"[\w+=,.@:/-]{2,1224}"), "an external id: 2 to 1224 letters, digits and any of _+=,.@:/-"),
]
ApprovalKey = Annotated[
    SecretStr,
    _secret(
        _matches(r"[\x21-\x7e]{32,500}"), "a random key of 32 characters or more, without spaces (openssl rand -hex 32)"
    ),
]

Mode = Literal["off", "suggest", "approve"]
SharedChannels = Literal["refuse", "allow"]
Risk = Literal["low", "medium", "high"]

FrozenMap = Annotated[Mapping[Key, Value], AfterValidator(_frozen), PlainSerializer(dict, return_type=dict[Any, Any])]
