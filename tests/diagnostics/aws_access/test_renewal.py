"""Credentials whose time is over before anybody thought so: renewed once, and said when that does not help."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import botocore.session
import pytest

from demo.aws.call import account_key
from demo.aws.layer import AwsError, Call
from diagnostics.aws_access import AccessLimits, Account, AwsAccess, explain
from diagnostics.facts import Gap
from tests.diagnostics.aws_access.conftest import QUICK, REGION, Aws, Role

CALLS = (("elbv2", "describe_load_balancers"), ("ec2", "describe_subnets"), ("ecs", "list_clusters"))
OLD, NEW = "600000000011", "600000000012"


def test_a_role_session_that_ends_before_its_time_is_renewed_once_for_all(aws: Aws, role: Role) -> None:
    reader = role.reader()
    assert all(isinstance(reader.call(*call), dict) for call in CALLS)
    aws.layer.clear_calls()
    aws.expired.expire(role.arn)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda number: reader.call(*CALLS[number % 3]), range(12)))
    assert all(isinstance(answer, dict) for answer in answers)
    assert sum(call.iam_action == "sts:AssumeRole" for call in aws.layer.calls) == 1


def test_what_expires_again_at_once_is_said_and_not_tried_for_ever(aws: Aws, role: Role) -> None:
    reader = role.reader()
    assert isinstance(reader.call(*CALLS[0]), dict)
    aws.layer.clear_calls()

    def expire(call: Call) -> None:
        if call.account == role.account:
            aws.expired.expire(role.arn)

    aws.layer.before.insert(0, expire)
    gaps = [reader.call("elbv2", "describe_load_balancers") for _ in range(5)]
    aws.layer.before.remove(expire)
    assert aws.calls(role.account, "elasticloadbalancing:DescribeLoadBalancers") == 5 + 1
    for gap in gaps:
        assert isinstance(gap, Gap)
        assert gap.kind == "expired"
        says = f"The AWS credentials for {role.arn} have expired: log in again or renew them, then ask again."
        assert explain(gap) == says


@pytest.fixture
def file(aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A shared credentials file, of which only the newer key is good."""

    def refuse_old(call: Call) -> None:
        if call.access_key == account_key(OLD):
            code = "ExpiredToken" if call.service in ("sts", "elbv2") else "ExpiredTokenException"
            raise AwsError(code, "The security token included in the request is expired", 403)

    aws.layer.before.insert(0, refuse_old)
    path = tmp_path / "credentials"
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    write(path, OLD)
    yield path
    aws.layer.before.remove(refuse_old)


def write(path: Path, account: str) -> None:
    path.write_text(f"[default]\naws_access_key_id = {account_key(account)}\naws_secret_access_key = x\n")


def test_who_logs_in_again_is_known_without_a_restart(aws: Aws, file: Path) -> None:
    access = AwsAccess((), QUICK)
    over = access.scopes()
    assert isinstance(over, Gap)
    assert over.kind == "expired"
    assert explain(over) == (
        "The AWS credentials of this process have expired: log in again or renew them, then ask again."
    )
    write(file, NEW)
    assert not isinstance(access.scopes(), Gap)


def test_whose_credentials_have_expired_is_named(
    aws: Aws, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = AwsAccess((Account(OLD, "prod", (REGION,)),), QUICK).reader(OLD, REGION)
    over = reader.call("elbv2", "describe_load_balancers")
    assert isinstance(over, Gap)
    assert explain(over).startswith(f"The AWS credentials of account prod ({OLD}) have expired: log in again")
    file.write_text(file.read_text().replace("[default]", "[at-work]"))
    monkeypatch.setenv("AWS_PROFILE", "at-work")
    unknown = AwsAccess((), QUICK).scopes()
    assert isinstance(unknown, Gap)
    assert explain(unknown).startswith("The AWS credentials of profile at-work have expired: log in again")


def test_newer_credentials_are_used_in_the_middle_of_a_diagnosis(aws: Aws, file: Path, role: Role) -> None:
    reader = role.reader(AccessLimits(attempts=1, role_failure_s=0))
    over = reader.call(*CALLS[0])
    assert isinstance(over, Gap)
    assert (over.kind, over.action) == ("expired", "sts:AssumeRole")
    assert explain(over) == (
        f"Role {role.arn} could not be assumed: the credentials that should assume it have expired;"
        " log in again or renew them, then ask again."
    )
    write(file, NEW)
    assert isinstance(reader.call(*CALLS[0]), dict)


def test_own_credentials_are_looked_for_once_for_all_accounts(
    file: Path, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = (role.account, "600000000013", "600000000014")
    accounts = [Account(one, "", (REGION,), read_role=role.arn) for one in ids]
    access = AwsAccess(accounts, AccessLimits(attempts=1, role_failure_s=600))
    make, made = botocore.session.get_session, []

    def counted() -> botocore.session.Session:
        made.append(make())
        return made[-1]

    monkeypatch.setattr(botocore.session, "get_session", counted)
    gaps = [access.reader(one, REGION).call(*CALLS[0]) for one in ids]
    assert all(isinstance(gap, Gap) and gap.kind == "expired" for gap in gaps)
    assert len(made) == 1


def test_of_two_who_renew_only_one_does(aws: Aws, role: Role) -> None:
    """A second reader of the same access, with the client of before."""
    access = role.access()
    one, other = access.reader(role.account, REGION), access.reader(role.account, REGION)
    assert isinstance(one.call(*CALLS[2]), dict)
    aws.layer.clear_calls()
    aws.expired.expire(role.arn)
    assert isinstance(one.call(*CALLS[2]), dict)
    assert isinstance(other.call(*CALLS[2]), dict)
    assert aws.calls(role.account, "ecs:ListClusters") == 2 + 1
