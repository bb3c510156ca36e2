"""Fixes of ECS services carried out in the simulated world: the fault goes, the undo does what its kind promises."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from remediations.plan import Plan
from remediations.protection import Protection
from remediations.reading import see
from tests.remediations.catalogue.proposing import of_report
from tests.remediations.doing import Scene, scene

LOOK_EVERY_S = 15
FREEZE = Protection("change-freeze", "true")


@dataclass(frozen=True)
class Repair:
    """A scenario and the fixes that end it, each with the kind of its undo; every one is undone before the next."""

    scenario: str
    fixes: tuple[tuple[str, str], ...]


REPAIRS = (
    Repair("crash-loop-after-deploy", (("ecs-stop-deployment", "none"),)),
    Repair(
        "oom-after-deployment",
        (("ecs-circuit-breaker", "exact"), ("ecs-roll-back", "compensating"), ("ecs-more-memory", "compensating")),
    ),
    Repair("slow-start-kill-loop", (("ecs-grace-period", "exact"),)),
    Repair("scaled-to-zero", (("ecs-scale-out", "compensating"),)),
)


@pytest.mark.parametrize("repair", REPAIRS, ids=[one.scenario for one in REPAIRS])
def test_fixes_end_the_incident_and_are_undone(repair: Repair) -> None:
    with scene(repair.scenario) as there:
        report, snapshot = there.diagnose()
        for number, (fix, undo) in enumerate(repair.fixes):
            plan = next(iter(of_report(fix, report, snapshot)))
            assert plan.not_now is None
            assert plan.undo.kind == undo
            before = [see(there.reads, guard).found for guard in plan.guards]

            execution = there.carry_out(plan, f"p-{number}", protections=(FREEZE,))
            assert execution.status == "done", execution.text
            there.watch(plan)

            if undo != "none":
                undone = there.undo(plan, execution, f"p-{number}")
                assert undone.status == "done", undone.text
                _is_as_before(there, plan, before)


def _is_as_before(there: Scene, plan: Plan, before: Sequence[object]) -> None:
    """What the plan was based on is so again, the deployment on the way back included."""
    for _ in range(0, 2 * plan.eta_s + 1, LOOK_EVERY_S):
        if all(see(there.reads, guard).holds for guard in plan.guards):
            break
        there.advance(LOOK_EVERY_S)
    now = [see(there.reads, guard).found for guard in plan.guards]
    assert json.dumps(now) == json.dumps(list(before))
