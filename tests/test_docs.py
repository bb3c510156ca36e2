"""What the docs say about the program is what the program does."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from diagnostics.aws_access import iam_action

ROOT = Path(__file__).resolve().parent.parent
SERVICES = {"cloudtrail", "cloudwatch", "ec2", "ecs", "elbv2", "lambda", "route53", "sts"}
NEEDS_NO_PERMISSION = {"sts:GetCallerIdentity"}


def _called_actions() -> Iterator[str]:
    """Every pair of a service and an operation that stands side by side in a call of the reading packages."""
    for package in ("collect", "locate", "aws_access"):
        for file in (ROOT / "diagnostics" / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call):
                    words = [
                        arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
                    ]
                    if len(words) >= 2 and words[0] in SERVICES:
                        yield iam_action(words[0], words[1])


def _policy_actions() -> set[str]:
    page = (ROOT / "docs" / "permissions.md").read_text()
    block = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert block is not None
    statement = json.loads(block[1])["Statement"][0]
    assert statement["Action"] == sorted(statement["Action"])
    return set(statement["Action"])


def test_the_policy_in_the_docs_allows_exactly_what_is_called() -> None:
    assert set(_called_actions()) - NEEDS_NO_PERMISSION == _policy_actions()


def test_no_link_between_pages_is_dead() -> None:
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert dead == []
