"""The files of aws/ hold the policies that the code needs, filled in by CloudFormation's rules and by Terraform's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.cli import aws_pages
from bot.cli.aws_roles import sizes
from bot.cli.written import renew, stale
from bot.doctor.aws_statements import simulating
from bot.settings.models import Account
from diagnostics.aws_access.read_policy import (
    ReadReach,
    athena_reach,
    reach,
    read_policy,
    read_trust_policy,
    reader_policy,
)
from remediations.policy import executor_policy, published_policy, trust_policy
from tests.filled_in import Stack

ROOT = Path(__file__).parents[3]
ACCOUNT = "111122223333"
WORKER, EXECUTOR = (f"arn:aws:iam::444455556666:role/alb502-{name}" for name in ("worker", "executor"))
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
GROUPS = f"arn:aws:logs:*:{ACCOUNT}:log-group:/ecs/*:*"
MAX_TEMPLATE_BYTES = 51_200
LEAST = {"ReaderArn": WORKER, "ExternalId": "0123456789abcdef"}
ATHENA = {"AthenaWorkgroup": "logs", "AthenaDatabase": "alb", "AthenaBucket": "results"}


def stack(name: str, **given: str) -> Stack:
    return Stack(yaml.safe_load((ROOT / aws_pages.PLACE / name).read_text(encoding="utf-8")), ACCOUNT, given)


def test_the_files_are_up_to_date() -> None:
    assert stale(ROOT / aws_pages.PLACE, aws_pages.pages()) == (), "run: python -m bot.cli.aws_pages"


def test_files_are_written_where_they_are_missing(tmp_path: Path) -> None:
    assert set(renew(tmp_path, aws_pages.pages())) == set(aws_pages.pages())
    assert renew(tmp_path, aws_pages.pages()) == ()


@pytest.mark.parametrize("name", ["member-account.yaml", "bot-account.yaml"])
def test_a_template_is_small_enough_to_be_given_as_text(name: str) -> None:
    assert len((ROOT / aws_pages.PLACE / name).read_bytes()) <= MAX_TEMPLATE_BYTES


@pytest.mark.parametrize(
    ("given", "within"),
    [
        ({}, reach()),
        ({"LogBucketArns": "arn:aws:s3:::one,arn:aws:s3:::two"}, reach(log_buckets=["one", "two"])),
        ({"LogGroupArns": GROUPS}, reach(log_groups=["/ecs/*"])),
        ({"KmsKeyArns": f"{KEY},{KEY}2"}, reach(kms_keys=[KEY, f"{KEY}2"])),
        (ATHENA, reach(athena=athena_reach("logs", "alb", "results/alb502"))),
        (
            {**ATHENA, "KmsKeyArns": KEY, "LogBucketArns": "arn:aws:s3:::one"},
            reach(log_buckets=["one"], kms_keys=[KEY], athena=athena_reach("logs", "alb", "results/alb502")),
        ),
    ],
    ids=["nothing given", "buckets", "log groups", "keys", "athena", "all"],
)
def test_the_read_role_of_the_template_is_what_the_command_prints(given: dict[str, str], within: ReadReach) -> None:
    made = stack("member-account.yaml", **LEAST, **given)
    documents = made.policies_of("ReadRole")
    assert all(sizes.chars(document) <= sizes.MAX_CHARS for document in documents)
    here = json.loads(json.dumps(read_policy(within)).replace(":logs:*:*:", f":logs:*:{ACCOUNT}:"))
    for service in ("athena", "glue"):
        here = json.loads(json.dumps(here).replace(f":{service}:*:*:", f":{service}:*:{ACCOUNT}:"))
    assert _statements(*documents) == _statements(here)


def test_without_an_executor_there_is_no_role_that_changes_anything() -> None:
    made = stack("member-account.yaml", **LEAST)
    assert made.names("AWS::IAM::Role") == {"ReadRole"}
    assert made.trust_of("ReadRole") == read_trust_policy([WORKER], LEAST["ExternalId"])
    assert set(made.outputs()) == {"ReadRoleArn", "Settings"}


def test_with_an_executor_there_is_one_and_it_may_read_too() -> None:
    made = stack("member-account.yaml", **LEAST, ExecutorArn=EXECUTOR)
    assert _listed(made.trust_of("ReadRole")) == _listed(read_trust_policy([WORKER, EXECUTOR], LEAST["ExternalId"]))
    assert made.trust_of("RemediateRole") == trust_policy(EXECUTOR, LEAST["ExternalId"])
    one = stack("member-account.yaml", **LEAST, ExecutorArn=WORKER)
    assert _listed(one.trust_of("ReadRole")) == _listed(read_trust_policy([WORKER], LEAST["ExternalId"]))
    contents, *changes = made.policies_of("RemediateRole")
    assert _statements(*changes) == _statements(published_policy(account=ACCOUNT))
    assert {one["Effect"] for one in contents["Statement"]} == {"Deny"}
    for name in ("ReadRole", "RemediateRole"):
        assert "PermissionsBoundary" not in made.properties(name)
    bounded = stack("member-account.yaml", **LEAST, PermissionsBoundaryArn="arn:aws:iam::aws:policy/X")
    assert bounded.properties("ReadRole")["PermissionsBoundary"] == "arn:aws:iam::aws:policy/X"


def test_the_doctor_may_simulate_where_that_is_wanted() -> None:
    assert stack("member-account.yaml", **LEAST, ExecutorArn=EXECUTOR).names("AWS::IAM::Policy") == set()
    assert stack("member-account.yaml", **LEAST, DoctorMaySimulate="yes").names("AWS::IAM::Policy") == set()
    made = stack("member-account.yaml", **LEAST, ExecutorArn=EXECUTOR, DoctorMaySimulate="yes")
    own = made.properties("SimulatePolicy")
    assert own["Roles"] == ["ref:ReadRole"]
    (statement,) = own["PolicyDocument"]["Statement"]
    assert json.loads(simulating(f"arn:aws:iam::{ACCOUNT}:role/alb502-remediate")) == statement


@pytest.mark.parametrize("more", [{}, {"ExecutorArn": EXECUTOR}])
def test_the_snippet_of_the_outputs_is_an_entry_of_the_settings(more: dict[str, str], tmp_path: Path) -> None:
    snippet = stack("member-account.yaml", **LEAST, **more).outputs()["Settings"]
    (entry,) = yaml.safe_load(snippet)
    assert Account(**{**entry, "external_id_file": tmp_path}).remediate_role == (
        f"arn:aws:iam::{ACCOUNT}:role/alb502-remediate" if more else None
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ReaderArn", "worker"),
        ("ExecutorArn", "arn:aws:iam::1:role/x"),
        ("ExternalId", "short"),
        ("LogBucketArns", "shop-logs"),
        ("LogGroupArns", "/ecs/checkout"),
        ("KmsKeyArns", "alias/logs"),
        ("AthenaPrefix", "no-slash"),
    ],
)
def test_a_parameter_that_cannot_be_right_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        stack("member-account.yaml", **{**LEAST, name: value})


def test_athena_takes_its_database_and_its_bucket() -> None:
    with pytest.raises(ValueError, match="AthenaDatabase is needed"):
        stack("member-account.yaml", **LEAST, AthenaWorkgroup="logs")


@pytest.mark.parametrize("organisation", ["", "o-exampleorgid"])
def test_the_identities_of_the_bot_may_assume_roles_and_nothing_else(organisation: str) -> None:
    made = stack("bot-account.yaml", OrganizationId=organisation)
    read, remediate = (f"arn:aws:iam::*:role/alb502-{name}" for name in ("read", "remediate"))
    for name, wanted in (("WorkerRole", reader_policy([read])), ("ExecutorRole", executor_policy([remediate], [read]))):
        (document,) = made.policies_of(name)
        for statement in document["Statement"]:
            condition = statement.pop("Condition", None)
            assert condition == ({"StringEquals": {"aws:ResourceOrgID": organisation}} if organisation else None)
        assert document == wanted
    alone = stack("bot-account.yaml", Executor="no", ClusterName="tools")
    assert alone.names("AWS::IAM::Role") == {"WorkerRole"}
    assert alone.names("AWS::EKS::PodIdentityAssociation") == {"WorkerAssociation"}


@pytest.mark.parametrize(
    ("platform", "principal", "condition"),
    [
        ("pod-identity", {"Service": "pods.eks.amazonaws.com"}, "aws:RequestTag/kubernetes-service-account"),
        ("irsa", {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.example/id/1"}, "oidc.example/id/1:sub"),
        ("ecs", {"Service": "ecs-tasks.amazonaws.com"}, "aws:SourceAccount"),
    ],
)
def test_each_platform_has_its_own_trust(platform: str, principal: dict[str, str], condition: str) -> None:
    made = stack("bot-account.yaml", Platform=platform, OidcProvider="oidc.example/id/1")
    for name in ("Worker", "Executor"):
        (statement,) = made.trust_of(f"{name}Role")["Statement"]
        assert statement["Principal"] == principal
        value = statement["Condition"]["StringEquals"][condition]
        assert value in (ACCOUNT, f"alb502-{name.lower()}", f"system:serviceaccount:alb502:alb502-{name.lower()}")


def _statements(*documents: dict[str, Any]) -> list[str]:
    return sorted(_listed(statement) for document in documents for statement in document["Statement"])


def _listed(value: Any) -> str:
    """As text in which one value and a list of one are the same, and the order of a list does not count."""

    def plain(one: Any) -> Any:
        if isinstance(one, dict):
            return {key: plain(inner) for key, inner in one.items()}
        if isinstance(one, list):
            found = [plain(inner) for inner in one]
            return found[0] if len(found) == 1 else sorted(found, key=json.dumps)
        return one

    return json.dumps(plain(value), sort_keys=True)
