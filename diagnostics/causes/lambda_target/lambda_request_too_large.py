"""A request is larger than a load balancer hands to a function."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause
from diagnostics.facts import AccessLogs
from diagnostics.rules import lambda_calls
from diagnostics.rules.lambda_calls import LambdaCalls
from diagnostics.rules.row_clusters import RowCluster

REASON = "LambdaRequestTooLarge"


@cause(
    code="lambda-request-too-large",
    title="Requests are larger than a function may get",
    needs=lambda_calls.LAMBDA_NEEDS,
    uses=lambda_calls.LAMBDA_USES,
    clear_needs=(AccessLogs,),
    docs=lambda_calls.DOCS,
)
def lambda_request_too_large(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows of 413 with the reason LambdaRequestTooLarge: a body of more than 1 MB for a function.
    The function never sees such a request. Other 413s are of headers that are too long, and have no such reason.
    """
    for one in lambda_calls.calls(facts):
        rows = one.because(REASON)
        if rows:
            yield _finding(facts, one, rows)


def _finding(facts: Facts, one: LambdaCalls, rows: tuple[RowCluster, ...]) -> Finding:
    where = lambda_calls.mostly_of(rows)
    largest = max((row.received_bytes or 0 for cluster in rows for row in cluster.rows), default=0)
    size = f"; the largest had {largest / 1_000_000:.1f} MB" if largest else ""
    return lambda_calls.finding_of(
        facts,
        one,
        rows,
        summary=f"Requests to {one.target.label} have a body of more than 1 MB"
        f"{lambda_calls.how_many(one, rows)}{where}",
        supports=tuple(lambda_calls.row_records(facts, rows, f"{where}{size}")),
        overturned_by="Rows of these 413s with received_bytes below 1 MB",
        advice="Let callers send large files straight to S3 with a presigned URL, or in parts; the limit of 1 MB for a"
        " function behind a load balancer cannot be raised.",
    )
