"""The function does not finish within its Timeout."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import ApplicationLogs
from diagnostics.rules import lambda_calls
from diagnostics.rules.lambda_calls import CODE_CHANGES, COUNTERS, LambdaCalls
from diagnostics.rules.row_evidence import record
from diagnostics.rules.unhandled_calls import Unhandled, unhandled

LONGEST_TIMEOUT_S = 900


@cause(
    code="lambda-timeout",
    title="The function runs into its Timeout",
    needs=lambda_calls.LAMBDA_NEEDS,
    uses=lambda_calls.LAMBDA_USES,
    clear_needs=(*lambda_calls.LAMBDA_CLEAR_NEEDS, ApplicationLogs),
    shows=lambda_calls.SHOWS,
    docs=(*lambda_calls.DOCS, "https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html"),
    leads_to=lambda_calls.LEADS_TO,
)
def lambda_timeout(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows with the reason LambdaUnhandled that took as long as the function's Timeout, by lines
    "Task timed out after" in its log, or by a longest Duration equal to the Timeout in the minutes of the errors.
    Refuted by failing requests that took far less. The load balancer itself waits as long as the function may run: its
    idle timeout has no part in it.
    """
    for one in lambda_calls.calls(facts):
        found = unhandled(one)
        if found is not None and found.by_time:
            yield _finding(facts, one, found)


def _finding(facts: Facts, one: LambdaCalls, found: Unhandled) -> Finding:
    since, limit = one.since(found.rows), f"Timeout of {found.timeout_s} s" if found.timeout_s else "Timeout"
    number = f": {found.timed_out or found.failed:,} times 502" if found.rows else lambda_calls.how_many(one, ())
    return lambda_calls.finding_of(
        facts,
        one,
        found.rows,
        summary=f"{one.target.label} does not finish within its {limit}{number}",
        supports=(
            *_rows(facts, found),
            *lambda_calls.quoted(one, found.timeouts),
            *_durations(one, found),
            *lambda_calls.counter_records(one),
            *lambda_calls.changed_before(facts, one, since, *CODE_CHANGES),
        ),
        against=_against(one, found),
        overturned_by="No line of the function's log that says so: "
        + lambda_calls.look_into_log(one, "Task timed out after"),
        advice=_advice(one, found),
        at_most=None if found.rows else "likely",
    )


def _rows(facts: Facts, found: Unhandled) -> Iterator[Evidence]:
    for cluster in found.rows:
        times = cluster.elapsed_s
        took = f" after {times.low:.3g} to {times.high:.3g} s" if times else ""
        limit = f"; the function's Timeout is {found.timeout_s} s" if found.timeout_s else ""
        decides = found.timed_out > 0 or bool(found.timeouts)
        yield record(facts, cluster, f"502 with the reason LambdaUnhandled{took}{limit}", decides=decides)


def _durations(one: LambdaCalls, found: Unhandled) -> Iterator[Evidence]:
    if found.ran_out and one.longest_s is not None:
        text = f"the longest run in the minutes of the errors took {one.longest_s:.3g} s, which is all it may take"
        yield decisive(text, COUNTERS, value=one.longest_s)


def _against(one: LambdaCalls, found: Unhandled) -> Iterator[Evidence]:
    if found.timeout_s and one.longest_s is not None and one.longest_s < 0.9 * found.timeout_s:
        text = f"the longest run in these minutes took {one.longest_s:.3g} s of {found.timeout_s} s"
        yield supporting(text, COUNTERS, value=one.longest_s)


def _advice(one: LambdaCalls, found: Unhandled) -> str:
    target = one.target
    text = (
        "Find what it waits for: the last line of such an invocation in its log, a dependency without a time limit of"
        " its own, a subnet without a route out. More memory is more processor."
    )
    if found.timeout_s == LONGEST_TIMEOUT_S:
        return f"{text} The Timeout is as long as Lambda allows."
    longer = min(LONGEST_TIMEOUT_S, 2 * (found.timeout_s or 15))
    command = f"aws lambda update-function-configuration --function-name {target.name} --timeout {longer}"
    publish = (
        f", then publish a version and point {target.qualifier} to it (a published one cannot be changed):"
        f" `aws lambda publish-version --function-name {target.name}`"
    )
    return f"{text} Give it longer, when that is how long it takes: `{command}`{publish if target.qualifier else ''}."
