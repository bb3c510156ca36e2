"""The fixes for a report: pure, so that the same snapshot always gives the same offers under the same ids."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Final

from diagnostics.causes.cause import Facts
from diagnostics.engine import as_judged
from diagnostics.facts.fact import Fact
from diagnostics.report import Cause, Remediation, Report
from diagnostics.report import Undo as ReportUndo
from diagnostics.rules.observations import Observations, observe
from diagnostics.snapshot import Snapshot
from remediations.catalogue import catalogue, fixes_for
from remediations.commands import lines_of
from remediations.drift import with_drift_warnings
from remediations.fix import Case, FixSpec, Preferences
from remediations.permission import Permission, Policy, permit
from remediations.plan import Plan
from remediations.reach import Reach, reach_of
from remediations.refusals import refusal

MAX_A_CAUSE: Final = 6
MAX_A_REPORT: Final = 40

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Offered:
    """The report with its `remediations` filled in, and the plan behind each by its id.

    `reach` is what the plans may write to; `refusals.refusal` wants it again before one is carried out.
    """

    report: Report
    plans: Mapping[str, Plan] = field(default_factory=dict)
    reach: Reach | None = None


def offer(report: Report, snapshot: Snapshot, policy: Policy, preferences: Preferences | None = None) -> Offered:
    """Asks the fixes of every cause of the report, and of its risks those fixes that are meant for risks.

    A fix is asked when all that it needs was read. What serves two causes is offered for the first of them. A fix that
    fails is logged and left out, because one faulty fix must not cost the answer; so is one that must be refused.
    """
    if policy.mode == "off":
        return Offered(report)
    desk = _Desk(report, snapshot, policy, preferences or Preferences())
    causes = tuple(desk.with_fixes(cause, for_risks=False) for cause in report.causes)
    risks = tuple(desk.with_fixes(cause, for_risks=True) for cause in report.risks)
    if not desk.plans:
        return Offered(report)
    return Offered(report.model_copy(update={"causes": causes, "risks": risks}), desk.plans, desk.reach)


class _Desk:
    """What was offered so far. Ids count up for each fix, in the order of the report."""

    def __init__(self, report: Report, snapshot: Snapshot, policy: Policy, preferences: Preferences) -> None:
        self._report = report
        self._raw = snapshot
        self._policy = policy
        self._preferences = preferences
        self._effects: set[str] = set()
        self.plans: dict[str, Plan] = {}

    @cached_property
    def _snapshot(self) -> Snapshot:
        return as_judged(self._raw)

    @cached_property
    def _observed(self) -> Observations:
        return observe(self._snapshot)

    @cached_property
    def reach(self) -> Reach:
        return reach_of(self._snapshot, self._preferences)

    def with_fixes(self, cause: Cause, *, for_risks: bool) -> Cause:
        specs = (spec for spec in fixes_for(cause.code) if spec.for_risks or not for_risks)
        found = [(spec, plan) for spec in specs for plan in self._sound(spec, cause)]
        told: list[Remediation] = []
        for _, plan in sorted(found, key=_best_first):
            effect = _effect(plan)
            if effect not in self._effects and len(told) < MAX_A_CAUSE and len(self.plans) < MAX_A_REPORT:
                self._effects.add(effect)
                told.append(self._remediation(with_drift_warnings(plan, self._snapshot)))
        return cause.model_copy(update={"remediations": tuple(told)}) if told else cause

    def _sound(self, spec: FixSpec, cause: Cause) -> tuple[Plan, ...]:
        """What was put right needs no mending; that it does not come again may be cared for."""
        if not all(isinstance(self._snapshot.get(kind), Fact) for kind in spec.needs):
            return ()
        if self._observed.ended is not None and spec.aim != "prevents":
            return ()
        try:
            return tuple(self._plans(spec, cause))
        except Exception:
            log.exception("fix %s failed on report %s", spec.id, self._report.id)
            return ()

    def _plans(self, spec: FixSpec, cause: Cause) -> Iterator[Plan]:
        facts = Facts(self._snapshot, self._observed, spec.needs, spec.uses)
        case = Case(facts=facts, report=self._report, cause=cause, preferences=self._preferences)
        for plan in islice(spec.function(case), MAX_A_CAUSE):
            why_not = refusal(plan, self.reach)
            if why_not is not None:
                log.error("fix %s is not offered on report %s: %s", spec.id, self._report.id, why_not)
            elif _may_hurt(plan) and cause.band == "possible":
                log.info("fix %s is not offered on report %s: its cause is only possible", spec.id, self._report.id)
            else:
                yield plan

    def _remediation(self, plan: Plan) -> Remediation:
        offer_id = self._free_id(plan.fix)
        target = self._report.target
        permission = permit(self._policy, plan, target, now=self._report.made_at)
        told = described(offer_id, plan, permission, target.region)
        self.plans[offer_id] = plan
        return told

    def _free_id(self, fix: str) -> str:
        """The fix's own name, then with a number that makes no other fix's name of it."""
        number, wanted = 1, fix
        while wanted in self.plans or (number > 1 and wanted in catalogue()):
            number += 1
            wanted = f"{fix}-{number}"
        return wanted


def described(offer_id: str, plan: Plan, permission: Permission, region: str) -> Remediation:
    """The plan as the report tells it."""
    return Remediation(
        id=offer_id,
        title=plan.title,
        risk=plan.risk,
        eta_seconds=plan.eta_s,
        allowed=permission.allowed,
        why_not=permission.why_not,
        changes=plan.changes,
        touches=plan.touches,
        warnings=plan.warnings,
        aws_cli=lines_of(plan.writes, region),
        undo=ReportUndo(kind=plan.undo.kind, text=plan.undo.text, aws_cli=lines_of(plan.undo.writes, region)),
    )


def _best_first(found: tuple[FixSpec, Plan]) -> tuple[bool, bool, int, int, str]:
    """What ends it before what is for the next time, what may be done now before what has to wait, small risks before
    large ones, the way back before something new, and a stop-gap last."""
    spec, plan = found
    aims = ("back", "ends", "relieves", "prevents")
    risks = ("low", "medium", "high")
    prevents = spec.aim == "prevents" or spec.for_risks
    return prevents, plan.not_now is not None, risks.index(plan.risk), aims.index(spec.aim), spec.id


def _may_hurt(plan: Plan) -> bool:
    return plan.risk != "low"


def _effect(plan: Plan) -> str:
    """What it writes, for telling whether two plans are the same."""
    return "\n".join(write.call.model_dump_json() + str(write.arguments) for write in plan.writes)
