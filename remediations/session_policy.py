"""The policy that a session is cut to: only the actions of one plan, only on its ARNs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from remediations.plan import Grant, Plan

MAX_CHARS: Final = 2_048
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html: plain text of the inline session policy."""


class PolicyTooLargeError(Exception):
    """The plan needs more words than a session policy may have."""

    def __init__(self, size: int) -> None:
        super().__init__(f"its session policy would have {size} characters and {MAX_CHARS} are allowed")


def session_policy(plan: Plan) -> str:
    """For the writes of the plan; its undo gets a session of its own. Raises `PolicyTooLargeError`."""
    text = policy_text(grant for write in plan.writes for grant in write.grants)
    if len(text) > MAX_CHARS:
        raise PolicyTooLargeError(len(text))
    return text


def policy_text(grants: Iterable[Grant]) -> str:
    """A policy document in as few characters as it goes."""
    document = {"Version": "2012-10-17", "Statement": statements(grants)}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=True)


def statements(grants: Iterable[Grant]) -> list[dict[str, Any]]:
    """One statement for all actions that share their condition and their resources."""
    resources: dict[tuple[str, str], dict[str, None]] = {}
    for grant in grants:
        key = (grant.action, json.dumps(grant.condition, sort_keys=True))
        resources.setdefault(key, {}).update(dict.fromkeys(grant.resources))
    actions: dict[tuple[tuple[str, ...], str], dict[str, None]] = {}
    for (action, condition), arns in resources.items():
        actions.setdefault((tuple(sorted(arns)), condition), {})[action] = None
    return [
        {"Effect": "Allow", "Action": _one_or_all(sorted(names)), "Resource": _one_or_all(arns)}
        | ({"Condition": json.loads(condition)} if condition != "{}" else {})
        for (arns, condition), names in sorted(actions.items())
    ]


def _one_or_all(values: Iterable[str]) -> str | list[str]:
    found = list(values)
    return found[0] if len(found) == 1 else found
