"""An executor that is killed between any two steps, and the next one that takes over: one effect, and a true audit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from remediations.approval import Ticket
from remediations.plan import Plan
from tests.bot.fixes.acting import Stage, person
from tests.bot.fixes.executor_process import SharedCloud
from tests.bot.fixes.test_interruptions import STEPS
from tests.remediations.cloud import deployments_are, plan, redeploy

ROOT = Path(__file__).parents[3]
BOTH = ["modify_target_group", "modify_target_group_attributes"]

Kill = Callable[..., None]


@pytest.fixture(scope="module")
def mortals(store_url: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.bot.fixes.executor_process", store_url]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=ROOT, env=environment, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def stage(redis: Redis) -> Stage:
    return Stage(redis, cloud=SharedCloud(redis=redis))


@pytest.fixture
def kill(stage: Stage, mortals: subprocess.Popen[str]) -> Kill:
    """Has a job done by a process that is killed at a step of it."""

    def kill(ticket: Ticket, step: str, job: str = "run") -> None:
        assert mortals.stdin is not None
        assert mortals.stdout is not None
        said = json.dumps({"job": job, "ticket": ticket.id, "step": step, "now": str(stage.now)})
        mortals.stdin.write(f"{said}\n")
        mortals.stdin.flush()
        for line in mortals.stdout:
            if line in ("killed\n", "ended\n"):
                assert line == "killed\n", f"{step} was not reached"
                return

    return kill


def sent(stage: Stage) -> list[str]:
    """What all of the processes have sent."""
    stage.cloud.read(redeploy().done_when.look.call)
    return stage.cloud.sent


@pytest.mark.parametrize("step", STEPS)
def test_the_next_executor_does_what_is_missing_and_nothing_twice(stage: Stage, kill: Kill, step: str) -> None:
    ticket = stage.approved()
    kill(ticket, step)
    stage.executor().run(ticket.id)
    after = stage.ticket(ticket.id)
    assert (after.state, after.text) == ("executed", "")
    assert sent(stage) == BOTH
    assert stage.cloud.settings["HealthCheckPath"] == "/healthz"
    assert stage.events() == ["shown", "asked", "approved", "started", "wrote", "wrote", "executed"]
    assert after.execution is not None
    by_reading = [found.by_reading for found in after.execution.steps]
    assert by_reading == [step == "answer 0", step == "answer 1"]
    assert "executed" in stage.told.states, "people are told, whoever died before"


def _redeployment() -> Plan:
    return plan(writes=(redeploy(),), guards=(deployments_are(0),))


@pytest.mark.parametrize("step", [step for step in STEPS if not step.endswith("1")])
def test_what_has_an_effect_each_time_has_it_once_or_is_said_to_be_unknown(stage: Stage, kill: Kill, step: str) -> None:
    ticket = stage.approved(_redeployment())
    kill(ticket, step)
    stage.executor().run(ticket.id)
    after = stage.ticket(ticket.id)
    unknown = step == "sent 0"
    assert (after.state, len(sent(stage))) == (("failed", 0) if unknown else ("executed", 1))
    assert ("It was not sent again" in after.text) == unknown
    end = "failed" if unknown else "executed"
    assert stage.events() == ["shown", "asked", "approved", "started", "wrote", end]
    assert stage.told.states[-1] == end


@pytest.mark.parametrize("step", STEPS)
def test_an_undo_survives_its_executor(stage: Stage, kill: Kill, step: str) -> None:
    done = stage.ran()
    undo = stage.desk.undo(done.id, person("U-ann"))
    assert isinstance(undo, Ticket)
    kill(undo, step)
    stage.executor().run(undo.id)
    assert stage.ticket(undo.id).state == "executed"
    stage.executor().watch(undo.id)
    assert stage.ticket(done.id).state == "undone"
    assert Counter(sent(stage)) == dict.fromkeys(BOTH, 2)
    assert stage.cloud.settings["HealthCheckPath"] == "/"
    assert [event for event in stage.events() if event == "undone"] == ["undone"]


@pytest.mark.parametrize("step", ["verified", "undone"])
@pytest.mark.parametrize("by", ["the job that comes back", "the sweep"])
def test_what_was_undone_is_told_to_be_undone_whoever_died(stage: Stage, kill: Kill, step: str, by: str) -> None:
    """Between the end of the undo and the end of the fix that it undid."""
    done = stage.ran()
    undo = stage.desk.undo(done.id, person("U-ann"))
    assert isinstance(undo, Ticket)
    stage.executor().run(undo.id)
    kill(undo, step, "watch")
    assert (stage.ticket(undo.id).state, stage.ticket(done.id).state == "undone") == ("verified", step == "undone")
    stage.told.tickets.clear()
    if by == "the sweep":
        stage.wait(60)
        stage.executor().sweep()
    else:
        stage.executor().watch(undo.id)
    for job, ticket_id, _ in list(stage.queue.jobs):
        getattr(stage.executor(), job)(ticket_id)
    assert stage.ticket(done.id).state == "undone"
    assert stage.events().count("undone") == 1
    assert stage.tickets.unfinished() == ()


def test_a_fix_that_worked_is_closed_although_whoever_saw_it_died(stage: Stage, kill: Kill) -> None:
    done = stage.ran(plan(success=plan().success.model_copy(update={"guards": plan().undo.guards})))
    kill(done, "verified", "watch")
    assert stage.ticket(done.id).state == "verified"
    stage.told.tickets.clear()
    stage.executor().watch(done.id)
    assert stage.told.states == ["verified"], "people are told by whoever does the job again"
    stage.wait(931)
    stage.executor().sweep()
    assert stage.queue.jobs[-1] == ("close", done.id, 0.0)
