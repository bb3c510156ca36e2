"""Whether IAM policy documents allow an action on a resource.

The parts of the evaluation logic that identity-based and session policies use: explicit deny wins, Action and
NotAction, Resource and NotResource, `*` and `?`, and the string, ARN and Bool conditions.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any

MAX_STATEMENTS = 500


class Verdict(Enum):
    """What a set of policies says together."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicit deny"
    IMPLICIT_DENY = "implicit deny"


class Policy:
    """One policy document, checked when it is made.

    Raises ValueError for a statement without an effect, an action or a resource, and for a condition operator that
    is not supported: ignoring one would allow what AWS denies.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        statements = _as_list(document["Statement"])
        if len(statements) > MAX_STATEMENTS:
            raise ValueError(f"a policy has at most {MAX_STATEMENTS} statements here")
        for statement in statements:
            _check(statement)
        self._statements = statements

    def judge(self, action: str, resource: str, context: Mapping[str, str]) -> Verdict:
        """The verdict on one action (`ecs:UpdateService`) on one resource (an ARN or `*`) in a request context."""
        effects = {one["Effect"] for one in self._statements if _applies(one, action, resource, context)}
        if "Deny" in effects:
            return Verdict.EXPLICIT_DENY
        return Verdict.ALLOWED if "Allow" in effects else Verdict.IMPLICIT_DENY


def judge_all(policies: Sequence[Policy], action: str, resource: str, context: Mapping[str, str]) -> Verdict:
    """What several policies of one principal say together: one allow suffices, one deny decides."""
    verdicts = {policy.judge(action, resource, context) for policy in policies}
    if Verdict.EXPLICIT_DENY in verdicts:
        return Verdict.EXPLICIT_DENY
    return Verdict.ALLOWED if Verdict.ALLOWED in verdicts else Verdict.IMPLICIT_DENY


def _check(statement: Mapping[str, Any]) -> None:
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise ValueError(f"a statement needs the effect Allow or Deny: {statement}")
    if ("Action" in statement) == ("NotAction" in statement):
        raise ValueError(f"a statement needs either Action or NotAction: {statement}")
    if ("Resource" in statement) == ("NotResource" in statement):
        raise ValueError(f"a statement needs either Resource or NotResource: {statement}")
    for condition in statement.get("Condition", {}):
        if condition.removesuffix("IfExists") not in _OPERATORS:
            raise ValueError(f"unsupported condition operator {condition}")


def _applies(statement: Mapping[str, Any], action: str, resource: str, context: Mapping[str, str]) -> bool:
    return (
        _element(statement, "Action", action, fold_case=True)
        and _element(statement, "Resource", resource, fold_case=False)
        and all(
            _condition(condition, expected, context) for condition, expected in statement.get("Condition", {}).items()
        )
    )


def _element(statement: Mapping[str, Any], name: str, value: str, *, fold_case: bool) -> bool:
    if f"Not{name}" in statement:
        return not any(_like(pattern, value, fold_case) for pattern in _as_list(statement[f"Not{name}"]))
    return any(_like(pattern, value, fold_case) for pattern in _as_list(statement[name]))


def _condition(operator: str, expected: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    """Every key must match one of its values; a key that the request lacks matches only with IfExists or negation."""
    test = _OPERATORS[operator.removesuffix("IfExists")]
    if_missing = operator.endswith("IfExists") or "Not" in operator
    folded = {key.lower(): value for key, value in context.items()}
    return all(
        test([str(value) for value in _as_list(values)], folded[key.lower()]) if key.lower() in folded else if_missing
        for key, values in expected.items()
    )


def _like(pattern: str, value: str, fold_case: bool = False) -> bool:
    return _pattern(pattern, fold_case).fullmatch(value) is not None


@lru_cache(maxsize=4_096)
def _pattern(pattern: str, fold_case: bool) -> re.Pattern[str]:
    escaped = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(escaped, re.IGNORECASE | re.DOTALL if fold_case else re.DOTALL)


_OPERATORS: Mapping[str, Callable[[Sequence[str], str], bool]] = {
    "ArnEquals": lambda expected, actual: any(_like(one, actual) for one in expected),
    "ArnLike": lambda expected, actual: any(_like(one, actual) for one in expected),
    "ArnNotEquals": lambda expected, actual: not any(_like(one, actual) for one in expected),
    "ArnNotLike": lambda expected, actual: not any(_like(one, actual) for one in expected),
    "Bool": lambda expected, actual: any(one.lower() == actual.lower() for one in expected),
    "StringEquals": lambda expected, actual: actual in expected,
    "StringEqualsIgnoreCase": lambda expected, actual: actual.lower() in {one.lower() for one in expected},
    "StringLike": lambda expected, actual: any(_like(one, actual) for one in expected),
    "StringNotEquals": lambda expected, actual: actual not in expected,
    "StringNotLike": lambda expected, actual: not any(_like(one, actual) for one in expected),
}


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
