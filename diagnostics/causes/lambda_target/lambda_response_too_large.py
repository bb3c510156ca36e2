"""The function's answer is larger than a load balancer takes from a function."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause
from diagnostics.facts import AccessLogs
from diagnostics.rules import lambda_calls
from diagnostics.rules.lambda_calls import CODE_CHANGES, LambdaCalls
from diagnostics.rules.row_clusters import RowCluster

REASON = "LambdaResponseTooLarge"


@cause(
    code="lambda-response-too-large",
    title="The function's answer is larger than 1 MB",
    needs=lambda_calls.LAMBDA_NEEDS,
    uses=lambda_calls.LAMBDA_USES,
    clear_needs=(AccessLogs,),
    shows=lambda_calls.SHOWS,
    docs=lambda_calls.DOCS,
    leads_to=lambda_calls.LEADS_TO,
)
def lambda_response_too_large(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows with the reason LambdaResponseTooLarge: the answer as JSON, base64 and headers
    included, is larger than 1 MB. Nothing else tells it from an answer of the wrong form, so that without rows it is
    never named.
    """
    for one in lambda_calls.calls(facts):
        rows = one.because(REASON)
        if rows:
            yield _finding(facts, one, rows)


def _finding(facts: Facts, one: LambdaCalls, rows: tuple[RowCluster, ...]) -> Finding:
    where = lambda_calls.mostly_of(rows)
    since = one.since(rows)
    return lambda_calls.finding_of(
        facts,
        one,
        rows,
        summary=f"{one.target.label} answers with more than 1 MB{lambda_calls.how_many(one, rows)}{where}",
        supports=(
            *lambda_calls.row_records(facts, rows, where),
            *lambda_calls.ended_well(one),
            *lambda_calls.changed_before(facts, one, since, *CODE_CHANGES),
        ),
        overturned_by="The size of such an answer as JSON, printed into the function's log: less than 1 MB",
        advice="Put large bodies into S3 and answer with a redirect (302) to a presigned URL, or answer in pages, or"
        " compress. The limit cannot be raised; base64 makes a body a third larger.",
    )
