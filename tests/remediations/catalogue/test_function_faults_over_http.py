"""Failing functions, mended in the simulated world: the errors end, the watch says so, the undo brings them back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from demo.world.function_handle import ALIAS, TIMEOUT_S
from diagnostics.report import Report
from diagnostics.snapshot import Snapshot
from remediations.execute import Execution
from remediations.plan import Plan
from remediations.reading import see
from remediations.watch import check, errors_between, gives_up_at
from tests.remediations.catalogue.proposing import of_report
from tests.remediations.doing import Scene, scene

LOOK_S = 60


@pytest.fixture(scope="module")
def shortened() -> Iterator[Scene]:
    """A release made the function's Timeout shorter than its work."""
    with scene("lambda-timeout") as found:
        yield found


@pytest.fixture(scope="module")
def seen(shortened: Scene) -> tuple[Report, Snapshot]:
    return shortened.diagnose()


def test_a_function_gets_longer_by_a_new_version(shortened: Scene, seen: tuple[Report, Snapshot]) -> None:
    (plan,) = of_report("lambda-timeout-raise", *seen)
    assert [(change.before, change.after) for change in plan.changes] == [(1, TIMEOUT_S), ("2", "a new version")]
    execution = recovers(shortened, plan)
    assert alias(shortened) == "3"
    goes_back(shortened, plan, execution)
    assert alias(shortened) == "2"


def test_the_alias_leads_back_to_the_former_version(shortened: Scene, seen: tuple[Report, Snapshot]) -> None:
    (plan,) = of_report("lambda-alias-back", *seen)
    execution = recovers(shortened, plan)
    assert alias(shortened) == "1"
    goes_back(shortened, plan, execution)
    assert alias(shortened) == "2"


def test_requests_get_their_former_shape() -> None:
    with scene("lambda-header-shape") as there:
        (plan,) = of_report("lambda-multi-value-headers", *there.diagnose())
        assert [(change.before, change.after) for change in plan.changes] == [("true", "false")]
        goes_back(there, plan, recovers(there, plan))


def recovers(there: Scene, plan: Plan) -> Execution:
    """Carries it out, and looks now and then until the watch has nothing left to wait for."""
    began = there.now()
    execution = there.carry_out(plan)
    assert execution.status == "done", execution.text
    progress = check(plan, there.reads, began, there.now())
    assert any("LambdaUserError" in text for text in progress.missing)
    while progress.missing and there.now() < gives_up_at(plan, began):
        there.advance(LOOK_S)
        progress = check(plan, there.reads, began, there.now())
    assert not progress.missing
    assert progress.failing is None
    return execution


def goes_back(there: Scene, plan: Plan, execution: Execution) -> None:
    """The undo is exact: all is as the plan found it, the fault included."""
    undone = there.undo(plan, execution)
    assert undone.status == "done", undone.text
    assert plan.undo.kind == "exact"
    assert all(see(there.reads, guard).holds for guard in plan.guards)
    began = there.now()
    there.advance(2 * LOOK_S)
    errors: Any = errors_between(plan.success.quiet, there.reads, began, there.now())
    assert sum(errors) > 0


def alias(there: Scene) -> str:
    functions = there.running.world.account(there.account).client("lambda")
    return str(functions.get_alias(FunctionName=there.running.scenario.target, Name=ALIAS)["FunctionVersion"])
