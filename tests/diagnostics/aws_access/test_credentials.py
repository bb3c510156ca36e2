"""Whose credentials read an account, and what happens when there are none."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from diagnostics.aws_access import AccessLimits, AwsAccess, CallMeter, Scope, explain
from diagnostics.facts import Gap
from tests.diagnostics.aws_access.conftest import QUICK, REGION, Aws, Role

ASSUME = "sts:AssumeRole"
IDENTITY = "sts:GetCallerIdentity"


def assumptions(aws: Aws) -> int:
    """STS is asked in the account of the caller, not in that of the role."""
    return sum(1 for call in aws.layer.calls if call.iam_action == ASSUME)


def test_many_parallel_reads_assume_the_role_once(aws: Aws, role: Role) -> None:
    aws.layer.clear_calls()
    reader = role.reader(AccessLimits(attempts=1))
    with ThreadPoolExecutor(12) as pool:
        services = (("ecs", "list_clusters"), ("elbv2", "describe_load_balancers"), ("ec2", "describe_subnets"))
        answers = list(pool.map(lambda number: reader.call(*services[number % 3]), range(36)))
    assert all(isinstance(answer, dict) for answer in answers)
    assert assumptions(aws) == 1
    assert aws.calls(role.account, "ecs:ListClusters") == 12


def test_a_role_that_cannot_be_assumed_costs_one_call_and_is_named(aws: Aws, role: Role) -> None:
    aws.trust.revoke(role.arn)
    aws.layer.clear_calls()
    reader = role.reader()
    with ThreadPoolExecutor(8) as pool:
        gaps = list(pool.map(lambda _: reader.call("ecs", "list_clusters"), range(16)))
    assert assumptions(aws) == 1
    for gap in gaps:
        assert isinstance(gap, Gap)
        assert (gap.kind, gap.action, gap.resource) == ("denied", ASSUME, role.arn)
    first = gaps[0]
    assert isinstance(first, Gap)
    assert role.arn in explain(first)
    assert "external id" in explain(first)


def test_the_wrong_external_id_is_refused(aws: Aws, role: Role) -> None:
    refused = role.access(external_id="something-else").reader(role.account, REGION).call("ecs", "list_clusters")
    assert isinstance(refused, Gap)
    assert refused.action == ASSUME


def test_a_role_that_can_be_assumed_again_is(aws: Aws, role: Role) -> None:
    aws.trust.revoke(role.arn)
    reader = role.reader(AccessLimits(attempts=1, role_failure_s=0))
    assert isinstance(reader.call("ecs", "list_clusters"), Gap)
    aws.trust.declare(role.arn)
    assert isinstance(reader.call("ecs", "list_clusters"), dict)


def test_without_configuration_the_own_account_is_read_and_sts_asked_once(aws: Aws) -> None:
    aws.layer.clear_calls()
    access, meter = AwsAccess((), QUICK), CallMeter()
    with ThreadPoolExecutor(6) as pool:
        scopes = list(pool.map(lambda _: access.scopes(meter), range(6)))
    assert scopes == [(Scope("600000000000", None, REGION),)] * 6
    assert aws.calls("600000000000", IDENTITY) == 1
    assert meter.usage().by_action == {IDENTITY: 1}
    assert isinstance(access.reader("600000000000", REGION).call("ecs", "list_clusters"), dict)


def test_an_aws_that_accepts_and_never_answers_is_given_up_in_time(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{silent.getsockname()[1]}")
        access = AwsAccess((), AccessLimits(read_timeout_s=20, attempts=1))
        assert access.has_to_ask_who_it_is
        started = time.monotonic()
        gaps = [access.scopes(timeout_s=0.1), access.scopes(timeout_s=0.1)]
        took_s = time.monotonic() - started
        connection, _ = silent.accept()
        connection.close()
    assert took_s < 15
    for gap in gaps:
        assert isinstance(gap, Gap)
        assert (gap.action, gap.error, gap.kind) == (IDENTITY, "OutOfTime", "timeout")
        assert explain(gap) == "sts:GetCallerIdentity gave no answer in time (OutOfTime)."


def test_without_credentials_one_line_says_what_to_do(aws: Aws, monkeypatch: pytest.MonkeyPatch, role: Role) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    none = AwsAccess((), QUICK).scopes()
    assert isinstance(none, Gap)
    assert none.error == "NoCredentials"
    assert "no AWS credentials" in explain(none)
    of_role = role.reader().call("ecs", "list_clusters")
    assert isinstance(of_role, Gap)
    assert explain(of_role) == f"Role {role.arn} could not be assumed: there are no AWS credentials to assume it with."


def test_without_a_region_one_line_says_what_to_do(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    nowhere = AwsAccess((), QUICK).scopes()
    assert isinstance(nowhere, Gap)
    assert "AWS_REGION" in explain(nowhere)


def test_a_profile_that_does_not_exist_is_a_gap(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    found = AwsAccess((), QUICK).scopes()
    assert isinstance(found, Gap)
