"""Lambda kills the function because it needs more memory than it has."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause
from diagnostics.facts import ApplicationLogs
from diagnostics.rules import lambda_calls
from diagnostics.rules.lambda_calls import CODE_CHANGES, LambdaCalls
from diagnostics.rules.unhandled_calls import Unhandled, unhandled

MOST_MEMORY_MIB = 10_240


@cause(
    code="lambda-out-of-memory",
    title="The function runs out of memory",
    needs=lambda_calls.LAMBDA_NEEDS,
    uses=lambda_calls.LAMBDA_USES,
    clear_needs=(*lambda_calls.LAMBDA_CLEAR_NEEDS, ApplicationLogs),
    shows=lambda_calls.SHOWS,
    docs=(*lambda_calls.DOCS, "https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"),
    replaces=("lambda-unhandled-error",),
    leads_to=lambda_calls.LEADS_TO,
)
def lambda_out_of_memory(facts: Facts) -> Iterator[Finding]:
    """Decided by the function's log around requests that failed with LambdaUnhandled: "Runtime exited with error:
    signal: killed", an out-of-memory error of the runtime, or a REPORT line whose Max Memory Used is the Memory Size.
    An exit status is the process's own doing, and no proof. Without the log it cannot be told from any other error.
    """
    for one in lambda_calls.calls(facts):
        found = unhandled(one)
        if found is not None and found.by_memory and not (found.rows and not found.failed):
            yield _finding(facts, one, found)


def _finding(facts: Facts, one: LambdaCalls, found: Unhandled) -> Finding:
    since, settings = one.since(found.rows), one.target.configuration
    memory = f"its {settings.memory_mib} MB of memory" if settings else "its memory"
    return lambda_calls.finding_of(
        facts,
        one,
        found.rows,
        summary=f"{one.target.label} needs more than {memory} and is killed{lambda_calls.how_many(one, found.rows)}",
        supports=(
            *lambda_calls.quoted(one, found.kills),
            *lambda_calls.quoted(one, found.full, decides=not found.kills),
            *lambda_calls.row_records(facts, found.rows),
            *lambda_calls.counter_records(one),
            *lambda_calls.changed_before(facts, one, since, *CODE_CHANGES),
        ),
        overturned_by="REPORT lines of these requests with a Max Memory Used below the Memory Size: "
        + lambda_calls.look_into_log(one, "Max Memory Used"),
        advice=_advice(one),
        at_most=None if found.kills and found.rows else "likely",
    )


def _advice(one: LambdaCalls) -> str:
    target, settings = one.target, one.target.configuration
    more = min(MOST_MEMORY_MIB, 2 * settings.memory_mib) if settings else 1024
    command = f"aws lambda update-function-configuration --function-name {target.name} --memory-size {more}"
    version = ", then publish a version and move the alias" if target.qualifier else ""
    return (
        f"Give it more memory: `{command}`{version}; look for what grows: a payload that is read whole, a cache that"
        " lives on in the runtime."
    )
