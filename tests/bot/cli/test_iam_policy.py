"""`alb502 iam-policy`, as somebody prepares the roles."""

from __future__ import annotations

import json

import pytest

from bot.cli.aws_roles.hcl import hcl
from bot.cli.aws_roles.sizes import MAX_CHARS, chars
from bot.cli.iam_policy import Form
from tests.bot.cli.running import alb502

KEY = "arn:aws:kms:eu-west-1:111122223333:key/1"
Capsys = pytest.CaptureFixture[str]


@pytest.mark.parametrize("role", ["read", "remediate"])
def test_each_form_holds_the_same_policy(capsys: Capsys, role: str) -> None:
    plain = json.loads(alb502(capsys, "iam-policy", role).out)
    assert plain["Version"] == "2012-10-17"
    terraform = alb502(capsys, "iam-policy", role, "--format", "terraform").out
    assert f"policy = jsonencode({hcl(plain, 1)})" in terraform
    formation = json.loads(alb502(capsys, "iam-policy", role, "--format", "cloudformation").out)
    (resource,) = formation["Resources"].values()
    assert resource["Properties"]["PolicyDocument"] == plain


def test_the_role_that_reads_writes_nothing(capsys: Capsys) -> None:
    allowed = [
        one for one in json.loads(alb502(capsys, "iam-policy", "read").out)["Statement"] if one["Effect"] == "Allow"
    ]
    verbs = {action.split(":")[1] for one in allowed for action in _listed(one["Action"])} - {"StartQuery", "StopQuery"}
    assert all(verb.startswith(("Describe", "List", "Get", "Lookup", "Filter")) for verb in verbs)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--log-bucket", "shop-logs/alb"], "arn:aws:s3:::shop-logs/alb/AWSLogs/*/elasticloadbalancing/*"),
        (["--log-group", "/ecs/*"], "arn:aws:logs:*:*:log-group:/ecs/*:*"),
        (["--kms-key", KEY], KEY),
        (["--athena", "logs,alb,results/alb502"], "arn:aws:athena:*:*:workgroup/logs"),
        (["--partition", "aws-cn", "--account", "111122223333"], "arn:aws-cn:logs:*:111122223333:log-group:*:*"),
    ],
)
def test_the_read_policy_is_narrowed(capsys: Capsys, options: list[str], part: str) -> None:
    ran = alb502(capsys, "iam-policy", "read", *options)
    assert f'"{part}"' in ran.out
    assert f'"{part}"' not in alb502(capsys, "iam-policy", "read").out
    assert ran.err == ""


def test_athena_comes_from_the_settings(capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    athena = {"workgroup": "logs", "database": "alb", "output": "s3://results/alb502/"}
    monkeypatch.setenv("ALB502_LOGS__ATHENA", json.dumps(athena))
    own = alb502(capsys, "iam-policy", "read").out
    assert own == alb502(capsys, "iam-policy", "read", "--athena", "logs,alb,results/alb502/").out
    monkeypatch.setenv("ALB502_LOGS__ATHENA", json.dumps({**athena, "output": None}))
    assert "logs.athena.output is not set" in alb502(capsys, "iam-policy", "read").err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["read", "--log-bucket", "Not A Bucket"], "--log-bucket 'Not A Bucket': give bucket or bucket/prefix"),
        (["read", "--log-bucket", "logs/alb/AWSLogs/111122223333"], "give bucket or bucket/prefix, without /AWSLogs"),
        (["read", "--log-group", "a*b"], "--log-group 'a*b': give a log group's name, * at its end only"),
        (["read", "--kms-key", "alias/logs"], "--kms-key 'alias/logs': give the ARN of a key"),
        (["read", "--athena", "logs"], "--athena 'logs': give a work group, a database and bucket/prefix"),
        ([], "Missing argument 'role'. Choose from: read, remediate; `alb502 iam-policy --help`"),
        (["remediate", "--kms-key", KEY], "are for the role that reads: alb502 iam-policy read"),
        (
            ["read", *("--log-bucket", f"{'x' * 60}/{'y' * 800}") * 8],
            "the statement Alb502LogFiles alone has more than",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(capsys: Capsys, options: list[str], told: str) -> None:
    ran = alb502(capsys, "iam-policy", *options)
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert told in ran.err


@pytest.mark.parametrize("form", list(Form))
def test_a_policy_that_is_too_large_for_one_is_divided(capsys: Capsys, form: Form) -> None:
    options = [part for number in range(60) for part in ("--log-bucket", f"logs-of-team-number-{number}")]
    ran = alb502(capsys, "iam-policy", "read", "--format", form, *options)
    assert "a managed policy may have 6,144" in ran.err
    if form is Form.TERRAFORM:
        assert 'resource "aws_iam_policy" "alb502_read_2"' in ran.out
    if form is Form.CLOUDFORMATION:
        made = [one["Properties"] for one in json.loads(ran.out)["Resources"].values()]
        assert len({one["ManagedPolicyName"] for one in made}) == len(made) > 1
        assert all(chars(one["PolicyDocument"]) <= MAX_CHARS for one in made)
        whole = json.loads(alb502(capsys, "iam-policy", "read", *options).out)
        assert [part for one in made for part in one["PolicyDocument"]["Statement"]] == whole["Statement"]


def test_terraform_leaves_dollars_alone() -> None:
    assert hcl({"a b": "${aws:username} %{x}", "list": [], "n": None}) == (
        '{\n  "a b" = "$${aws:username} %%{x}"\n  list  = []\n  n     = null\n}'
    )


def _listed(action: str | list[str]) -> list[str]:
    return [action] if isinstance(action, str) else action


def test_one_account_by_name_or_id(capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = [{"name": "prod", "id": "111122223333", "regions": ["us-east-1"]}]
    monkeypatch.setenv("ALB502_ACCOUNTS", json.dumps(accounts))
    by_name = alb502(capsys, "iam-policy", "remediate", "--account", "prod").out
    assert by_name == alb502(capsys, "iam-policy", "remediate", "--account", "111122223333").out
    assert ":111122223333:" in by_name
    unknown = alb502(capsys, "iam-policy", "remediate", "--account", "dev")
    assert (unknown.status, "prod" in unknown.err) == (2, True)
