"""One setting of a function as a whole plan: set at the function itself, or by a new version where an alias serves."""

from __future__ import annotations

from diagnostics.facts import LambdaTarget
from diagnostics.report import Risk, SettingChange
from remediations.fix import Case
from remediations.plan import FROM, Guard, Plan, Success, Undo
from remediations.steps import functions
from remediations.steps.functions import COUNTED_AFTER_S, VERSION, Setting

EFFECT_S = 60


def can_be_set(target: LambdaTarget) -> bool:
    """Not where a published version is the target, nor where an alias divides its requests: somebody is releasing."""
    if target.target_exists is not True or functions.is_frozen(target):
        return False
    return not target.is_alias or functions.leads_to_one_version(target)


def plan(
    case: Case,
    target: LambdaTarget,
    *,
    fix: str,
    name: Setting,
    before: int,
    after: int,
    unit: str,
    warnings: tuple[str, ...] = (),
) -> Plan:
    """For a target that `can_be_set`."""
    made = _of_alias if target.is_alias else _of_function
    return made(case, target, name, before, after).model_copy(
        update={
            "fix": fix,
            "title": f"{name} of {target.label}: {before} {unit} → {after} {unit}",
            "warnings": warnings,
            "label": f"{after} {unit}",
        }
    )


def _of_function(case: Case, target: LambdaTarget, name: Setting, before: int, after: int) -> Plan:
    as_read, written = (functions.has_setting(target, name, value) for value in (before, after))
    return Plan(
        fix="",
        title="",
        risk=_risk(name),
        resource=target.function_arn,
        changes=(SettingChange(resource=target.function_arn, setting=name, before=before, after=after),),
        guards=(as_read, functions.is_settled(target)),
        writes=(functions.set_setting(target, name, after),),
        success=_success(case, target, (written,)),
        undo=Undo(
            kind="exact",
            text=f"sets {name} to {before} again",
            writes=(functions.set_setting(target, name, before),),
            guards=(written,),
        ),
        touches=f"every caller of {target.name}",
        eta_s=EFFECT_S,
    )


def _of_alias(case: Case, target: LambdaTarget, name: Setting, before: int, after: int) -> Plan:
    alias, version = (target.alias.name, target.alias.version) if target.alias else ("", "")
    there = functions.leads_to(target, version, f"version {version}")
    moved = functions.leads_to(target, {FROM: VERSION}, "the new version")
    return Plan(
        fix="",
        title="",
        risk="medium",
        resource=target.function_arn,
        changes=(
            SettingChange(resource=target.function_arn, setting=name, before=before, after=after),
            SettingChange(resource=target.target, setting="version", before=version, after="a new version"),
        ),
        guards=(
            there,
            functions.has_setting(target, name, before, alias),
            functions.has_setting(target, name, before),
            functions.is_settled(target),
        ),
        writes=tuple(functions.set_setting_of_alias(target, name, before, after)),
        success=_success(case, target, (functions.has_setting(target, name, after, alias),)),
        undo=Undo(
            kind="exact",
            text=f"leads {alias} to version {version} again and sets {name} to {before}; the new version stays, unused",
            writes=(
                functions.move_alias(target, version, f"version {version}"),
                functions.set_setting(target, name, before),
            ),
            guards=(moved, functions.has_setting(target, name, after)),
        ),
        touches=f"every caller of {target.label}; the next version of {target.name} has this {name}, too",
        eta_s=EFFECT_S,
    )


def _risk(name: Setting) -> Risk:
    return "low" if name == "MemorySize" else "medium"


def _success(case: Case, target: LambdaTarget, guards: tuple[Guard, ...]) -> Success:
    return Success(
        text="the load balancer's calls of the function no longer fail",
        within_s=COUNTED_AFTER_S,
        guards=guards,
        quiet=functions.quiet(case.facts.subject, target),
    )
