"""Denials in AWS's words, and what is told of each."""

from __future__ import annotations

import json

import pytest

from bot.doctor import aws
from bot.doctor.aws_denials import denials
from bot.doctor.aws_look import AccountLook, AwsLook
from bot.doctor.finding import Finding
from bot.settings import Settings
from bot.settings.models import Athena
from diagnostics.aws_access import Account
from diagnostics.facts.fact import Gap
from diagnostics.permissions.probing import Identity, Probed, RegionProbed

ROLE = "arn:aws:iam::111122223333:role/alb502-read"
SESSION = "arn:aws:sts::111122223333:assumed-role/alb502-read/alb502-read"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BUCKET = "arn:aws:s3:::shop-logs"


ATHENA = Athena(workgroup="logs", database="alb", output="s3://shop-results/alb/")


def told(asked: str, tail: str, *, refused: str | None = None, on: str = BUCKET) -> Finding:
    message = f"as {ROLE}: User: {SESSION} is not authorized to perform: {refused or asked} on resource: {on} {tail}"
    gap = Gap(action=asked, resource="*", error="AccessDenied", kind="denied", message=message)
    look = AccountLook(
        Account(id="111122223333", name="prod", regions=("us-east-1",), read_role=ROLE),
        Identity("111122223333", SESSION),
    )
    (found,) = denials(look, "prod", [RegionProbed("us-east-1", (Probed(asked, "denied", gap),))], ATHENA)
    return found


def test_a_key_is_told_from_the_file_that_it_encrypts() -> None:
    tail = "because no identity-based policy allows the kms:Decrypt action"

    found = told("s3:GetObject", tail, refused="kms:Decrypt", on=KEY)

    assert (found.status, found.id, found.paste) == ("problem", "key-not-allowed", ())
    assert f"alb502 iam-policy read --kms-key {KEY}" in found.to_do
    assert "s3:GetObject" not in found.says


@pytest.mark.parametrize(
    ("tail", "kind", "why", "to_do"),
    [
        (
            "because no identity-based policy allows the s3:ListBucket action",
            "actions-missing",
            f"no identity-based policy allows it on {BUCKET}",
            "",
        ),
        (
            "because no resource-based policy allows the s3:ListBucket action",
            "actions-forbidden",
            "no resource-based policy allows it",
            f"allow them for {ROLE} in the policy of what is read, such as the bucket's",
        ),
        (
            "with an explicit deny in a resource-based policy",
            "actions-forbidden",
            "an explicit deny in a resource-based policy",
            "take the deny out of the policy of what is read",
        ),
        (
            "because no permissions boundary allows the s3:ListBucket action",
            "actions-forbidden",
            "no permissions boundary allows it",
            f"allow these actions in the permissions boundary of {ROLE}",
        ),
        (
            "because no service control policy allows the s3:ListBucket action",
            "actions-forbidden",
            "no service control policy allows it",
            "whoever manages the organisation has to allow it",
        ),
        ("", "actions-missing", "AWS does not say which policy is at fault", ""),
    ],
)
def test_each_policy_has_its_own_remedy(tail: str, kind: str, why: str, to_do: str) -> None:
    found = told("s3:ListBucket", tail)

    assert (found.status, found.id) == ("problem", kind)
    assert why in found.why
    assert to_do in found.to_do
    assert bool(found.paste) is (kind == "actions-missing")


def test_what_athena_needs_is_allowed_on_the_tables_of_the_settings() -> None:
    found = told("glue:GetTable", "because no identity-based policy allows the glue:GetTable action")

    (paste,) = found.paste
    assert json.loads(paste.text)["Resource"] == [
        "arn:aws:glue:*:111122223333:catalog",
        "arn:aws:glue:*:111122223333:database/default",
        "arn:aws:glue:*:111122223333:database/alb",
        "arn:aws:glue:*:111122223333:table/alb/*",
    ]


def unanswered(*actions: str, error: str = "ConnectTimeoutError") -> tuple[Probed, ...]:
    return tuple(
        Probed(action, "unknown", Gap(action=action, resource="*", error=error, kind="timeout")) for action in actions
    )


def found_in(*regions: RegionProbed) -> list[Finding]:
    account = Account(id="111122223333", name="prod", regions=tuple(one.region for one in regions), read_role=ROLE)
    look = AwsLook(Identity("444455556666", ROLE), (AccountLook(account, Identity("111122223333", SESSION), regions),))
    return [one for one in aws.findings(look, Settings()) if one.status != "well"]


def test_services_that_a_network_does_not_reach_are_a_problem() -> None:
    """Not merely unchecked: a bot in the same place gets no answer either."""
    rest = (Probed("cloudwatch:GetMetricData", "permitted"),)
    silence = unanswered("ecs:ListClusters", "ecs:DescribeServices", "logs:FilterLogEvents")

    (found,) = found_in(RegionProbed("us-east-1", rest + silence), RegionProbed("eu-west-1", rest + silence))

    assert (found.status, found.id, found.where) == ("problem", "service-unreachable", "prod us-east-1, eu-west-1")
    assert "no answer comes from ecs (ConnectTimeoutError), logs (ConnectTimeoutError)" in found.says
    assert "VPC endpoints" in found.to_do


def test_one_call_without_an_answer_is_not_checked() -> None:
    """The service answers others."""
    one = Probed("ecs:ListClusters", "permitted")

    (found,) = found_in(RegionProbed("us-east-1", (one, *unanswered("ecs:DescribeServices"))))

    assert (found.status, found.id) == ("unchecked", "actions-unchecked")


def test_a_silent_service_that_may_be_left_out_is_no_problem() -> None:
    (found,) = found_in(RegionProbed("us-east-1", unanswered("health:DescribeEvents")))

    assert (found.status, found.id) == ("less", "service-unreachable")
