"""Fixes of load balancers carried out in the simulated world: the fault goes, and the undo does what it promises."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from remediations.plan import Plan
from remediations.reading import see
from tests.remediations.catalogue.proposing import of_report
from tests.remediations.doing import Scene, scene


@dataclass(frozen=True)
class Repair:
    """A scenario, the fix that ends it, what its first call sends at least, and what its undo promises."""

    scenario: str
    fix: str
    sends: dict[str, Any]
    undone: str


REPAIRS = (
    Repair("wrong-health-path", "health-check-path", {"HealthCheckPath": "/healthz"}, "exact"),
    Repair("group-not-in-rule", "rule-restore", {"Priority": 10}, "exact"),
    Repair("service-target-group-mismatch", "rule-forward-to-service", {}, "exact"),
    Repair("az-not-enabled", "zone-enable", {}, "compensating"),
)


@pytest.mark.parametrize("repair", REPAIRS, ids=[f"{one.fix}: {one.scenario}" for one in REPAIRS])
def test_a_fix_ends_the_incident_and_is_undone(repair: Repair) -> None:
    with scene(repair.scenario) as there:
        report, snapshot = there.diagnose()
        plan = next(iter(of_report(repair.fix, report, snapshot)))
        sent = plan.writes[0].call.parameters
        assert {key: value for key, value in sent.items() if key in repair.sends} == repair.sends
        before = _state(there, plan)

        execution = there.carry_out(plan)
        assert execution.status == "done", execution.text
        there.watch(plan)

        undone = there.undo(plan, execution)
        assert undone.status == "done", undone.text
        assert plan.undo.kind == repair.undone
        if repair.undone == "exact":
            assert _state(there, plan) == before


def _state(there: Scene, plan: Plan) -> str:
    """What is found now where the undo will look."""
    return json.dumps([see(there.reads, guard).found for guard in plan.undo.guards])
