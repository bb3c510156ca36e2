"""Let the load balancer invoke the function."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from diagnostics.facts import LambdaTarget, LambdaTargets
from diagnostics.report import SettingChange
from diagnostics.rules.lambda_policy import may_invoke
from remediations.fix import Case, fix
from remediations.plan import Plan, Success, Undo
from remediations.steps import functions
from remediations.steps.functions import COUNTED_AFTER_S

EFFECT_S = 10
LATEST = "$LATEST"


@fix(
    id="lambda-permission",
    title="Let the load balancer invoke the function",
    risk="low",
    causes=("lambda-permission-missing",),
    calls=("lambda:AddPermission", "lambda:RemovePermission"),
    needs=(LambdaTargets,),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html",),
)
def lambda_permission(case: Case) -> Iterator[Plan]:
    """Adds one statement to the function's resource policy: Elastic Load Balancing may invoke it, for this target group
    of this account alone. The statement goes to the very alias or version that is registered, as a permission on the
    function does not count for its alias.

    Offered where the policy was read and no statement allows it, and none forbids it. Nobody else may do more than
    before. The undo removes exactly that statement.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
    """
    for target in case.facts[LambdaTargets].items:
        if target.target in case.cause.resources and _is_missing(target):
            yield _plan(case, target)


def _is_missing(target: LambdaTarget) -> bool:
    """Also not where a statement names this very target group and does not help: that one has to be understood."""
    named = any(target.target_group in one.source_arns for one in target.policy or ())
    refused = may_invoke(target.policy, target.target_group) is False and not named
    forbids = any(not one.allows for one in target.policy or ())
    return refused and not forbids and target.target_exists is True and target.qualifier != LATEST


def _plan(case: Case, target: LambdaTarget) -> Plan:
    group = target.target_group.split("/")[-2]
    statement = f"alb502-{hashlib.sha256(target.target_group.encode()).hexdigest()[:12]}"
    silent = f"the policy on {target.label} does not mention the target group {group}"
    unnamed = functions.names_statement(target, target.target_group, is_so=False, words=silent)
    present, absent = (
        functions.names_statement(
            target, statement, is_so=is_so, words=f"the policy on {target.label} has {verb} statement {statement}"
        )
        for is_so, verb in ((True, "the"), (False, "no"))
    )
    return Plan(
        fix="lambda-permission",
        title=f"Let the load balancer invoke {target.label} for target group {group}",
        risk="low",
        resource=target.function_arn,
        changes=(
            SettingChange(
                resource=target.target,
                setting=f"statement {statement} of the resource policy",
                before=None,
                after=f"elasticloadbalancing.amazonaws.com may invoke it for {target.target_group}",
            ),
        ),
        guards=(unnamed, absent),
        writes=(functions.allow(case.facts.subject, target, statement, present),),
        success=Success(
            text="the load balancer's calls of the function no longer fail",
            within_s=COUNTED_AFTER_S,
            guards=(present,),
            quiet=functions.quiet(case.facts.subject, target),
        ),
        undo=Undo(
            kind="exact",
            text=f"removes that statement from the policy on {target.label}",
            writes=(functions.disallow(target, statement, absent),),
            guards=(present,),
        ),
        touches=f"requests for target group {group}: the function answers them",
        eta_s=EFFECT_S,
    )
