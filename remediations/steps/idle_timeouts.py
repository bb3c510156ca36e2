"""The idle timeout of a load balancer as a whole plan: set, seen to end one kind of error, and set back."""

from __future__ import annotations

from collections.abc import Iterable

from diagnostics.report import SettingChange
from remediations.fix import Case
from remediations.plan import Guard, Plan, Success, Undo
from remediations.steps import healthy, load_balancers, own_errors
from remediations.steps.own_errors import NOT_TOLD

KEY = "idle_timeout.timeout_seconds"
EFFECT_S = 60


def plan(
    case: Case,
    arn: str,
    now_s: int,
    wanted_s: int,
    *,
    fix: str,
    ends: int,
    not_instead: int,
    within_s: int,
    quiet_s: int,
    touches: str,
    guards: Iterable[Guard] = (),
    warnings: Iterable[str] = (),
) -> Plan:
    """`ends`: the status that nobody gets any more then; `not_instead`: the one that would come if it were wrong.
    `within_s` and `quiet_s`: how long it takes until CloudWatch tells, and for how long both have to stay at zero."""
    as_read, written = (load_balancers.attributes(arn, {KEY: str(value)}) for value in (now_s, wanted_s))
    name, alone = load_balancers.name_of(arn), own_errors.are_own(case, arn)
    is_there = bool(getattr(case.facts.observed.counts, f"elb_{not_instead}"))
    codes = (ends,) if is_there else (ends, not_instead)
    text = f"nobody gets {ends} any more" + "".join(f", and nobody {code} instead" for code in codes[1:])
    return Plan(
        fix=fix,
        title=f"Idle timeout of load balancer {name}: {now_s} s → {wanted_s} s",
        risk="medium",
        resource=arn,
        changes=(SettingChange(resource=arn, setting=KEY, before=str(now_s), after=str(wanted_s)),),
        guards=(as_read, *guards),
        writes=(load_balancers.set_attributes(arn, {KEY: str(wanted_s)}, written),),
        success=Success(
            text=text if alone else f"{written.text}; {NOT_TOLD}",
            within_s=within_s if alone else EFFECT_S,
            guards=(written,),
            quiet=tuple(
                healthy.load_balancer_quiet(arn, f"HTTPCode_ELB_{code}_Count", for_s=quiet_s)
                for code in (codes if alone else ())
            ),
        ),
        undo=Undo(
            kind="exact",
            text=f"sets it to {now_s} s again",
            writes=(load_balancers.set_attributes(arn, {KEY: str(now_s)}, as_read),),
            guards=(written,),
        ),
        touches=touches,
        warnings=tuple(warnings),
        eta_s=EFFECT_S,
    )
