"""What the docs say about the program is what the program does."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from diagnostics.aws_access import iam_action
from diagnostics.aws_access.read_policy import STATEMENTS, read_policy
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


def _page_policy() -> dict[str, Any]:
    page = (ROOT / "docs" / "permissions.md").read_text()
    block = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert block is not None
    found: dict[str, Any] = json.loads(block[1])
    return found


def test_the_policy_allows_exactly_what_is_called() -> None:
    assert all(list(actions) == sorted(actions) for actions in STATEMENTS.values())
    assert set(_called_actions()) - NEEDS_NO_PERMISSION == {one for actions in STATEMENTS.values() for one in actions}


def test_the_policy_that_the_command_prints_is_the_one_in_the_docs() -> None:
    assert _page_policy() == read_policy()


@pytest.mark.parametrize("page", ["README.md", "docs/concepts.md"])
def test_the_causes_are_counted(page: str) -> None:
    assert f"[{len(catalogue())} causes]" in (ROOT / page).read_text()
