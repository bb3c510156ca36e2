"""The store loses what was acknowledged: the question is asked again by itself, and nothing is said twice."""

from __future__ import annotations

import pytest
from redis import Redis

from bot import app
from bot.accepted import MAX_REMEMBERED, QUIET_LOOKS, REMEMBER_S, Accepted
from bot.jobs import Lane
from bot.store.asks import Asks
from tests.bot.conftest import Diagnosis, Start, eventually
from tests.bot.store.test_store import ask as an_ask
from tests.slack_fake import SlackFake


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "LOOK_EVERY_S", 0.1)


def is_answered(slack: SlackFake) -> bool:
    return any("nothing called" in reply["text"] for reply in slack.replies())


def test_a_question_that_waited_is_answered(start: Start, slack: SlackFake, redis: Redis) -> None:
    start(Diagnosis(), role="web").ask("checkout")
    redis.flushall()
    start(Diagnosis(), role="worker")
    slack.wait_for(lambda: is_answered(slack))
    assert (len(slack.parents()), len(slack.replies())) == (1, 1)


def test_a_question_in_work_is_answered_in_its_message(start: Start, slack: SlackFake, redis: Redis) -> None:
    diagnosis = Diagnosis()
    diagnosis.go.clear()
    bot = start(diagnosis)
    bot.ask("checkout")
    assert diagnosis.started.wait(5)
    redis.flushall()
    eventually(lambda: len(diagnosis.asked) == 2)
    diagnosis.go.set()
    slack.wait_for(lambda: is_answered(slack))
    eventually(lambda: not any(redis.hlen(f"alb502:jobs:{queue}.msgs") for queue in ("people", "deliveries")))
    assert (len(slack.parents()), len(slack.replies())) == (1, 1)


def test_a_question_whose_job_alone_was_lost_is_answered(start: Start, slack: SlackFake, redis: Redis) -> None:
    start(Diagnosis(), role="web").ask("checkout")
    redis.delete("alb502:jobs:people", "alb502:jobs:people.msgs")
    start(Diagnosis(), role="worker")
    slack.wait_for(lambda: is_answered(slack))
    assert (len(slack.parents()), len(slack.replies())) == (1, 1)


def test_what_is_answered_or_old_is_forgotten_and_what_waits_is_left_alone(redis: Redis) -> None:
    now_s = 1_000.0
    asks, lane = Asks(redis), Lane(redis, "people", 60)
    accepted = Accepted(asks, [lane], clock=lambda: now_s)
    answered, waiting = an_ask("a-1"), an_ask("a-2")
    for ask in (answered, waiting):
        asks.save(ask)
        lane.answer(ask.id)
        accepted.note(ask)
    asks.finish(answered.id)
    for _ in range(QUIET_LOOKS + 1):
        accepted.look()
    assert lane.waiting() == 2  # nothing was queued again
    redis.flushall()
    now_s += REMEMBER_S + 1
    accepted.look()
    assert lane.waiting() == 0
    for number in range(MAX_REMEMBERED + 1):
        accepted.note(an_ask(f"b-{number}"))
    accepted.look()
    assert lane.waiting() == MAX_REMEMBERED
