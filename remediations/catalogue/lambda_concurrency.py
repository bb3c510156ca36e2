"""Let more of a function run at once."""

from __future__ import annotations

import math
from collections.abc import Iterator

from diagnostics.facts import Changes, LambdaTarget, LambdaTargets, Metrics
from diagnostics.report import SettingChange
from diagnostics.rules.concurrency_limit import KEPT_UNRESERVED, reached_limit
from diagnostics.rules.function_history import former_reservation, switched_off
from remediations.fix import Case, fix
from remediations.plan import Guard, Plan, Success, Undo, Write
from remediations.steps import functions
from remediations.steps.functions import COUNTED_AFTER_S

FACTOR, SMALLER = 2.0, 1.5
EFFECT_S = 15
SETTING = "reserved concurrency"


@fix(
    id="lambda-concurrency",
    title="Let more of the function run at once",
    risk="medium",
    causes=("lambda-throttled",),
    calls=("lambda:DeleteFunctionConcurrency", "lambda:PutFunctionConcurrency"),
    needs=(LambdaTargets,),
    uses=(Changes, Metrics),
    docs=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html",),
)
def lambda_concurrency(case: Case) -> Iterator[Plan]:
    """Raises the function's reserved concurrency, where that is the limit that was reached: to what it was before
    somebody lowered it, or to twice as much; the approver may choose half as much more.

    A reserved concurrency of 0 refuses everything, and is how a function is switched off on purpose. So it is touched
    only where CloudTrail shows that the trouble began when somebody set it: to what it was before, or taken away where
    no record says what that was. Otherwise whoever switched it off has to be asked; the cause's advice has the command.

    What is reserved for one function is not there for the others: 100 of the account's concurrency stay unreserved, or
    Lambda refuses it. A function of which more run at once also calls its databases more often. Somebody may have
    limited it on purpose. Where the account's own limit is reached nothing is offered. The undo sets the former value
    again.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
    """
    if case.cause.band == "possible":
        return
    for target in case.facts[LambdaTargets].items:
        limit = reached_limit(case.facts, target) if target.target in case.cause.resources else None
        if limit is not None and limit.kind == "reserved":
            yield from _raised(case, target, limit.size)
        elif limit is not None and limit.kind == "switched-off":
            yield from _switched_on(case, target)


def _raised(case: Case, target: LambdaTarget, size: int) -> Iterator[Plan]:
    former = former_reservation(case.facts, target, size, case.facts.observed.onset)
    spare = (case.facts[LambdaTargets].unreserved_limit or 0) - KEPT_UNRESERVED
    known = former.value if former and isinstance(former.value, int) and former.value > size else None
    wanted = [*([known] if known else []), *(math.ceil(size * factor) for factor in (FACTOR, SMALLER))]
    possible = [one for one in dict.fromkeys(wanted) if size < one <= size + spare]
    if not possible:
        return
    lowered = [f"it was {known} until {former.change.at:%H:%M} UTC"] if former and known == possible[0] else []
    narrower = tuple(
        _plan(case, target, size, one, []).model_copy(update={"label": f"{one} at once"})
        for one in possible
        if one < possible[0]
    )
    yield _plan(case, target, size, possible[0], lowered).model_copy(update={"narrower": narrower})


def _switched_on(case: Case, target: LambdaTarget) -> Iterator[Plan]:
    onset = case.facts.observed.onset
    off = switched_off(case.facts, target, onset)
    if off is None:
        return
    who = f"{off.actor[:80]} switched it off at {off.at:%H:%M} UTC: ask for the reason"
    former = former_reservation(case.facts, target, 0, onset)
    if former is None:
        yield _plan(case, target, 0, None, [who, "no record tells what was reserved before"])
    elif isinstance(former.value, int) and former.value <= (case.facts[LambdaTargets].unreserved_limit or 0):
        yield _plan(case, target, 0, former.value, [who])


def _plan(case: Case, target: LambdaTarget, before: int, after: int | None, warnings: list[str]) -> Plan:
    as_read = functions.reserves(target, before)
    written: Write = functions.lift_reservation(target) if after is None else functions.reserve(target, after)
    room: tuple[Guard, ...] = () if after is None else (_room(after - before),)
    title = f"Reserved concurrency of {target.name}: {before} → {'none' if after is None else after}"
    return Plan(
        fix="lambda-concurrency",
        title=title,
        risk="medium",
        resource=target.function_arn,
        changes=(SettingChange(resource=target.function_arn, setting=SETTING, before=before, after=after),),
        guards=(as_read, *room),
        writes=(written,),
        success=Success(
            text="Lambda no longer refuses the function's calls",
            within_s=COUNTED_AFTER_S,
            guards=(written.done_when,),
            quiet=functions.quiet(case.facts.subject, target),
        ),
        undo=Undo(
            kind="exact",
            text=f"reserves {before} again" if before else "sets it to 0 again, which refuses every call",
            writes=(functions.reserve(target, before),),
            guards=(written.done_when,),
        ),
        touches=f"every caller of {target.name}"
        + ("" if after is None else f"; {after - before} fewer at once are left for the account's other functions"),
        warnings=(*warnings, "what the function calls, such as a database, gets more connections"),
        eta_s=EFFECT_S,
    )


def _room(more: int) -> Guard:
    return functions.leaves_unreserved(KEPT_UNRESERVED + more)
