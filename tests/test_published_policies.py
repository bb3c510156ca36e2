"""What the published policies deny, as another program reads them; and that a run of the tests tells what is unused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from diagnostics.aws_access.read_policy import NEVER, STATEMENTS, athena_reach, reach, read_policy
from remediations.policy import SESSION_ACTIONS, trust_policy
from tests import aws_use
from tests.aws_use import CHANGES, READS
from tests.published_policies import ANY_ACCOUNT, EXECUTOR, WORKER, Judge, holds, judge

KEY, OTHER_KEY = (f"arn:aws:kms:eu-west-1:{ANY_ACCOUNT}:key/{name}" for name in ("logs", "other"))
VIA_S3, VIA_SSM = ({"kms:ViaService": f"{name}.eu-west-1.amazonaws.com"} for name in ("s3", "ssm"))
LOG_FILE = f"arn:aws:s3:::shop-logs/alb/AWSLogs/{ANY_ACCOUNT}/elasticloadbalancing/eu-west-1/2026/11/21/x.log.gz"
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
READ, REMEDIATE = (f"arn:aws:iam::{ANY_ACCOUNT}:role/alb502-{name}" for name in ("read", "remediate"))


def with_everything(document: dict[str, Any]) -> Judge:
    """The role, when somebody has also given it all there is."""
    return Judge({**document, "Statement": [*document["Statement"], EVERYTHING]})


def test_contents_are_never_read_whatever_else_is_allowed() -> None:
    role = with_everything(read_policy())
    assert [action for action in NEVER if role.allows(action, "*", {})] == []


@pytest.mark.parametrize(
    ("action", "arn", "context", "allowed"),
    [
        ("s3:GetObject", LOG_FILE, {}, True),
        ("s3:GetObject", "arn:aws:s3:::shop-logs/alb/customers.csv", {}, False),
        ("s3:GetObject", f"arn:aws:s3:::shop-logs/AWSLogs/{ANY_ACCOUNT}/CloudTrail/x.json.gz", {}, False),
        ("s3:ListBucket", "arn:aws:s3:::shop-logs", {"s3:prefix": LOG_FILE.partition("logs/")[2]}, True),
        ("s3:ListBucket", "arn:aws:s3:::shop-logs", {"s3:prefix": "customers/"}, False),
        ("s3:ListBucket", "arn:aws:s3:::shop-logs", {}, False),
        ("kms:Decrypt", KEY, VIA_S3, False),
        ("ecs:UpdateService", "*", {}, False),
    ],
)
def test_without_options_only_logs_of_load_balancers_are_read_and_nothing_is_decrypted(
    action: str, arn: str, context: dict[str, str], allowed: bool
) -> None:
    assert judge(READS).allows(action, arn, context) is allowed


@pytest.mark.parametrize(
    ("arn", "context", "allowed"),
    [(KEY, VIA_S3, True), (KEY, VIA_SSM, False), (KEY, {}, False), (OTHER_KEY, VIA_S3, False)],
)
def test_a_listed_key_is_used_through_the_services_of_logs_only(
    arn: str, context: dict[str, str], allowed: bool
) -> None:
    document = read_policy(reach(kms_keys=[KEY]))
    for one in (Judge(document), with_everything(document)):
        assert one.allows("kms:Decrypt", arn, context) is allowed


def test_athena_reads_logs_and_writes_its_own_results_only() -> None:
    within = reach(log_buckets=["shop-logs/alb"], athena=athena_reach("logs", "alb", "results/alb502"))
    own = with_everything(read_policy(within))
    assert own.allows("s3:GetObject", "arn:aws:s3:::results/alb502/1.csv", {})
    assert own.allows("s3:GetObject", LOG_FILE, {})
    assert not own.allows("s3:GetObject", "arn:aws:s3:::results/others/1.csv", {})
    policy = Judge(read_policy(within))
    assert not policy.allows("s3:PutObject", LOG_FILE, {})
    for action, arn in (
        ("athena:StartQueryExecution", f"arn:aws:athena:eu-west-1:{ANY_ACCOUNT}:workgroup/logs"),
        ("glue:GetTable", f"arn:aws:glue:eu-west-1:{ANY_ACCOUNT}:table/alb/alb_logs"),
        ("s3:PutObject", "arn:aws:s3:::results/alb502/1.csv"),
        ("s3:GetBucketLocation", "arn:aws:s3:::results"),
    ):
        assert policy.allows(action, arn, {})
        assert not Judge(read_policy()).allows(action, arn, {})


def test_all_that_is_called_is_allowed_somewhere() -> None:
    whole = read_policy(reach(athena=athena_reach("logs", "alb", "results")))["Statement"]
    allowed = {action for one in whole if one["Effect"] == "Allow" for action in _listed(one["Action"])}
    assert {action for actions in STATEMENTS.values() for action in actions} <= allowed


@pytest.mark.parametrize("action", SESSION_ACTIONS)
def test_only_the_executor_has_to_do_with_the_remediation_role(action: str) -> None:
    assert judge(EXECUTOR).allows(action, REMEDIATE, {})
    assert not judge(WORKER).allows(action, REMEDIATE, {})
    assert judge(WORKER).allows(action, READ, {}) is (action != "sts:SetSourceIdentity")


def test_nobody_gets_the_remediation_role_without_a_name_and_the_external_id() -> None:
    assume, _ = trust_policy("arn:aws:iam::444455556666:role/alb502-executor", "our-word")["Statement"]
    named = {"sts:SourceIdentity": "ann@U1", "sts:ExternalId": "our-word"}
    assert holds(assume["Condition"], named)
    for name in named:
        assert not holds(assume["Condition"], {key: value for key, value in named.items() if key != name})
    assert not holds(assume["Condition"], {**named, "sts:ExternalId": "another"})


def test_what_nobody_uses_is_wanted_and_tested_elsewhere() -> None:
    root = Path(__file__).parents[1]
    assert [test for why, test in aws_use.UNUSED.values() if not why or not (root / test).is_file()] == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda seen: seen, ""),
        (lambda seen: seen - {f"{READS} ecs:DescribeTasks"}, "no scenario or fix uses it"),
        (lambda seen: seen - {f"{CHANGES} ecs:UpdateService"}, "no scenario or fix uses it"),
        (lambda seen: seen | set(list(aws_use.UNUSED)[:1]), "which is wrong"),
        (lambda seen: seen - {"diagnosed all-well", f"{READS} ecs:DescribeTasks"}, ""),
    ],
    ids=["all", "a read in vain", "a change in vain", "used after all", "only some tests"],
)
def test_a_whole_run_tells_which_action_is_in_vain(change: Callable[[set[str]], set[str]], told: str) -> None:
    """A whole run uses everything once."""
    wanted = aws_use.whole_run()
    whole = {one.removeprefix(aws_use.WANTED) for one in wanted}
    lines = aws_use.complaints(wanted | change(whole - aws_use.UNUSED.keys()))
    assert len(lines) == (1 if told else 0)
    assert all(told in line for line in lines)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
