"""Whether what a plan calls stands in the published policy, and what fits into a session."""

from __future__ import annotations

import re
from functools import cache

from demo.aws.iam_policy import Policy, Verdict
from remediations import policy
from remediations.catalogue import catalogue
from remediations.plan import PLAN_TAG, Grant, Plan, Write
from remediations.policy import published_policy
from remediations.session_policy import session_policy


def is_published(plan: Plan) -> None:
    """Each call of a plan, judged by the policy of its own fix on the plan's own ARNs; and its session policy fits."""
    wanted = [(write, grant) for write in (*plan.writes, *plan.undo.writes) for grant in write.grants]
    for write, grant in wanted:
        assert grant.action in catalogue()[plan.fix].calls, f"`calls` of {plan.fix} lacks {grant}"
        assert grant.action in policy._KINDS, f"remediations/policy.py does not say what {grant.action} may touch"
        for arn in grant.resources:
            verdict = _policy(plan.fix).judge(grant.action, _as_in_aws(arn), _context(grant) | _of_request(write))
            assert verdict is Verdict.ALLOWED, (plan.fix, grant.action, arn)
    assert session_policy(plan)


def _as_in_aws(arn: str) -> str:
    """The incidents of the tests name a rule by its listener's ARN and a word of their own."""
    return re.sub(r":listener/(app(/[^/]+){4})\Z", r":listener-rule/\1", arn)


def _context(grant: Grant) -> dict[str, str]:
    return {key: str(value) for keys in grant.condition.values() for key, value in keys.items()}


def _of_request(write: Write) -> dict[str, str]:
    """Condition keys that AWS fills from the call itself."""
    given = write.call.parameters
    principal, tags = given.get("Principal"), given.get("Tags")
    found = (
        {f"aws:RequestTag/{one['Key']}": "p-1" for one in tags if isinstance(one, dict)}
        if isinstance(tags, list)
        else {}
    )
    if write.call.operation in ("delete_rule", "delete_target_group"):
        found[f"aws:ResourceTag/{PLAN_TAG}"] = "p-1"  # with which it was made
    return found | ({"lambda:Principal": principal} if isinstance(principal, str) else {})


@cache
def _policy(fix: str) -> Policy:
    return Policy(published_policy([fix], account="*"))
