"""Lead an alias back to the version before."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import Changes, LambdaTarget, LambdaTargets
from diagnostics.report import SettingChange
from diagnostics.rules.changes import EFFECT_WITHIN
from diagnostics.rules.function_history import Before, former_version
from remediations.fix import Case, fix
from remediations.plan import Plan, Success, Undo
from remediations.steps import functions
from remediations.steps.functions import COUNTED_AFTER_S

EFFECT_S = 15


@fix(
    id="lambda-alias-back",
    title="Lead the alias back to the version before",
    risk="medium",
    aim="back",
    causes=(
        "lambda-invalid-response",
        "lambda-multi-value-header-mismatch",
        "lambda-out-of-memory",
        "lambda-response-too-large",
        "lambda-timeout",
        "lambda-unhandled-error",
    ),
    calls=("lambda:UpdateAlias",),
    needs=(LambdaTargets, Changes),
    docs=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html",),
)
def lambda_alias_back(case: Case) -> Iterator[Plan]:
    """Moves the alias that is the target to the version that it led to before, where records say which one that was and
    the errors began within a quarter of an hour of the move.

    What the newer version brought is gone with it; data that only it understands may not be understood. Not offered
    while the alias divides its requests between versions, as a release is under way then. The undo leads the alias to
    the newer version again.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html
    """
    onset = case.facts.observed.onset
    if onset is None or case.cause.band == "possible":
        return
    for target in case.facts[LambdaTargets].items:
        if not {target.target, target.target_group} & set(case.cause.resources):
            continue
        before = former_version(case.facts, target, onset) if functions.leads_to_one_version(target) else None
        if before is not None and onset - before.change.at <= EFFECT_WITHIN and str(before.value).isdigit():
            yield _plan(case, target, before)


def _plan(case: Case, target: LambdaTarget, before: Before) -> Plan:
    version, present = str(before.value), target.alias.version if target.alias else ""
    as_read = functions.leads_to(target, present, f"version {present}")
    moved = functions.leads_to(target, version, f"version {version}")
    return Plan(
        fix="lambda-alias-back",
        title=f"Lead {target.label} back to version {version}",
        risk="medium",
        resource=target.function_arn,
        changes=(SettingChange(resource=target.target, setting="version", before=present, after=version),),
        guards=(as_read, functions.can_run(target, version)),
        writes=(functions.move_alias(target, version, f"version {version}"),),
        success=Success(
            text="the load balancer's calls of the function no longer fail",
            within_s=COUNTED_AFTER_S,
            guards=(moved,),
            quiet=functions.quiet(case.facts.subject, target),
        ),
        undo=Undo(
            kind="exact",
            text=f"leads it to version {present} again",
            writes=(functions.move_alias(target, present, f"version {present}"),),
            guards=(moved,),
        ),
        touches=f"every caller of {target.label}",
        warnings=(
            f"{before.change.actor[:80]} moved it from {version} to {present} at {before.change.at:%H:%M} UTC",
            "a pipeline may move it again",
        ),
        eta_s=EFFECT_S,
    )
