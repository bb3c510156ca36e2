"""The published policy names what the catalogue calls, and nothing that it does not."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from demo.aws.iam_policy import Policy, Verdict
from diagnostics.aws_access import iam_action
from remediations import policy
from remediations.catalogue import catalogue
from remediations.policy import executor_policy, published_policy, trust_policy

ROOT = Path(__file__).parents[2]
ACCOUNT = "111122223333"
MAX_MANAGED_POLICY_CHARS = 6_144
READS = ("describe_", "get_", "list_")


def test_no_fix_is_granted_what_it_does_not_call() -> None:
    """The other half, that nothing is missing, is looked at with every plan that any test makes."""
    said = {fix: _said(f"remediations.catalogue.{fix.replace('-', '_')}") for fix in catalogue()}
    granted = [(fix, action) for fix, spec in catalogue().items() for action in spec.calls]
    assert [one for one in granted if not any(pattern.fullmatch(one[1]) for pattern in said[one[0]])] == []


def test_no_kind_of_resource_and_no_condition_stands_there_for_nothing() -> None:
    called = {action for spec in catalogue().values() for action in spec.calls}
    assert called - set(policy._KINDS) == set(), "_KINDS of remediations/policy.py does not say what it may touch"
    assert (set(policy._KINDS) | set(policy._CONDITIONS)) - called == set(), "no fix calls it"


def test_all_of_it_fits_into_one_managed_policy() -> None:
    assert len(json.dumps(published_policy(account=ACCOUNT), separators=(",", ":"))) < MAX_MANAGED_POLICY_CHARS


@pytest.mark.parametrize(
    ("action", "arn"),
    [
        ("elasticloadbalancing:DeleteLoadBalancer", "loadbalancer/app/shop/1"),
        ("elasticloadbalancing:ModifyLoadBalancerAttributes", "loadbalancer/net/shop/1"),
        ("iam:PutRolePolicy", "role/checkout"),
        ("ecs:DeleteService", "service/prod/checkout"),
        ("ec2:DeleteSecurityGroup", "security-group/sg-1"),
        ("iam:PassRole", "role/checkout"),
        ("ec2:CreateTags", "security-group/sg-1"),
        ("elasticloadbalancing:DescribeTargetHealth", "*"),
    ],
)
def test_what_no_fix_does_is_not_allowed(action: str, arn: str) -> None:
    service = action.split(":", maxsplit=1)[0]
    full = arn if arn == "*" else f"arn:aws:{service}:{'' if service == 'iam' else 'us-east-1'}:{ACCOUNT}:{arn}"
    context = {"iam:PassedToService": "lambda.amazonaws.com"}
    assert Policy(published_policy(account=ACCOUNT)).judge(action, full, context) is Verdict.IMPLICIT_DENY


@pytest.mark.parametrize(
    ("kind", "what"), [("TargetGroup", "targetgroup/checkout-https/1"), ("Rule", "listener-rule/app/shop/1/2/3")]
)
def test_only_what_was_made_for_a_plan_is_deleted(kind: str, what: str) -> None:
    own = Policy(published_policy(account=ACCOUNT))
    arn = f"arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:{what}"
    for action, key in (("Delete", "ResourceTag"), ("Create", "RequestTag")):
        tagged = {f"aws:{key}/alb502:plan": "p-1"}
        assert own.judge(f"elasticloadbalancing:{action}{kind}", arn, tagged) is Verdict.ALLOWED
        other = {"aws:ResourceTag/team": "x"}
        assert own.judge(f"elasticloadbalancing:{action}{kind}", arn, other) is Verdict.IMPLICIT_DENY


def test_another_account_is_not_allowed() -> None:
    arn = "arn:aws:ecs:us-east-1:999999999999:service/prod/checkout"
    assert Policy(published_policy(account=ACCOUNT)).judge("ecs:UpdateService", arn, {}) is Verdict.IMPLICIT_DENY


def test_a_policy_for_some_fixes_has_only_theirs() -> None:
    (statement,) = published_policy(["ecs-grace-period"], account=ACCOUNT)["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": "ecs:UpdateService",
        "Resource": f"arn:aws:ecs:*:{ACCOUNT}:service/*",
    }


def test_the_role_trusts_the_executor_with_its_external_id() -> None:
    executor = f"arn:aws:iam::{ACCOUNT}:role/alb502-executor"
    assume, rest = trust_policy(executor, "secret-id")["Statement"]
    assert assume["Condition"] == {
        "StringEquals": {"sts:ExternalId": "secret-id"},
        "StringLike": {"sts:SourceIdentity": "*"},
    }
    assert {assume["Action"], *rest["Action"]} == {"sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"}
    without_id, same_rest = trust_policy(executor)["Statement"]
    assert without_id["Condition"] == {"StringLike": {"sts:SourceIdentity": "*"}}
    assert same_rest == rest
    assert executor_policy([executor])["Statement"][0]["Resource"] == [executor]


def _said(module: str) -> tuple[re.Pattern[str], ...]:
    """The IAM actions that a module, and the steps that it imports, may call; as patterns, since names are composed."""
    return tuple(pattern for path in _files(module) for pattern in _patterns(path))


def _files(module: str) -> set[Path]:
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        path = ROOT / f"{waiting.pop().replace('.', '/')}.py"
        if path.exists() and path not in found:
            found.add(path)
            waiting += [
                one for one in _imports(path) if one.startswith(("remediations.steps", "remediations.catalogue"))
            ]
    return found


@cache
def _tree(path: Path) -> ast.Module:
    """Without what a fix declares that it calls: that is what is to be checked."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            node.keywords = [keyword for keyword in node.keywords if keyword.arg != "calls"]
    return tree


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


@cache
def _patterns(path: Path) -> tuple[re.Pattern[str], ...]:
    tree = _tree(path)
    services = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    found = []
    for node in ast.walk(tree):
        text = _text(node)
        if text is None or text.startswith(READS):
            continue
        if ":" in text:
            found.append(text)
        elif re.fullmatch(r"[a-z]+(_[a-zX]+)+", text):
            found += [iam_action(service, text) for service in services if re.fullmatch(r"[a-z0-9-]+", service)]
    return tuple(re.compile(re.escape(one).replace("X", r"\w+")) for one in found)


def _text(node: ast.AST) -> str | None:
    """A constant, or what an f-string is made of with an X for each hole."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
    return None
