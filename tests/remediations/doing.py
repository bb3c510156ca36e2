"""Carrying out plans in the simulated world, over HTTP, with the roles and policies that this project publishes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.diagnosing import Diagnoser
from demo.running import RunningWorld, run
from demo.world.moto_state import forget_account
from diagnostics.aws_access import AccessLimits, AwsAccess
from diagnostics.collect.own_records import OwnRecords
from diagnostics.question import Diagnosed, Progress, Question
from diagnostics.report import Report
from diagnostics.snapshot import Snapshot
from remediations.execute import Execution, Tools, carry_out
from remediations.journal import MemoryJournal
from remediations.plan import Plan
from remediations.protection import Protection
from remediations.reading import AwsReads, see
from remediations.sessions import OnBehalf, WriteSessions
from remediations.undo import undo_of
from remediations.watch import check, gives_up_at
from remediations.writing import Writer
from tests import aws_use
from tests.published_policies import RolesOfAnAccount

PRESENT = 1_800_000_000.0
REGION = "us-east-1"
LOOK_EVERY_S = 60.0
STEP_S = 5.0
FREEZE = Protection("change-freeze", "true")
"""Nothing has this tag; that is read before each fix."""
_accounts = itertools.count(770_000_000_000)


class OpenGate:
    """Lets every look-up through at once: this CloudTrail has no quota."""

    def wait(self, key: str, spacing_s: float, timeout_s: float) -> bool:
        return True


@dataclass
class Scene:
    """A scenario that answers over HTTP, and somebody who diagnoses and repairs it. Its clock moves by `advance`."""

    running: RunningWorld
    roles: RolesOfAnAccount
    access: AwsAccess
    sessions: WriteSessions

    @property
    def account(self) -> str:
        return self.running.account

    @property
    def reads(self) -> AwsReads:
        return AwsReads(self.access.reader(self.account, REGION))

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.running.world.now(), UTC)

    def advance(self, seconds: float) -> None:
        self.running.world.advance(seconds, STEP_S)

    def diagnose(
        self, target: str | None = None, own: OwnRecords | None = None, *, logs: bool = False
    ) -> tuple[Report, Snapshot]:
        """Without logs, which are most of the work and which most fixes are not made of."""
        diagnoser = Diagnoser(self.access, nicknames={}, budget_s=60, cache_s=0, own=own, clock=self.now)
        outcome = diagnoser(Question(words=target or self.running.scenario.target, logs=logs), _ignore)
        assert isinstance(outcome, Diagnosed), outcome
        return outcome.report, outcome.snapshot

    def tools(self, plan: Plan, plan_id: str, **more: Any) -> Tools:
        given: dict[str, Any] = {
            "reads": self.reads,
            "writer": more.get("writer") or self.writer(plan, plan_id),
            "journal": MemoryJournal(),
            "protections": (FREEZE,),
            "pause": lambda _seconds: None,
        }
        return Tools(**{**given, **more})

    def writer(self, plan: Plan, plan_id: str) -> Writer:
        """A session that can do what the plan does and nothing else, as the executor gets it."""
        behalf = OnBehalf(person="Ann", person_id="U-ann", incident="r-test", plan_id=plan_id)
        return self.sessions.writer(plan, self.account, REGION, behalf)

    def carry_out(self, plan: Plan, plan_id: str = "p-test", **more: Any) -> Execution:
        """Carries the plan out; `more` replaces tools, such as ``writer`` or ``boundary``."""
        execution = carry_out(plan, plan_id, self.tools(plan, plan_id, **more))
        if execution.status == "done":
            aws_use.carried_out(plan.fix)
        return execution

    def undo(self, plan: Plan, execution: Execution, plan_id: str = "p-test", **more: Any) -> Execution:
        """Carries out what takes back what was done of the plan."""
        undo = undo_of(plan, plan_id, execution)
        assert undo is not None
        undo_id = f"{plan_id}-undo"
        return carry_out(undo, undo_id, self.tools(undo, undo_id, **more), undoes=True)

    def done_and_undone(self, plan: Plan) -> None:
        """Carries the plan out, sees that it worked, and takes it back; then all is as it was before."""
        execution = self.carry_out(plan)
        assert execution.status == "done", execution.text
        self.watch(plan)
        if plan.undo.kind == "none":
            assert undo_of(plan, "p-test", execution) is None
            return
        undone = self.undo(plan, execution)
        assert undone.status == "done", undone.text
        assert not all(see(self.reads, guard).holds for guard in plan.undo.guards)
        assert all(see(self.reads, guard).holds for guard in plan.guards)

    def watch(self, *plans: Plan) -> None:
        """Looks until the watch says of every plan that it worked, within the time that the plan gives itself."""
        since, waiting = self.now(), list(plans)
        while waiting:
            seen = [(plan, check(plan, self.reads, since, self.now())) for plan in waiting]
            assert [progress.failing for _, progress in seen if progress.failing] == []
            waiting = [plan for plan, progress in seen if not progress.complete]
            late = [(plan.fix, left.missing) for plan, left in seen if left.missing and self._is_late(plan, since)]
            assert late == []
            self.advance(LOOK_EVERY_S if waiting else 0)

    def _is_late(self, plan: Plan, since: datetime) -> bool:
        return self.now() > gives_up_at(plan, since)


@contextmanager
def scene(scenario: str) -> Iterator[Scene]:
    """The scenario in an account of its own, at its end, with the environment that leads boto3 there."""
    account = f"{next(_accounts)}"
    with (
        run(scenario, live=False, account=account, present=PRESENT) as running,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in running.environment().items():
            patch.setenv(name, value)
        roles = RolesOfAnAccount(running.world.layer, account)
        access = AwsAccess((roles.reader(REGION),), AccessLimits(), gate=OpenGate())
        yield Scene(running, roles, access, roles.writers())
    roles.check()
    forget_account(account)


def _ignore(progress: Progress) -> None:
    """Nobody is watching."""
