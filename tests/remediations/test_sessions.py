"""Who is named in CloudTrail, what a session may do, and what an error of AWS says about a write."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import botocore.session
import pytest
from botocore import exceptions as boto
from botocore.awsrequest import AWSResponse

from remediations.dry_runs import Real, rehearse
from remediations.plan import Grant, Plan
from remediations.session_policy import MAX_CHARS, PolicyTooLargeError, policy_text, session_policy
from remediations.sessions import (
    AwsWriter,
    OnBehalf,
    SessionError,
    WriteAccount,
    WriteSessions,
    assume_parameters,
    name_for_aws,
    outcome_of,
)
from remediations.writing import Lost, Rejected, SupersededError
from tests.remediations.cloud import ACCOUNT, ARN, REGION, plan, set_path

NAME = re.compile(r"[\w+=,.@-]{2,64}\Z", re.ASCII)
TAG = re.compile(r"[\w\s.:/=+\-@]{0,256}\Z")


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ("Ann Example", "Ann-Example@U012AB"),
        ("Jörg Müller", "Jorg-Muller@U012AB"),
        ("ann@example.com", "ann@example.com@U012AB"),
        ("", "U012AB"),
        ("王小明", "U012AB"),
        ("a'; DROP--\n\x00${x}", "a-DROP---x@U012AB"),
        ("x" * 200, "x" * 57 + "@U012AB"),
    ],
)
def test_a_name_in_the_characters_of_aws_with_the_whole_id(person: str, expected: str) -> None:
    name = name_for_aws(person, "U012AB")
    assert name == expected
    assert NAME.match(name)


@pytest.mark.parametrize(("person", "person_id"), [("", ""), ("x", ""), ("", "U"), ("", "U" * 90), ("n", "/ö/")])
def test_whatever_the_id_is_sts_takes_it(person: str, person_id: str) -> None:
    assert NAME.match(name_for_aws(person, person_id))


def test_what_sts_is_asked_for() -> None:
    behalf = OnBehalf(person="Ann", person_id="U1", incident="r-1<script>", plan_id="p-" + "1" * 400)
    account = WriteAccount(id=ACCOUNT, remediate_role=f"arn:aws:iam::{ACCOUNT}:role/fix", external_id="secret")
    asked = assume_parameters(account, session_policy(plan()), behalf)
    assert asked["RoleSessionName"] == asked["SourceIdentity"] == "Ann@U1"
    assert (asked["ExternalId"], asked["DurationSeconds"]) == ("secret", 900)
    assert asked["Policy"] == session_policy(plan()), "without it the session could do all that the role may"
    assert all(TAG.match(tag["Value"]) for tag in asked["Tags"])
    assert {tag["Key"] for tag in asked["Tags"]} == {"alb502:incident", "alb502:plan", "alb502:person"}


def test_a_session_may_do_what_the_plan_writes_and_not_its_undo() -> None:
    document = json.loads(session_policy(plan(writes=(set_path("/healthz"),))))
    assert document["Statement"] == [
        {"Effect": "Allow", "Action": "elasticloadbalancing:ModifyTargetGroup", "Resource": ARN}
    ]


def test_actions_with_the_same_things_and_conditions_share_a_statement() -> None:
    condition: Any = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    text = policy_text(
        [
            Grant(action="a:Two", resources=("arn:1", "arn:2")),
            Grant(action="a:One", resources=("arn:2", "arn:1")),
            Grant(action="iam:PassRole", resources=("arn:3",), condition=condition),
            Grant(action="a:One", resources=("arn:1",)),
        ]
    )
    assert json.loads(text)["Statement"] == [
        {"Effect": "Allow", "Action": ["a:One", "a:Two"], "Resource": ["arn:1", "arn:2"]},
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:3", "Condition": condition},
    ]
    assert " " not in text


def with_resources(count: int) -> Plan:
    arns = tuple(f"arn:aws:iam::{ACCOUNT}:role/a-role-with-a-name-as-long-as-they-come-{n:04d}" for n in range(count))
    return plan(writes=(set_path("/x", also=(Grant(action="iam:PassRole", resources=arns),)),))


def test_a_policy_that_is_too_large_is_refused_and_one_that_just_fits_is_not() -> None:
    most = next(count for count in range(1, 40) if len(policy_text(with_resources(count + 1).grants)) > MAX_CHARS)
    assert MAX_CHARS - 100 < len(session_policy(with_resources(most))) <= MAX_CHARS
    with pytest.raises(PolicyTooLargeError, match="2048 are allowed"):
        session_policy(with_resources(most + 1))


def answered(code: str, status: int) -> boto.ClientError:
    response: Any = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return boto.ClientError(response, "X")


@pytest.mark.parametrize(
    ("error", "certain"),
    [
        (answered("ValidationError", 400), True),
        (answered("AccessDenied", 403), True),
        (answered("Throttling", 400), True),
        (answered("RequestLimitExceeded", 503), True),
        (answered("InternalFailure", 500), False),
        (answered("ServiceUnavailable", 503), False),
        (answered("RequestTimeout", 408), False),
        (answered("", 400), False),
        (boto.ClientError({}, "X"), False),
        (boto.ReadTimeoutError(endpoint_url="x"), False),
        (boto.ConnectionClosedError(endpoint_url="x"), False),
        (boto.SSLError(endpoint_url="x", error="y"), False),
        (boto.ConnectTimeoutError(endpoint_url="x"), True),
        (boto.EndpointConnectionError(endpoint_url="x"), True),
        (boto.ParamValidationError(report="x"), True),
        (ValueError("a body that is no answer"), False),
    ],
)
def test_what_an_error_says_about_the_write(error: Exception, certain: bool) -> None:
    assert isinstance(outcome_of(error), Rejected if certain else Lost)


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The requests that left. Each is answered by a server that failed."""
    urls: list[str] = []

    def send(_session: Any, request: Any) -> AWSResponse:
        urls.append(request.url)
        return AWSResponse(request.url, 503, {}, _Body())

    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", send)
    return urls


