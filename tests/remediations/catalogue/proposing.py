"""Plans that one fix makes of an incident, as the report's causes ask it."""

from __future__ import annotations

from typing import Any

import jmespath

from diagnostics.causes.cause import Facts
from diagnostics.engine import diagnose
from diagnostics.facts.fact import Gap, NotApplicable
from diagnostics.report import Cause, Report
from diagnostics.rules.observations import Observations, observe
from diagnostics.snapshot import Snapshot
from remediations.catalogue import catalogue
from remediations.fix import Case, Preferences
from remediations.plan import Guard, Plan
from remediations.reach import reach_of
from tests.incidents.building import Incident
from tests.remediations.holding import is_sound

NO_PREFERENCES = Preferences()


def plans(fix: str, incident: Incident, preferences: Preferences = NO_PREFERENCES) -> tuple[Plan, ...]:
    """All plans of the fix for the incident; each is sound."""
    snapshot = incident.snapshot()
    found, reach = of_report(fix, diagnose(snapshot), snapshot, preferences), reach_of(snapshot, preferences)
    for plan in found:
        is_sound(plan, reach)
    return found


def of_report(
    fix: str,
    report: Report,
    snapshot: Snapshot,
    preferences: Preferences = NO_PREFERENCES,
    observed: Observations | None = None,
) -> tuple[Plan, ...]:
    """All plans of the fix for the causes of the report; `observed` in place of what the snapshot shows."""
    spec = catalogue()[fix]
    if any(isinstance(snapshot.get(kind), Gap | NotApplicable) for kind in spec.needs):
        return ()
    facts = Facts(snapshot, observed or observe(snapshot), spec.needs, spec.uses)
    asked = [cause for cause in report.causes if cause.code in spec.causes]
    return tuple(plan for cause in asked for plan in spec.function(Case(facts, report, cause, preferences)))


def blamed(report: Report, snapshot: Snapshot, code: str, resource: str) -> tuple[Report, Snapshot]:
    """The report as if this cause had been found."""
    cause = Cause(
        code=code,
        family="x",
        title=code,
        summary=code,
        confidence=0.9,
        band="confirmed",
        role="root",
        resources=(resource,),
    )
    return report.model_copy(update={"causes": (cause,)}), snapshot


def only(fix: str, incident: Incident, preferences: Preferences = NO_PREFERENCES) -> Plan:
    found = plans(fix, incident, preferences)
    assert len(found) == 1, found
    return found[0]


def holds(guard: Guard, answer: dict[str, Any]) -> bool:
    """Whether the guard would hold where AWS answers like this."""
    return bool(jmespath.search(guard.look.path, answer) == guard.expected)
