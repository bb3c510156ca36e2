"""`alb502 iam-policy`, as somebody prepares the roles."""

from __future__ import annotations

import json
import re

import pytest

from tests.bot.cli.running import alb502

Capsys = pytest.CaptureFixture[str]


@pytest.mark.parametrize("role", ["read", "remediate"])
def test_each_form_holds_the_same_policy(capsys: Capsys, role: str) -> None:
    plain = json.loads(alb502(capsys, "iam-policy", role).out)
    assert plain["Version"] == "2012-10-17"
    terraform = alb502(capsys, "iam-policy", role, "--format", "terraform").out
    inside = re.search(r"<<-JSON\n(.*)\n  JSON", terraform, re.DOTALL)
    assert inside is not None
    assert json.loads(inside[1]) == plain
    formation = json.loads(alb502(capsys, "iam-policy", role, "--format", "cloudformation").out)
    (resource,) = formation["Resources"].values()
    assert resource["Properties"]["PolicyDocument"] == plain


def test_the_role_that_reads_writes_nothing(capsys: Capsys) -> None:
    actions = [
        action for one in json.loads(alb502(capsys, "iam-policy", "read").out)["Statement"] for action in one["Action"]
    ]
    verbs = {action.split(":")[1] for action in actions} - {
        "StartQuery",
        "StopQuery",
        "StartQueryExecution",
        "StopQueryExecution",
    }
    assert all(verb.startswith(("Describe", "List", "Get", "Lookup", "Filter")) for verb in verbs)


def test_one_account_by_name_or_id(capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = [{"name": "prod", "id": "111122223333", "regions": ["us-east-1"]}]
    monkeypatch.setenv("ALB502_ACCOUNTS", json.dumps(accounts))
    by_name = alb502(capsys, "iam-policy", "remediate", "--account", "prod").out
    assert by_name == alb502(capsys, "iam-policy", "remediate", "--account", "111122223333").out
    assert ":111122223333:" in by_name
    unknown = alb502(capsys, "iam-policy", "remediate", "--account", "dev")
    assert (unknown.status, "prod" in unknown.err) == (2, True)