class _Body:
    def stream(self, **_: Any) -> Any:
        yield b"<ErrorResponse><Error><Code>ServiceUnavailable</Code></Error></ErrorResponse>"

    def read(self, *_: Any) -> bytes:
        return b""


def written(sending: Callable[[], None]) -> Any:
    session = botocore.session.Session()
    session.set_credentials("AKIAEXAMPLE", "none", "none")
    return AwsWriter(session, REGION).write(set_path("/healthz").call, sending)


def test_who_was_overtaken_while_signing_sends_nothing(left: list[str]) -> None:
    def superseded() -> None:
        raise SupersededError("p-1")

    with pytest.raises(SupersededError):
        written(superseded)
    assert left == []


def test_a_write_leaves_once_even_when_the_server_fails(left: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading may be tried again by the AWS SDK; a write whose outcome is not known is looked up instead."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    marked: list[int] = []
    outcome = written(lambda: marked.append(1))
    assert isinstance(outcome, Lost)
    assert (len(left), len(marked)) == (1, 1)


@pytest.mark.parametrize("fix", ["two-settings", "ecs-stop-task"])
def test_no_session_is_made_for_what_no_fix_calls(fix: str) -> None:
    """A plan that somebody wrote into the store gets none, whatever the role may do."""
    sessions = WriteSessions({ACCOUNT: WriteAccount(id=ACCOUNT, remediate_role=f"arn:aws:iam::{ACCOUNT}:role/fix")})
    behalf = OnBehalf(person="Ann", person_id="U1", incident="r-1", plan_id="p-1")
    with pytest.raises(SessionError, match=r"this is never done: (there is no fix|ecs-stop-task never calls)"):
        sessions.writer(plan(fix=fix), ACCOUNT, REGION, behalf)


@pytest.mark.parametrize(
    ("environment", "host"),
    [
        ({}, f"sts.{REGION}.amazonaws.com"),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "sts.eu-west-1.amazonaws.com"),
        ({"AWS_DEFAULT_REGION": "eu-west-1", "AWS_REGION": "eu-central-1"}, "sts.eu-central-1.amazonaws.com"),
        ({"AWS_REGION": "eu-central-1"}, "sts.eu-central-1.amazonaws.com"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else None,
)
def test_the_role_is_assumed_where_the_bot_is(
    left: list[str], monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], host: str
) -> None:
    """Not where the change is made: from a network without a way to the internet no other region is reached."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**environment, "AWS_CONFIG_FILE": os.devnull, "AWS_ACCESS_KEY_ID": "AKIA"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    account = WriteAccount(id=ACCOUNT, remediate_role=f"arn:aws:iam::{ACCOUNT}:role/fix")
    behalf = OnBehalf(person="Ann", person_id="U1", incident="r-1", plan_id="p-1")

    with pytest.raises(SessionError):
        WriteSessions({ACCOUNT: account})._assume(account, "{}", behalf, REGION)
    rehearse(account, REGION, ["ec2:AuthorizeSecurityGroupIngress"], Real(group="sg-1"))

    assert {urlsplit(url).hostname for url in left} == {host}


def test_a_profile_that_does_not_exist_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_PROFILE": "nobody", "AWS_CONFIG_FILE": os.devnull}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    account = WriteAccount(id=ACCOUNT, remediate_role=f"arn:aws:iam::{ACCOUNT}:role/fix")
    behalf = OnBehalf(person="Ann", person_id="U1", incident="r-1", plan_id="p-1")

    with pytest.raises(SessionError, match="role/fix could not be assumed: ProfileNotFound"):
        WriteSessions({ACCOUNT: account})._assume(account, "{}", behalf, REGION)
