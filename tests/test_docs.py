"""What the docs say about the program is what the program does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.session
from botocore import xform_name

from bot.cli import aws_pages
from diagnostics.aws_access import iam_action
from diagnostics.aws_access.read_policy import STATEMENTS

ROOT = Path(__file__).resolve().parent.parent
READS = ("describe_", "get_", "list_")
NEEDS_NO_PERMISSION = {"sts:GetCallerIdentity"}


def _called_actions() -> Iterator[str]:
    """Every operation that a reading module names, of the services that it names; and what fixes read before and after
    they write."""
    session = botocore.session.get_session()
    services = set(session.get_available_services())
    operations = cache(lambda name: {xform_name(one) for one in session.get_service_model(name).operation_names})
    for package in ("diagnostics/collect", "diagnostics/locate", "diagnostics/aws_access", "remediations"):
        for file in (ROOT / package).rglob("*.py"):
            words = {
                node.value
                for node in ast.walk(ast.parse(file.read_text()))
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            }
            named = services & words
            if package == "remediations":
                words = {word for word in words if word.startswith(READS)}
            for service in named:
                yield from (iam_action(service, operation) for operation in operations(service) & words)


def test_the_policy_allows_exactly_what_is_called() -> None:
    assert all(list(actions) == sorted(actions) for actions in STATEMENTS.values())
    called = set(_called_actions()) - NEEDS_NO_PERMISSION
    allowed = {one for actions in STATEMENTS.values() for one in actions}
    assert called - allowed == set(), "diagnostics/aws_access/read_policy.py does not allow it"
    assert allowed - called == set(), "nothing calls it"


def test_the_policy_that_the_command_prints_is_the_one_in_the_docs() -> None:
    page = (ROOT / aws_pages.TOLD).read_text()
    changed = page.replace('"ecs:ListTasks"', '"ecs:ListNothing"')
    assert changed != page
    assert aws_pages.told(changed) == page, "run: python -m bot.cli.aws_pages"
