"""Give requests of a function the shape again that it answered."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import LambdaTarget, LambdaTargets, TargetGroupAttributes
from diagnostics.report import SettingChange
from diagnostics.rules import lambda_calls
from diagnostics.rules.header_switch import switched
from diagnostics.rules.lambda_headers import ATTRIBUTE, multi_value
from remediations.fix import Case, fix
from remediations.plan import Plan, Success, Undo
from remediations.steps import functions, target_groups
from remediations.steps.functions import COUNTED_AFTER_S

EFFECT_S = 30


@fix(
    id="lambda-multi-value-headers",
    title="Give the function's requests their former shape",
    risk="medium",
    causes=("lambda-multi-value-header-mismatch",),
    calls=("elasticloadbalancing:ModifyTargetGroupAttributes",),
    needs=(LambdaTargets, TargetGroupAttributes),
    uses=lambda_calls.LAMBDA_USES,
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html",),
)
def lambda_multi_value_headers(case: Case) -> Iterator[Plan]:
    """Sets the target group's attribute lambda.multi_value_headers.enabled to what it was before somebody switched it,
    where a record says so, the errors began then, and no newer code came in between: the function's calls worked with
    the former shape.

    It changes requests and answers at once. A function that was written for the new shape in the meantime fails under
    the former one. The undo switches it again.
    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
    """
    if case.cause.band == "possible":
        return
    for one in lambda_calls.calls(case.facts):
        group = one.target.target_group
        lists = multi_value(case.facts[TargetGroupAttributes], group)
        if group not in case.cause.resources or lists is None:
            continue
        change = switched(case.facts, one, lists=lists, since=one.since(one.rows))
        if change is not None:
            why = f"{change.actor[:80]} switched it at {change.at:%H:%M} UTC"
            yield _plan(case, one.target, lists=lists, why=why)


def _plan(case: Case, target: LambdaTarget, *, lists: bool, why: str) -> Plan:
    name, arn = target.target_group.split("/")[-2], target.target_group
    present, former = ("true", "false") if lists else ("false", "true")
    as_read, written = (
        target_groups.attribute(arn, ATTRIBUTE, value, f"{ATTRIBUTE} of {name} is {value}")
        for value in (present, former)
    )
    return Plan(
        fix="lambda-multi-value-headers",
        title=f"Multi-value headers of target group {name}: {present} → {former}",
        risk="medium",
        resource=arn,
        changes=(SettingChange(resource=arn, setting=ATTRIBUTE, before=present, after=former),),
        guards=(as_read,),
        writes=(target_groups.set_attribute(arn, ATTRIBUTE, former, written),),
        success=Success(
            text="the load balancer's calls of the function no longer fail",
            within_s=COUNTED_AFTER_S,
            guards=(written,),
            quiet=functions.quiet(case.facts.subject, target),
        ),
        undo=Undo(
            kind="exact",
            text=f"sets it to {present} again",
            writes=(target_groups.set_attribute(arn, ATTRIBUTE, present, as_read),),
            guards=(written,),
        ),
        touches=f"every request to {target.label} through {name}, and every answer",
        warnings=(why, "it changes the shape of requests and answers at once"),
        eta_s=EFFECT_S,
    )
