"""An executor that pauses between any two steps: one effect, and an audit that tells what happened."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from remediations.plan import Plan
from tests.bot.fixes.acting import Stage, person
from tests.remediations.cloud import deployments_are, plan, redeploy

STEPS = (
    "claimed",
    "forbidden",
    "tags",
    "guards",
    "send 0",
    "sent 0",
    "answer 0",
    "recorded 0",
    "send 1",
    "sent 1",
    "answer 1",
    "recorded 1",
    "carried out",
    "ended",
)


def test_these_are_all_the_steps(stage: Stage) -> None:
    seen: list[str] = []
    ticket = stage.approved()
    stage.executor(boundary=seen.append).run(ticket.id)
    assert tuple(seen) == STEPS
    assert stage.ticket(ticket.id).state == "executed"


class Sleeper:
    """An executor that stands still at one step until it is woken."""

    def __init__(self, stage: Stage, ticket_id: str, step: str) -> None:
        self._step = step
        self._reached, self._go = threading.Event(), threading.Event()
        executor = stage.executor(boundary=self._at)
        self._thread = threading.Thread(target=executor.run, args=(ticket_id,))
        self._thread.start()
        assert self._reached.wait(10)

    def wake(self) -> None:
        self._go.set()
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _at(self, step: str) -> None:
        if step == self._step:
            self._reached.set()
            assert self._go.wait(10)


@pytest.mark.parametrize("step", STEPS)
def test_another_executor_goes_on_and_the_first_one_wakes_up_too_late(stage: Stage, step: str) -> None:
    ticket = stage.approved()
    sleeper = Sleeper(stage, ticket.id, step)
    stage.executor().run(ticket.id)
    after = stage.ticket(ticket.id)
    assert after.state == "executed"
    assert after.execution is not None
    assert after.execution.done == (0, 1)
    assert (stage.cloud.settings["HealthCheckPath"], stage.cloud.attributes) == (
        "/healthz",
        {"deregistration_delay.timeout_seconds": "60"},
    )
    sent_before_it_woke = Counter(stage.cloud.sent)
    assert set(sent_before_it_woke.values()) == {1}

    sleeper.wake()

    assert stage.ticket(ticket.id) == after
    if not step.startswith("sent"):  # the window that remains: marked as sent, and not yet on its way
        assert Counter(stage.cloud.sent) == sent_before_it_woke
    assert stage.events().count("executed") == 1
    assert {r.details["outcome"] for r in stage.records() if r.event == "wrote"} == {"done"}
    assert stage.told.states.count("executed") == (2 if step == "ended" else 1), "rather told twice than never"


def _redeployment() -> Plan:
    return plan(writes=(redeploy(),), guards=(deployments_are(0),))


@pytest.mark.parametrize("step", ["send 0", "answer 0", "recorded 0", "carried out"])
def test_a_call_that_has_an_effect_each_time_is_made_once(stage: Stage, step: str) -> None:
    ticket = stage.approved(_redeployment())
    sleeper = Sleeper(stage, ticket.id, step)
    stage.executor().run(ticket.id)
    sleeper.wake()
    assert (stage.cloud.deployments, stage.cloud.sent) == (1, ["update_service"])
    assert stage.ticket(ticket.id).state == "executed"


def test_such_a_call_is_not_repeated_when_nobody_knows_whether_it_left(stage: Stage) -> None:
    ticket = stage.approved(_redeployment())
    sleeper = Sleeper(stage, ticket.id, "sent 0")
    stage.executor().run(ticket.id)
    after = stage.ticket(ticket.id)
    assert (after.state, stage.cloud.sent) == ("failed", [])
    assert "It was not sent again; look before anything else is done" in after.text
    sleeper.wake()
    assert stage.cloud.deployments == 1
    wrote = [record.details["outcome"] for record in stage.records() if record.event == "wrote"]
    assert wrote == ["lost", "done"], "what the late one did is in the audit, too"


def test_one_that_is_woken_when_its_claim_is_lost_sends_nothing(stage: Stage) -> None:
    ticket = stage.approved()
    sleeper = Sleeper(stage, ticket.id, "send 0")
    for name in stage.redis.keys("alb502:fix-claim:*"):
        stage.redis.delete(name)
    sleeper.wake()
    assert stage.cloud.sent == []
    assert stage.ticket(ticket.id).state == "approved"


def test_a_plan_that_was_interrupted_for_long_is_not_gone_on_with(stage: Stage) -> None:
    ticket = stage.approved()
    sleeper = Sleeper(stage, ticket.id, "send 1")
    stage.wait(400)
    stage.executor().run(ticket.id)
    sleeper.wake()
    after = stage.ticket(ticket.id)
    assert (after.state, stage.cloud.sent) == ("failed", ["modify_target_group"])
    assert "interrupted for too long" in after.text
    assert "Done before that: elasticloadbalancing:ModifyTargetGroup" in after.text


def test_the_sweep_leaves_an_execution_alone_that_is_alive(stage: Stage) -> None:
    ticket = stage.approved()
    sleeper = Sleeper(stage, ticket.id, "answer 0")
    stage.queue.jobs.clear()
    stage.wait(45)
    stage.executor().sweep()
    assert stage.queue.jobs == []
    for name in stage.redis.keys("alb502:fix-claim:*"):
        stage.redis.pexpire(name, 400_000)
    stage.executor().sweep()
    assert stage.queue.jobs == [("run", ticket.id, 0.0)]
    sleeper.wake()
    assert stage.ticket(ticket.id).state == "executed"


def test_one_execution_for_a_resource_at_a_time(stage: Stage) -> None:
    first = stage.approved()
    other = stage.asked(offer="another")
    stage.desk.approve(other.id, person("U-bob"))
    sleeper = Sleeper(stage, first.id, "send 0")
    stage.executor().run(other.id)
    assert stage.cloud.sent == []
    assert stage.queue.jobs[-1] == ("run", other.id, 2.0)
    stage.wait(61)
    stage.executor().run(other.id)
    assert stage.ticket(other.id).state == "expired"
    assert "another fix was being carried out" in stage.ticket(other.id).text
    sleeper.wake()
    assert stage.ticket(first.id).state == "executed"
