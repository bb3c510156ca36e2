"""Fixes of ECS services carried out in the simulated world: the fault goes, the undo does what its kind promises."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from diagnostics.facts import TargetHealth
from diagnostics.report import Cause, Concentration
from remediations.filling import filled_guard
from remediations.plan import Guard, Plan
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
            _wait(there, [filled_guard(guard, execution.kept) for guard in plan.success.guards], plan.success.within_s)

            if undo != "none":
                undone = there.undo(plan, execution, f"p-{number}")
                assert undone.status == "done", undone.text
                _is_as_before(there, plan, before)


def test_tasks_are_replaced_one_and_all() -> None:
    """Nothing is wrong here but what the report is made to say; what counts is what ECS does."""
    with scene("all-well") as there:
        report, snapshot = there.diagnose()
        health = snapshot.get(TargetHealth)
        assert isinstance(health, TargetHealth)
        target = next(target for _, target in health.all())
        where = Concentration(by="target", key=target.key, share=0.9)
        for fix, code in (("ecs-stop-task", "target-generated-5xx"), ("ecs-force-deployment", "memory-pressure")):
            cause = Cause(
                code=code, family="time", title=code, summary=code, confidence=0.7, band="likely", role="root"
            )
            symptom = report.symptom.model_copy(update={"concentration": where})
            told = report.model_copy(update={"causes": (cause,), "symptom": symptom})
            plan = next(iter(of_report(fix, told, snapshot)))
            execution = there.carry_out(plan, fix, protections=(FREEZE,))
            assert execution.status == "done", execution.text
            _wait(there, plan.success.guards, plan.success.within_s)
            assert there.carry_out(plan, f"{fix}-again").status == "refused"


def _wait(there: Scene, guards: Sequence[Guard], within_s: int) -> None:
    """Until the plan's own signs of success show, at most as long as it says."""
    for _ in range(0, within_s + 1, LOOK_EVERY_S):
        if all(see(there.reads, guard).holds for guard in guards):
            return
        there.advance(LOOK_EVERY_S)
    pytest.fail(f"no success within {within_s} s: {[see(there.reads, guard).told for guard in guards]}")


def _is_as_before(there: Scene, plan: Plan, before: Sequence[object]) -> None:
    """What the plan was based on is so again, the deployment on the way back included."""
    for _ in range(0, 2 * plan.eta_s + 1, LOOK_EVERY_S):
        if all(see(there.reads, guard).holds for guard in plan.guards):
            break
        there.advance(LOOK_EVERY_S)
    now = [see(there.reads, guard).found for guard in plan.guards]
    assert json.dumps(now) == json.dumps(list(before))
