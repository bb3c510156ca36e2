"""Give a function more memory."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import LambdaTargets
from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import function_settings, functions

MOST_MIB = 10_240
FACTOR, SMALLER = 2.0, 1.5


@fix(
    id="lambda-more-memory",
    title="Give the function more memory",
    risk="low",
    up_to="medium",
    causes=("lambda-out-of-memory",),
    calls=("lambda:PublishVersion", "lambda:UpdateAlias", "lambda:UpdateFunctionConfiguration"),
    needs=(LambdaTargets,),
    docs=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html",),
    prepare=functions.PREPARES,
)
def lambda_more_memory(case: Case) -> Iterator[Plan]:
    """Sets MemorySize to twice what it is; the approver may choose half as much more. 10,240 MB is the most, and new
    accounts may have a lower limit. More memory is also more processor. What grows without end fills this, too.

    Where the target is an alias, a version is published that differs from the serving one in its memory alone, and the
    alias is moved to it; where the function has other changes that were not published, it stops. A published version
    that is the target itself cannot be changed. Each millisecond costs as much more as there is more memory. The undo
    moves the alias back and sets the former value.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
    """
    if case.cause.band == "possible":
        return
    for target in case.facts[LambdaTargets].items:
        settings = target.configuration
        if target.target not in case.cause.resources or settings is None or not function_settings.can_be_set(target):
            continue
        now = settings.memory_mib
        sizes = [size for factor in (FACTOR, SMALLER) if now < (size := int(now * factor)) <= MOST_MIB]
        plans = [
            function_settings.plan(
                case,
                target,
                fix="lambda-more-memory",
                name="MemorySize",
                before=now,
                after=size,
                unit="MB",
                warnings=(f"each millisecond costs {size / now:.2g} times as much; a leak fills it again",),
            )
            for size in sizes
        ]
        if plans:
            whole, *narrower = plans
            yield whole.model_copy(update={"label": "", "narrower": tuple(narrower)})
