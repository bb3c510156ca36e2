"""Give a function longer."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import Changes, LambdaTarget, LambdaTargets, Metrics
from diagnostics.rules.function_history import former_timeout_s
from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import function_settings, functions

LONGEST_S = 900
NEAR = 0.5
"""A good run of at least so much of the Timeout shows that the work itself takes long."""


@fix(
    id="lambda-timeout-raise",
    title="Give the function longer",
    risk="medium",
    causes=("lambda-timeout",),
    calls=("lambda:PublishVersion", "lambda:UpdateAlias", "lambda:UpdateFunctionConfiguration"),
    needs=(LambdaTargets,),
    uses=(Changes, Metrics),
    docs=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html",),
    prepare=functions.PREPARES,
)
def lambda_timeout_raise(case: Case) -> Iterator[Plan]:
    """Sets the function's Timeout to what it was before somebody lowered it; else to twice as long, and only where runs
    that ended well took half of it or more: then the work takes that long, while a function that hangs would hang for
    longer. A stop-gap: callers wait longer, and each call costs more. 900 s is the most.

    Where the target is an alias, a version is published that differs from the serving one in its Timeout alone, and
    the alias is moved to it; where the function has other changes that were not published, it stops. A published
    version that is the target itself cannot be changed. The undo moves the alias back and sets the former value.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
    """
    if case.cause.band == "possible":
        return
    for target in case.facts[LambdaTargets].items:
        settings = target.configuration
        if target.target not in case.cause.resources or settings is None or not function_settings.can_be_set(target):
            continue
        found = _wanted(case, target, settings.timeout_s)
        if found is not None:
            wanted_s, why = found
            yield function_settings.plan(
                case,
                target,
                fix="lambda-timeout-raise",
                name="Timeout",
                before=settings.timeout_s,
                after=wanted_s,
                unit="s",
                warnings=(why, "callers wait longer for what fails, and each call costs more"),
            ).model_copy(update={"label": ""})


def _wanted(case: Case, target: LambdaTarget, now_s: int) -> tuple[int, str] | None:
    former = former_timeout_s(case.facts, target, now_s, case.facts.observed.onset)
    if former is not None and isinstance(former.value, int) and now_s < former.value <= LONGEST_S:
        return former.value, f"it was {former.value} s until {former.change.at:%H:%M} UTC"
    longest_s = _longest_good_s(case, target, now_s)
    if longest_s is None or longest_s < NEAR * now_s or now_s >= LONGEST_S:
        return None
    return min(2 * now_s, LONGEST_S), f"runs that ended well took up to {longest_s:.3g} s of {now_s} s"


def _longest_good_s(case: Case, target: LambdaTarget, limit_s: int) -> float | None:
    """In minutes without a run that reached the limit."""
    metrics = case.facts.maybe(Metrics)
    series = metrics.find("Duration", "Maximum", FunctionName=target.name) if isinstance(metrics, Metrics) else None
    points = series.points if series is not None else ()
    return max((point.value / 1000 for point in points if point.value < 990 * limit_s), default=None)
