"""The function ends with an error of its own."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, supporting
from diagnostics.facts import ApplicationLogs, Gap
from diagnostics.report import Band
from diagnostics.rules import lambda_calls
from diagnostics.rules.lambda_calls import CODE_CHANGES, COUNTERS, LambdaCalls
from diagnostics.rules.row_evidence import NOT_READ
from diagnostics.rules.unhandled_calls import ENOUGH, MOSTLY, Unhandled, unhandled


@cause(
    code="lambda-unhandled-error",
    title="The function fails with an error of its own",
    needs=lambda_calls.LAMBDA_NEEDS,
    uses=lambda_calls.LAMBDA_USES,
    clear_needs=lambda_calls.LAMBDA_CLEAR_NEEDS,
    shows=lambda_calls.SHOWS,
    docs=(*lambda_calls.DOCS, "https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html"),
    leads_to=lambda_calls.LEADS_TO,
)
def lambda_unhandled_error(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows with the reason LambdaUnhandled that took less than the function's Timeout, and by the
    error's lines in the function's log. Refuted by "Task timed out after", and by a process that was killed for its
    memory. Errors of the function alone decide nothing: they may be those of another caller.
    """
    for one in lambda_calls.calls(facts):
        found = unhandled(one)
        if found is not None and _fails_by_itself(one, found):
            yield _finding(facts, one, found)


def _fails_by_itself(one: LambdaCalls, found: Unhandled) -> bool:
    if found.by_memory:
        return False
    if found.rows:
        return found.failed >= ENOUGH and (not found.by_time or found.timed_out >= ENOUGH)
    often = (one.errors or 0) >= MOSTLY * (one.user_errors or 0)
    return not found.by_time and one.counted and (often or bool(found.traces))


def _finding(facts: Facts, one: LambdaCalls, found: Unhandled) -> Finding:
    since = one.since(found.rows)
    number = f": {found.failed:,} times 502" if found.rows else lambda_calls.how_many(one, ())
    starting = any(line.signature == "lambda-init" for line in found.traces)
    when = " while it starts" if starting else ""
    return lambda_calls.finding_of(
        facts,
        one,
        found.rows,
        summary=f"{one.target.label} fails with an error that it does not catch{when}{number}",
        supports=(
            *_rows(facts, found),
            *lambda_calls.quoted(one, found.traces),
            *_errors(one),
            *lambda_calls.counter_records(one),
            *lambda_calls.changed_before(facts, one, since, *CODE_CHANGES),
        ),
        against=_against(facts, found),
        overturned_by="The function's log of one of these requests, when it says that it timed out or was killed: "
        + lambda_calls.look_into_log(one, "Error"),
        advice=_advice(one),
        at_most=_at_most(found),
    )


def _at_most(found: Unhandled) -> Band | None:
    """Without the Timeout and the log, it may as well be one that runs out of time."""
    if found.traces:
        return None if found.rows else "likely"
    return "likely" if found.rows and found.timeout_s else "possible"


def _rows(facts: Facts, found: Unhandled) -> Iterator[Evidence]:
    limit = f", most before its Timeout of {found.timeout_s} s" if found.timeout_s and not found.timed_out else ""
    yield from lambda_calls.row_records(facts, found.rows, limit)


def _errors(one: LambdaCalls) -> Iterator[Evidence]:
    if one.errors:
        text = f"Lambda counts {one.errors:,} errors of {one.target.name} in the minutes with errors"
        yield supporting(text, COUNTERS, value=one.errors)


def _against(facts: Facts, found: Unhandled) -> Iterator[Evidence]:
    if not found.rows:
        yield supporting(NOT_READ, COUNTERS)
    if found.rows and found.timeout_s is None:
        same = f", and all took about {found.constant_s.middle:.3g} s" if found.constant_s else ""
        yield supporting(f"its Timeout was not read{same}", "lambda:GetFunctionConfiguration")
    if isinstance(facts.maybe(ApplicationLogs), Gap):
        yield supporting("the function's log was not read: it may also have been killed for its memory", COUNTERS)


def _advice(one: LambdaCalls) -> str:
    alias = one.target.alias
    text = "Correct the error that the log shows; let the handler catch what it cannot help, and answer with a status."
    if alias is not None and alias.version.isdigit() and int(alias.version) > 1:
        text += (
            f" When a new version brought it, go back to the one before: `aws lambda update-alias --function-name"
            f" {one.target.name} --name {alias.name} --function-version {int(alias.version) - 1}`"
        )
    return text
