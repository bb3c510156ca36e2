"""Plans that one fix makes of an incident, as the report's causes ask it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jmespath
from botocore.session import Session
from botocore.validate import ParamValidator

from diagnostics.causes.cause import Facts
from diagnostics.engine import diagnose
from diagnostics.facts.fact import Gap, NotApplicable
from diagnostics.report import Report
from diagnostics.rules.observations import Observations, observe
from diagnostics.snapshot import Snapshot
from remediations.catalogue import catalogue
from remediations.fix import Case, Preferences
from remediations.plan import FROM, Call, Guard, Plan
from remediations.reach import reach_of
from remediations.refusals import refusal
from tests.incidents.building import Incident
from tests.remediations.publishing import is_published

NO_PREFERENCES = Preferences()


def plans(fix: str, incident: Incident, preferences: Preferences = NO_PREFERENCES) -> tuple[Plan, ...]:
    """All plans of the fix for the incident, each as it comes back from the store."""
    snapshot = incident.snapshot()
    found = of_report(fix, diagnose(snapshot), snapshot, preferences)
    for plan in found:
        assert refusal(plan, reach_of(snapshot, preferences)) is None
        for write in (*plan.writes, *plan.undo.writes):
            assert write.prepared_by or _accepted(write.call)
        for guard in (*plan.guards, *plan.success.guards, *plan.undo.guards):
            assert _accepted(guard.look.call)
        for one in (plan, *plan.narrower):
            is_published(one)
    return tuple(Plan.model_validate_json(plan.model_dump_json()) for plan in found)


def _accepted(call: Call) -> bool:
    """Whether botocore would send it. What stands for a value that an earlier write keeps counts as a text."""
    shape = _session().get_service_model(call.service).operation_model(_operation(call)).input_shape
    given = json.loads(json.dumps(call.parameters), object_hook=lambda one: "x" if FROM in one else one)
    report = ParamValidator().validate(given, shape)
    assert not report.has_errors(), report.generate_report()
    return True


def _operation(call: Call) -> str:
    return "".join(part.capitalize() for part in call.operation.split("_"))


@cache
def _session() -> Session:
    return Session()


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


def only(fix: str, incident: Incident, preferences: Preferences = NO_PREFERENCES) -> Plan:
    found = plans(fix, incident, preferences)
    assert len(found) == 1, found
    return found[0]


def holds(guard: Guard, answer: dict[str, Any]) -> bool:
    """Whether the guard would hold where AWS answers like this."""
    return bool(jmespath.search(guard.look.path, answer) == guard.expected)
