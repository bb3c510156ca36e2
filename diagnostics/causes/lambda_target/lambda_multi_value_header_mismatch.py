"""The target group and the function disagree about the shape of headers."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import ApplicationLogs, Change, Changes, LogLine, TargetGroupAttributes
from diagnostics.rules import lambda_calls
from diagnostics.rules.changes import change_evidence
from diagnostics.rules.header_switch import switched
from diagnostics.rules.lambda_calls import LambdaCalls
from diagnostics.rules.lambda_headers import ATTRIBUTE, misses_the_other_shape, multi_value
from diagnostics.rules.row_clusters import RowCluster

REASONS = ("LambdaInvalidResponse", "LambdaUnhandled")


@cause(
    code="lambda-multi-value-header-mismatch",
    title="Target group and function disagree about multi-value headers",
    needs=(*lambda_calls.LAMBDA_NEEDS, TargetGroupAttributes),
    uses=lambda_calls.LAMBDA_USES,
    clear_needs=(*lambda_calls.LAMBDA_CLEAR_NEEDS, ApplicationLogs, Changes),
    shows=lambda_calls.SHOWS,
    docs=lambda_calls.DOCS,
    replaces=("lambda-invalid-response", "lambda-unhandled-error"),
    leads_to=lambda_calls.LEADS_TO,
)
def lambda_multi_value_header_mismatch(facts: Facts) -> Iterator[Finding]:
    """Decided by requests that fail with LambdaInvalidResponse or LambdaUnhandled since the attribute
    lambda.multi_value_headers.enabled was changed, or by an error in the function's log about the member that requests
    of the present setting do not have. Refuted where the two agree: an answer with headers of null is an invalid
    response, whatever the attribute says.
    """
    for one in lambda_calls.calls(facts):
        lists = multi_value(facts.maybe(TargetGroupAttributes), one.target.target_group)
        rows = one.because(*REASONS)
        if lists is None or not (rows or one.suffers):
            continue
        said = [line for line in one.said("unhandled-error", "crash") if misses_the_other_shape(line.text, lists=lists)]
        switch = switched(facts, one, lists=lists, since=one.since(rows))
        if said or switch:
            yield _finding(facts, one, rows, said, switch, lists=lists)


def _finding(
    facts: Facts,
    one: LambdaCalls,
    rows: tuple[RowCluster, ...],
    said: list[LogLine],
    switch: Change | None,
    *,
    lists: bool,
) -> Finding:
    shape, other = ("multiValueHeaders", "headers") if lists else ("headers", "multiValueHeaders")
    since = one.since(rows)
    return Finding(
        resource=one.target.target_group,
        summary=f"The target group passes {shape}, while {one.target.label} works with {other}"
        f"{lambda_calls.how_many(one, rows)}",
        supports=(
            *lambda_calls.quoted(one, said),
            _setting(lists=lists, proven=bool(said)),
            *([change_evidence(switch, since)] if switch else ()),
            *lambda_calls.row_records(facts, rows, decides=False),
            *lambda_calls.counter_records(one),
        ),
        effect_seen=True,
        affects=frozenset({one.target.target}),
        explains=one.explains(rows, facts.observed.symptoms),
        since=since,
        overturned_by=f"One request, printed into the function's log, to which it answers with {shape}",
        advice=_advice(one, shape, lists=lists),
        at_most=None if said and rows else "likely",
    )


def _setting(*, lists: bool, proven: bool) -> Evidence:
    text = f"{ATTRIBUTE} is {'true' if lists else 'false'}"
    return (decisive if proven else supporting)(text, "elbv2:DescribeTargetGroupAttributes", value=lists)


def _advice(one: LambdaCalls, shape: str, *, lists: bool) -> str:
    back = "false" if lists else "true"
    return (
        f"Let the function read and return {shape}, or set the attribute to what it was written for: `aws elbv2"
        f" modify-target-group-attributes --target-group-arn {one.target.target_group} --attributes"
        f" Key={ATTRIBUTE},Value={back}`. Either changes requests and answers at once."
    )
