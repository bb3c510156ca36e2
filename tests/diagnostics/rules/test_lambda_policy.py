"""A function's policy as Lambda reads it: the right qualifier, the right source, wildcards."""

from __future__ import annotations

import pytest

from diagnostics.facts import InvokeStatement
from diagnostics.rules.lambda_policy import may_invoke

GROUP = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/checkout/73e2d6bc24d8a067"


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ((), False),
        ((InvokeStatement(),), True),
        ((InvokeStatement(source_arns=(GROUP,)),), True),
        ((InvokeStatement(source_arns=(GROUP.replace("checkout", "search"),)),), False),
        ((InvokeStatement(source_arns=("arn:aws:elasticloadbalancing:*:targetgroup/checkout/*",)),), True),
        ((InvokeStatement(source_arns=(GROUP,), source_accounts=("444455556666",)),), False),
        ((InvokeStatement(source_accounts=("111122223333",)),), True),
        ((InvokeStatement(conditions_unread=("Bool aws:SecureTransport",)),), None),
        ((InvokeStatement(), InvokeStatement(allows=False)), False),
        ((InvokeStatement(), InvokeStatement(allows=False, source_accounts=("444455556666",))), True),
        ((InvokeStatement(source_arns=("*" * 5000,)),), True),
        (None, None),
    ],
)
def test_who_may_invoke(statements: tuple[InvokeStatement, ...] | None, allowed: bool | None) -> None:
    assert may_invoke(statements, GROUP) is allowed
