"""The function's answer is larger than a load balancer takes from a function."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, supporting
from diagnostics.facts import AccessLogs
from diagnostics.rules import lambda_calls
from diagnostics.rules.lambda_calls import CODE_CHANGES, COUNTERS, LambdaCalls
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import share_words

REASON = "LambdaResponseTooLarge"


@cause(
    code="lambda-response-too-large",
    family="lambda",
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
    route = rows[0].top_route
    where = f", {share_words(route, 'route')}" if route and route.share >= 0.8 else ""
    since = one.since(rows)
    return Finding(
        resource=one.target.target,
        summary=f"{one.target.label} answers with more than 1 MB{lambda_calls.how_many(one, rows)}{where}",
        supports=(
            *lambda_calls.row_records(facts, rows, where),
            *_ended_well(one),
            *lambda_calls.changed_before(facts, one, since, *CODE_CHANGES),
        ),
        effect_seen=True,
        affects=frozenset({one.target.target}),
        explains=one.explains(rows, facts.observed.symptoms),
        since=since,
        overturned_by="The size of such an answer as JSON, printed into the function's log: less than 1 MB",
        advice="Put large bodies into S3 and answer with a redirect (302) to a presigned URL, or answer in pages, or"
        " compress. The limit cannot be raised; base64 makes a body a third larger.",
    )


def _ended_well(one: LambdaCalls) -> Iterator[Evidence]:
    if one.errors == 0 and one.invocations:
        text = f"the function itself ended {one.invocations:,} invocations without an error in the same minutes"
        yield supporting(text, COUNTERS, value=one.invocations)
