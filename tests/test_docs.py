"""What the docs say about the program is what the program does."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import botocore.session
from botocore import xform_name

from diagnostics.aws_access import iam_action
from diagnostics.aws_access.read_policy import read_policy
from diagnostics.causes import catalogue

ROOT = Path(__file__).resolve().parent.parent
SERVICES = {
    "application-autoscaling",
    "athena",
    "autoscaling",
    "cloudtrail",
    "cloudwatch",
    "codedeploy",
    "ec2",
    "ecs",
    "elbv2",
    "glue",
    "health",
    "lambda",
    "logs",
    "route53",
    "s3",
    "sts",
}
READS = ("describe_", "get_", "list_")
NEEDS_NO_PERMISSION = {"sts:GetCallerIdentity"}


def _called_actions() -> Iterator[str]:
    """Every operation that a reading module names, of the services that it names; and what fixes read before and after
    they write."""
    loader = botocore.session.get_session()
    operations = {
        service: {xform_name(name) for name in loader.get_service_model(service).operation_names}
        for service in SERVICES
    }
    for package in ("diagnostics/collect", "diagnostics/locate", "diagnostics/aws_access", "remediations"):
        for file in (ROOT / package).rglob("*.py"):
            words = {
                node.value
                for node in ast.walk(ast.parse(file.read_text()))
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            }
            if package == "remediations":
                words = {word for word in words if word in SERVICES or word.startswith(READS)}
            for service in SERVICES & words:
                yield from (iam_action(service, operation) for operation in operations[service] & words)


def _policy_actions() -> set[str]:
    page = (ROOT / "docs" / "permissions.md").read_text()
    block = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert block is not None
    statements = json.loads(block[1])["Statement"]
    assert all(statement["Action"] == sorted(statement["Action"]) for statement in statements)
    return {action for statement in statements for action in statement["Action"]}


def test_the_policy_in_the_docs_allows_exactly_what_is_called() -> None:
    assert set(_called_actions()) - NEEDS_NO_PERMISSION == _policy_actions()


def test_the_policy_that_the_command_prints_is_the_one_in_the_docs() -> None:
    page = (ROOT / "docs" / "permissions.md").read_text()
    block = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert block is not None
    assert json.loads(block[1]) == read_policy()


def test_no_link_between_pages_is_dead() -> None:
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert dead == []


def test_the_readme_counts_the_causes_that_there_are() -> None:
    assert f"[{len(catalogue())} causes]" in (ROOT / "README.md").read_text()
