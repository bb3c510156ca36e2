"""The function answers something that the load balancer cannot turn into a response."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, supporting
from diagnostics.facts import TargetGroupAttributes
from diagnostics.rules import lambda_calls
from diagnostics.rules.lambda_calls import CODE_CHANGES, COUNTERS, LambdaCalls
from diagnostics.rules.lambda_headers import multi_value
from diagnostics.rules.lambda_policy import may_invoke
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import NOT_READ

REASON = "LambdaInvalidResponse"
ENDED_WELL = 0.5


@cause(
    code="lambda-invalid-response",
    title="The function's answer is not in the form that the load balancer needs",
    needs=lambda_calls.LAMBDA_NEEDS,
    uses=(*lambda_calls.LAMBDA_USES, TargetGroupAttributes),
    clear_needs=lambda_calls.LAMBDA_CLEAR_NEEDS,
    shows=lambda_calls.SHOWS,
    docs=lambda_calls.DOCS,
    leads_to=lambda_calls.LEADS_TO,
)
def lambda_invalid_response(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows with the reason LambdaInvalidResponse: the function ended well, and its answer lacks
    an integer statusCode, has headers or a statusDescription of null, a header that is no string, or no JSON object.
    Errors of the function itself speak against it. Without rows, failed requests with no error and no throttling of the
    function only fit.
    """
    for one in lambda_calls.calls(facts):
        rows = one.because(REASON)
        if rows or _answers_nothing_useful(one):
            yield _finding(facts, one, rows)


def _answers_nothing_useful(one: LambdaCalls) -> bool:
    """It ran as often as it failed the load balancer, and ended well each time."""
    refused = may_invoke(one.target.policy, one.target.target_group) is False or one.target.target_exists is False
    ran = (one.invocations or 0) >= ENDED_WELL * (one.user_errors or 0)
    return one.counted and ran and one.errors == 0 and one.throttles == 0 and not refused


def _finding(facts: Facts, one: LambdaCalls, rows: tuple[RowCluster, ...]) -> Finding:
    since = one.since(rows)
    doubt = "" if rows else ", or one that is too large"
    return lambda_calls.finding_of(
        facts,
        one,
        rows,
        summary=f"{one.target.label} gives the load balancer an answer that is no valid response{doubt}"
        f"{lambda_calls.how_many(one, rows)}",
        supports=(
            *lambda_calls.row_records(facts, rows),
            *lambda_calls.ended_well(one, decides=_ran_as_often(one, rows)),
            *lambda_calls.counter_records(one),
            *lambda_calls.changed_before(facts, one, since, *CODE_CHANGES),
        ),
        against=_against(one, rows),
        overturned_by="What the function returns for one of these requests, printed into its log: an object with an"
        " integer statusCode, headers of strings and a body",
        advice=_advice(facts, one),
        at_most=None if rows else "possible",
    )


def _ran_as_often(one: LambdaCalls, rows: tuple[RowCluster, ...]) -> bool:
    return bool(rows) and (one.invocations or 0) >= ENDED_WELL * sum(cluster.count for cluster in rows)


def _against(one: LambdaCalls, rows: tuple[RowCluster, ...]) -> Iterator[Evidence]:
    if not rows:
        yield supporting(NOT_READ, COUNTERS)
    elif one.errors and not one.because("LambdaUnhandled"):
        text = f"the function counts {one.errors:,} errors of its own in the same minutes"
        yield supporting(text, COUNTERS, value=one.errors)


def _advice(facts: Facts, one: LambdaCalls) -> str:
    several = multi_value(facts.maybe(TargetGroupAttributes), one.target.target_group)
    headers = (
        '"multiValueHeaders": {"Content-Type": ["text/html"]}'
        if several
        else '"headers": {"Content-Type": "text/html"}'
    )
    return (
        f'Return {{"statusCode": 200, {headers}, "body": "…", "isBase64Encoded": false}}: statusCode a number, header'
        " values strings and never null, the body a string (base64 for bytes, with isBase64Encoded true)."
    )
