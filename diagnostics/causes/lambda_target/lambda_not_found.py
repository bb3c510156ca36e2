"""The target is a function, an alias or a version that does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import LambdaTarget
from diagnostics.rules import lambda_calls
from diagnostics.rules.lambda_calls import LambdaCalls
from diagnostics.rules.row_clusters import RowCluster

REASON = "LambdaResourceNotFound"
CHANGES = ("DeleteFunction", "DeleteAlias", "UpdateAlias")


@cause(
    code="lambda-not-found",
    title="The function behind the target group does not exist",
    needs=lambda_calls.LAMBDA_NEEDS,
    uses=lambda_calls.LAMBDA_USES,
    clear_needs=lambda_calls.LAMBDA_CLEAR_NEEDS,
    shows=lambda_calls.SHOWS,
    docs=lambda_calls.DOCS,
    leads_to=lambda_calls.LEADS_TO,
)
def lambda_not_found(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows with the reason LambdaResourceNotFound, and by Lambda, which does not know the
    function with the qualifier that is registered: the function, its alias, or the version that it leads to was
    deleted. Refuted by a function that exists. Without requests it is a risk.
    """
    for one in lambda_calls.calls(facts):
        rows, gone = one.because(REASON), one.target.target_exists is False
        if rows or (gone and one.suffers):
            yield _finding(facts, one, rows, gone=gone)
        elif gone and not one.rows:
            yield _risk(one, blind=facts.observed.errors_unread)


def _finding(facts: Facts, one: LambdaCalls, rows: tuple[RowCluster, ...], *, gone: bool) -> Finding:
    since = one.since(rows)
    what = _what_is_missing(one.target) if gone else f"{one.target.label} was not found"
    return lambda_calls.finding_of(
        facts,
        one,
        rows,
        summary=f"{what}{lambda_calls.how_many(one, rows)}",
        supports=(
            *lambda_calls.row_records(facts, rows),
            *([decisive(what, "lambda:GetFunctionConfiguration")] if gone else ()),
            *lambda_calls.counter_records(one),
            *lambda_calls.changed_before(facts, one, since, *CHANGES),
        ),
        against=_against(one.target),
        overturned_by=f"An answer of: aws lambda get-function-configuration --function-name {one.target.target}",
        advice=_advice(one.target),
        at_most=None if rows else "likely",
    )


def _what_is_missing(target: LambdaTarget) -> str:
    if target.alias is not None:
        return f"The alias {target.qualifier} of {target.name} leads to version {target.alias.version}, which is gone"
    if target.function_exists is False or target.qualifier is None:
        return f"The function {target.name} does not exist"
    return f"The function {target.name} has no {'version' if target.is_version else 'alias'} {target.qualifier}"


def _against(target: LambdaTarget) -> Iterator[Evidence]:
    if target.target_exists:
        yield supporting("it exists now; it may have been made since", "lambda:GetFunctionConfiguration")


def _advice(target: LambdaTarget) -> str:
    again = "and let the load balancer invoke it (a permission is deleted with what it was on)"
    if target.alias is not None:
        return (
            f"See which versions there are: `aws lambda list-versions-by-function --function-name {target.name}`, and"
            f" point the alias to one of them: `aws lambda update-alias --function-name {target.name}"
            f" --name {target.qualifier} --function-version N`"
        )
    if target.is_alias and target.function_exists is not False:
        return (
            f"Make the alias again: `aws lambda create-alias --function-name {target.name} --name {target.qualifier}"
            f" --function-version N`, {again}."
        )
    return (
        f"Deploy the function again under this name, or register another one: `aws elbv2 register-targets"
        f" --target-group-arn {target.target_group} --targets Id=FUNCTION_ARN`, {again}."
    )


def _risk(one: LambdaCalls, *, blind: bool) -> Finding:
    return lambda_calls.risk_of(
        one,
        summary=f"{_what_is_missing(one.target)}{'' if blind else '; no request came for it'}",
        record=decisive(_what_is_missing(one.target), "lambda:GetFunctionConfiguration"),
        advice=_advice(one.target),
    )
