"""A machine whose clock is wrong: AWS refuses what it signs, and people read that, not that the login is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import botocore.auth
import pytest

from demo.aws.layer import AwsError, Call
from demo.aws.wire import protocol_of
from diagnostics.aws_access import explain
from diagnostics.aws_access.clock import wrong_clock
from diagnostics.facts import Gap
from tests.diagnostics.aws_access.conftest import QUICK, Aws, Role

TOLERANCE = timedelta(minutes=5)


def refuse_by_time(call: Call) -> None:
    """As AWS does, by the time that the request was signed at."""
    assert call.wire is not None
    now = datetime.now(UTC).replace(microsecond=0)
    signed = datetime.strptime(call.wire.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if abs(signed - now) <= TOLERANCE:
        return
    if call.service == "s3":
        raise AwsError(
            "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", 403
        )
    if protocol_of(call) == "ec2":
        raise AwsError("RequestExpired", "Request has expired.", 400)
    relation, sign = ("expired", "-") if signed < now else ("not yet current", "+")
    words = "is now earlier than" if signed < now else "is still later than"
    bound = now - TOLERANCE if signed < now else now + TOLERANCE
    message = f"Signature {relation}: {_stamp(signed)} {words} {_stamp(bound)} ({_stamp(now)} {sign} 5 min.)"
    raise AwsError(
        "SignatureDoesNotMatch" if protocol_of(call) == "query" else "InvalidSignatureException", message, 403
    )


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")


@pytest.fixture
def strict(aws: Aws) -> Iterator[Aws]:
    aws.layer.before.insert(0, refuse_by_time)
    yield aws
    aws.layer.before.remove(refuse_by_time)


@pytest.mark.parametrize(("minutes", "says"), [(-31, "31 minutes slow"), (12, "12 minutes fast")])
def test_a_wrong_clock_is_called_so_by_every_service(
    strict: Aws, role: Role, monkeypatch: pytest.MonkeyPatch, minutes: int, says: str
) -> None:
    reader = role.reader()
    assert isinstance(reader.call("ecs", "list_clusters"), dict)  # the role's session is there
    right = botocore.auth.get_current_datetime
    monkeypatch.setattr(
        botocore.auth, "get_current_datetime", lambda *a, **k: right(*a, **k) + timedelta(minutes=minutes)
    )
    for service, operation, told in (
        ("elbv2", "describe_load_balancers", says),
        ("ecs", "list_clusters", says),
        ("ec2", "describe_subnets", says),  # EC2 does not tell, but STS, when new credentials are asked for
    ):
        refused = reader.call(service, operation)
        assert isinstance(refused, Gap)
        assert refused.error == "WrongClock"
        assert explain(refused) == (
            f"The clock of this machine is {told}, so AWS refuses what it signs:"
            " set it, for example with chrony, and ask again."
        )
    unassumed = Role("610999999999").access(QUICK).reader("610999999999", "us-east-1").call("ecs", "list_clusters")
    assert isinstance(unassumed, Gap)
    assert says in explain(unassumed)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided."),
        ("InvalidSignatureException", "Credential should be scoped to a valid region, not 'moon-1'."),
        ("ExpiredToken", "The security token included in the request is expired"),
    ],
)
def test_other_refusals_are_no_matter_of_the_clock(code: str, message: str) -> None:
    assert wrong_clock(code, message) is None


def test_what_ec2_says_may_be_a_matter_of_the_credentials() -> None:
    said = wrong_clock("RequestExpired", "Request has expired.")
    assert said is not None
    assert "is wrong, or the credentials have expired, so AWS refuses" in said


def test_what_cannot_be_read_of_the_times_is_left_out() -> None:
    said = wrong_clock(
        "SignatureDoesNotMatch", "Signature expired: 99999999T999999Z is now earlier than x (99999999T999999Z - 5 min.)"
    )
    assert said == "the clock of this machine is wrong, so AWS refuses what it signs"
