"""The load balancer may not invoke the function."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Changes, Metrics
from diagnostics.rules import lambda_calls
from diagnostics.rules.changes import change_evidence, changes_before_onset
from diagnostics.rules.lambda_calls import COUNTERS, LambdaCalls
from diagnostics.rules.lambda_policy import may_invoke, why_not
from diagnostics.rules.row_clusters import RowCluster

REASON = "LambdaAccessDenied"
CHANGES = ("RemovePermission", "AddPermission", "UpdateAlias", "DeleteAlias", "CreateAlias", "RegisterTargets")


@cause(
    code="lambda-permission-missing",
    title="The load balancer may not invoke the function",
    needs=lambda_calls.LAMBDA_NEEDS,
    uses=lambda_calls.LAMBDA_USES,
    clear_needs=lambda_calls.LAMBDA_CLEAR_NEEDS,
    shows=lambda_calls.SHOWS,
    docs=(*lambda_calls.DOCS, "https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html"),
    leads_to=lambda_calls.LEADS_TO,
)
def lambda_permission_missing(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows with the reason LambdaAccessDenied, and by a resource policy, of the very qualifier
    that is registered, in which no statement lets Elastic Load Balancing invoke the function for this target group. A
    permission on the function does not count for its alias, nor the other way round. Refuted by such a statement.
    Without errors a missing one is a risk.
    """
    for one in lambda_calls.calls(facts):
        allowed, rows = may_invoke(one.target.policy, one.target.target_group), one.because(REASON)
        refused = allowed is False and one.target.target_exists is not False
        if rows or (refused and one.suffers and not one.invocations):
            yield _finding(facts, one, rows, allowed)
        elif refused and not one.rows and not _is_answered(facts, one):
            yield _risk(one)


def _is_answered(facts: Facts, one: LambdaCalls) -> bool:
    """Requests that the function answers prove that it may be invoked, whatever the policy seems to say."""
    metrics, group = facts.maybe(Metrics), one.target.target_group.rsplit(":", 1)[-1]
    if not isinstance(metrics, Metrics):
        return False
    return any(
        point.value > 0
        for series in metrics.with_metric("HTTPCode_Target_2XX_Count")
        if dict(series.dimensions).get("TargetGroup") == group
        for point in series.between(facts.window.start, facts.window.end)
    )


def _finding(facts: Facts, one: LambdaCalls, rows: tuple[RowCluster, ...], allowed: bool | None) -> Finding:
    return lambda_calls.finding_of(
        facts,
        one,
        rows,
        summary=f"The load balancer may not invoke {one.target.label}{lambda_calls.how_many(one, rows)}"
        + (f"; {why_not(one.target)}" if allowed is False else ""),
        supports=(
            *lambda_calls.row_records(facts, rows),
            *_policy(one, allowed),
            *_never_ran(one, rows),
            *lambda_calls.counter_records(one),
            *_changed(facts, one),
        ),
        against=_against(allowed),
        overturned_by=f"A statement for {one.target.target_group} in: aws lambda get-policy --function-name"
        f" {_qualified(one)}",
        advice=_advice(one),
        at_most=None if rows else "likely",
    )


def _policy(one: LambdaCalls, allowed: bool | None) -> Iterator[Evidence]:
    if allowed is False:
        yield decisive(why_not(one.target), "lambda:GetPolicy")


def _never_ran(one: LambdaCalls, rows: tuple[RowCluster, ...]) -> Iterator[Evidence]:
    if not rows and one.invocations == 0 and one.counted:
        yield supporting("the function was not invoked in the minutes with errors", COUNTERS)


def _changed(facts: Facts, one: LambdaCalls) -> Iterator[Evidence]:
    target = one.target
    found = changes_before_onset(
        facts.maybe(Changes),
        resources=(target.name, target.function_arn, target.target, target.label, target.target_group),
        names=CHANGES,
        onset=facts.observed.onset,
    )
    for change in found[:1]:
        yield change_evidence(change, facts.observed.onset if "RemovePermission" in change.name else None)


def _against(allowed: bool | None) -> Iterator[Evidence]:
    if allowed:
        yield supporting("a statement of the policy allows it now; it may have been added since", "lambda:GetPolicy")
    elif allowed is None:
        text = "the function's policy was not read, or has conditions that are not understood"
        yield supporting(text, "lambda:GetPolicy")


def _qualified(one: LambdaCalls) -> str:
    """The function, with the alias or version that is registered of it."""
    qualifier = f" --qualifier {one.target.qualifier}" if one.target.qualifier else ""
    return f"{one.target.name}{qualifier}"


def _advice(one: LambdaCalls) -> str:
    return (
        "Let the load balancer invoke it, for this target group alone:"
        f" `aws lambda add-permission --function-name {_qualified(one)} --statement-id alb"
        " --action lambda:InvokeFunction --principal elasticloadbalancing.amazonaws.com"
        f" --source-arn {one.target.target_group}`"
    )


def _risk(one: LambdaCalls) -> Finding:
    return lambda_calls.risk_of(
        one,
        summary=f"The load balancer may not invoke {one.target.label}: {why_not(one.target)}",
        record=decisive(why_not(one.target), "lambda:GetPolicy"),
        advice=_advice(one),
    )
