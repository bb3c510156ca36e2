"""Lambda itself failed to take or to answer the request."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.printable import counted as number_of
from diagnostics.rules import lambda_calls
from diagnostics.rules.lambda_calls import COUNTERS, LambdaCalls
from diagnostics.rules.observations import NOISE_ERRORS
from diagnostics.rules.row_clusters import RowCluster

REASONS = ("LambdaServiceException", "LambdaConnectionError", "LambdaConnectionTimeout", "LambdaUnhandledException")
CODES = ("elb_500", "elb_502", "elb_503", "elb_504")


@cause(
    code="lambda-service-error",
    title="Lambda itself fails",
    needs=lambda_calls.LAMBDA_NEEDS,
    uses=lambda_calls.LAMBDA_USES,
    clear_needs=lambda_calls.LAMBDA_CLEAR_NEEDS,
    shows=CODES,
    docs=(*lambda_calls.DOCS, "https://health.aws.amazon.com/health/status"),
    leads_to=lambda_calls.LEADS_TO,
)
def lambda_service_error(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows with the reason LambdaServiceException, LambdaConnectionError, LambdaConnectionTimeout
    or LambdaUnhandledException, and by the target group's metric LambdaInternalError, which counts nothing else.
    Refuted by errors that the metric LambdaUserError counts: those are of the function or its settings.
    """
    for one in lambda_calls.calls(facts):
        rows = one.because(*REASONS)
        if rows or _counted(facts, one):
            yield _finding(facts, one, rows)


def _counted(facts: Facts, one: LambdaCalls) -> bool:
    """Errors of Lambda, where no rows tell of others."""
    enough = (one.internal_errors or 0) >= NOISE_ERRORS and facts.observed.saw("elb_502", "elb_504")
    told = any(facts.observed.rows_tell(code) for code in CODES)
    return enough and facts.observed.errors_are_ours and not one.rows and not told


def _finding(facts: Facts, one: LambdaCalls, rows: tuple[RowCluster, ...]) -> Finding:
    number = sum(cluster.count for cluster in rows) or one.internal_errors or 0
    others = (one.user_errors or 0) > (one.internal_errors or 0)
    counted = frozenset({"elb_502", "elb_504"}) & facts.observed.symptoms if not rows and not others else frozenset()
    return Finding(
        resource=one.target.target,
        summary=f"Lambda did not take or answer {number_of(number, 'request')} to {one.target.label}",
        supports=(*lambda_calls.row_records(facts, rows), *_metric(one)),
        against=tuple(_against(one, rows)),
        effect_seen=True,
        affects=frozenset({one.target.target}),
        explains=one.explains(rows, facts.observed.symptoms) | counted,
        since=one.since(rows),
        overturned_by="Rows of these errors whose reason is one of the function: LambdaUnhandled, LambdaThrottling",
        advice="Look at the AWS Health Dashboard for Lambda in this region, and open a case when it lasts. Let callers"
        " try again with a growing delay; a second region helps who has one.",
        at_most=None if rows else "likely",
    )


def _metric(one: LambdaCalls) -> Iterator[Evidence]:
    if one.internal_errors:
        text = f"the target group counts {one.internal_errors:,} errors of Lambda itself (LambdaInternalError)"
        yield decisive(text, COUNTERS, value=one.internal_errors)


def _against(one: LambdaCalls, rows: tuple[RowCluster, ...]) -> Iterator[Evidence]:
    if (one.user_errors or 0) >= NOISE_ERRORS and not rows:
        text = f"it counts {one.user_errors:,} errors of the function as well (LambdaUserError)"
        yield supporting(text, COUNTERS, value=one.user_errors)
