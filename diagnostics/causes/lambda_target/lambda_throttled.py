"""Lambda refuses invocations because no concurrency is left for the function."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.rules import lambda_calls
from diagnostics.rules.changes import newest_before_onset
from diagnostics.rules.concurrency_limit import KEPT_UNRESERVED, Limit, reached_limit
from diagnostics.rules.lambda_calls import COUNTERS, LambdaCalls
from diagnostics.rules.row_clusters import RowCluster

REASON = "LambdaThrottling"
MOSTLY = 0.5
CHANGES = ("PutFunctionConcurrency", "DeleteFunctionConcurrency")


@cause(
    code="lambda-throttled",
    title="Lambda refuses invocations of the function",
    needs=lambda_calls.LAMBDA_NEEDS,
    uses=lambda_calls.LAMBDA_USES,
    clear_needs=lambda_calls.LAMBDA_CLEAR_NEEDS,
    shows=lambda_calls.SHOWS,
    docs=(*lambda_calls.DOCS, "https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html"),
    leads_to=lambda_calls.LEADS_TO,
)
def lambda_throttled(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows with the reason LambdaThrottling, by Throttles of the function in the minutes of the
    errors, or by a reserved concurrency of 0, which refuses everything. Says which limit is used up: the function's
    reserved concurrency or what the account has left without reservations. Refuted by Throttles of 0. A reserved
    concurrency of 0 that nobody has met yet is a risk.
    """
    for one in lambda_calls.calls(facts):
        rows, limit = one.because(REASON), reached_limit(facts, one.target)
        off = limit is not None and limit.kind == "switched-off"
        if rows or (one.suffers and (off or _mostly_throttled(one))):
            yield _finding(facts, one, rows, limit)
        elif off and not one.rows:
            yield _risk(one)


def _mostly_throttled(one: LambdaCalls) -> bool:
    failed = one.user_errors or 0
    return bool(one.counted and one.throttles and one.throttles >= MOSTLY * failed)


def _finding(facts: Facts, one: LambdaCalls, rows: tuple[RowCluster, ...], limit: Limit | None) -> Finding:
    target = one.target
    mixed = not rows and (one.errors or 0) >= MOSTLY * (one.user_errors or 0) > 0
    return lambda_calls.finding_of(
        facts,
        one,
        rows,
        summary=f"{_what(one, limit)}{lambda_calls.how_many(one, rows)}",
        supports=(
            *lambda_calls.row_records(facts, rows),
            *_counted(one, rows),
            *_limit_record(limit),
            *lambda_calls.counter_records(one),
            *newest_before_onset(facts, (target.name, target.function_arn), CHANGES),
        ),
        against=_against(one, rows, mixed),
        overturned_by="Throttles of 0 in the minutes of the errors; the reservation: aws lambda"
        f" get-function-concurrency --function-name {target.name}",
        advice=_advice(one, limit),
        at_most="possible" if mixed else None if rows else "likely",
    )


def _what(one: LambdaCalls, limit: Limit | None) -> str:
    name = one.target.name
    if limit is None:
        return f"Lambda throttles {name}"
    if limit.kind == "switched-off":
        return f"The reserved concurrency of {name} is 0, so that Lambda refuses every request"
    if limit.kind == "reserved":
        return f"{name} has used up its reserved concurrency of {limit.size:,}"
    return (
        f"The account's concurrency of {limit.size:,} is used up by functions without a reservation, {name} among them"
    )


def _counted(one: LambdaCalls, rows: tuple[RowCluster, ...]) -> Iterator[Evidence]:
    if one.throttles:
        decides = bool(rows) or _mostly_throttled(one)
        text = f"Lambda throttled {one.throttles:,} invocations of {one.target.name} in the same minutes"
        yield (decisive if decides else supporting)(text, COUNTERS, value=one.throttles)


def _limit_record(limit: Limit | None) -> Iterator[Evidence]:
    if limit is None:
        return
    if limit.kind == "switched-off":
        yield decisive("reserved concurrency is 0", "lambda:GetFunctionConcurrency", value=0)
    elif limit.kind == "reserved":
        text = f"reserved concurrency is {limit.size:,}{_ran(limit)}"
        yield decisive(text, "lambda:GetFunctionConcurrency", value=limit.size)
    else:
        text = f"functions without a reservation may run {limit.size:,} times at once{_ran(limit)}"
        yield decisive(text, "lambda:GetAccountSettings", value=limit.size)


def _ran(limit: Limit) -> str:
    return "" if limit.seen is None else f", and up to {limit.seen:,} ran at once"


def _against(one: LambdaCalls, rows: tuple[RowCluster, ...], mixed: bool) -> Iterator[Evidence]:
    if rows and one.throttles == 0 and one.invocations:
        yield supporting("the function's metric Throttles is 0 in the same minutes", COUNTERS)
    if mixed:
        yield supporting("the function fails by itself in the same minutes as well; rows would tell which", COUNTERS)


def _advice(one: LambdaCalls, limit: Limit | None) -> str:
    name = one.target.name
    if limit is not None and limit.kind == "switched-off":
        return (
            "Switch it on again, unless somebody switched it off on purpose:"
            f" `aws lambda delete-function-concurrency --function-name {name}`"
        )
    if limit is not None and limit.kind == "reserved":
        return (
            f"Reserve more: `aws lambda put-function-concurrency --function-name {name}"
            f" --reserved-concurrent-executions {2 * limit.size}` ({KEPT_UNRESERVED} of the"
            " account's concurrency must stay unreserved), or make the function faster:"
            " concurrency is requests a second times seconds."
        )
    if limit is not None:
        return (
            "Find the function that takes the account's concurrency (metric ConcurrentExecutions by function) and limit"
            f" it, reserve some for {name}, and ask for a higher quota (Lambda, Concurrent executions)."
        )
    return (
        f"Compare ConcurrentExecutions of {name} and of the account with their limits; a steep rise is throttled below"
        " them too, which provisioned concurrency avoids."
    )


def _risk(one: LambdaCalls) -> Finding:
    return lambda_calls.risk_of(
        one,
        summary=f"The reserved concurrency of {one.target.name} is 0: Lambda will refuse every request",
        record=decisive("reserved concurrency is 0", "lambda:GetFunctionConcurrency", value=0),
        advice=_advice(one, Limit("switched-off", 0, None)),
        surely_hurts=False,
    )
