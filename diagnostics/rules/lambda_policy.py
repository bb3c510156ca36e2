"""Whether a function's resource policy lets the load balancer call it for one target group.

A policy belongs to one qualifier: what is allowed on the function itself is not allowed on its alias, and the other way
round. https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
"""

from __future__ import annotations

from collections.abc import Iterable

from diagnostics.facts import InvokeStatement, LambdaTarget
from diagnostics.rules.patterns import wildcard_match


def may_invoke(statements: Iterable[InvokeStatement] | None, target_group: str) -> bool | None:
    """None when the policy was not read, or only statements with unknown conditions could allow it."""
    if statements is None:
        return None
    known = [one for one in statements if _is_about(one, target_group)]
    denied = [one for one in known if not one.allows]
    if any(not one.conditions_unread for one in denied):
        return False
    allowed = [one for one in known if one.allows]
    if any(not one.conditions_unread for one in allowed) and not denied:
        return True
    return None if allowed or denied else False


def why_not(target: LambdaTarget) -> str:
    """What is wrong with a policy that does not allow it, in words."""
    where = f"{target.qualifier} of {target.name}" if target.qualifier else target.name
    if target.qualifier and may_invoke(target.function_policy, target.target_group):
        return (
            f"the load balancer may invoke the function {target.name}, but not its {_kind(target)} {target.qualifier},"
            " which is the target"
        )
    others = [arn for one in target.policy or () if one.allows for arn in one.source_arns]
    if others:
        return f"the permission on {where} names another source: {others[0]}"
    return f"no statement of the policy on {where} lets elasticloadbalancing.amazonaws.com invoke it"


def _kind(target: LambdaTarget) -> str:
    return "version" if target.is_version else "alias"


def _is_about(statement: InvokeStatement, target_group: str) -> bool:
    """IAM's wildcards are those of listener rules: ``*`` and ``?``."""
    account = target_group.split(":")[4]
    by_arn = not statement.source_arns or any(wildcard_match(one, target_group) for one in statement.source_arns)
    by_account = not statement.source_accounts or any(wildcard_match(one, account) for one in statement.source_accounts)
    return by_arn and by_account
