"""One budget for all replicas: answers before edits, edits of one message apart, and the same without the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from redis import Redis

from bot.store import budget as budgets
from bot.store.budget import PER_CHANNEL, PER_METHOD, Budget, OwnBudget, Rate

EDIT = "chat.update"
GONE = "redis://127.0.0.1:1/0"


def slowly(rates: Mapping[str, Rate]) -> dict[str, Rate]:
    """So that nothing comes free again meanwhile, however slow the machine is."""
    return {name: replace(rate, interval_ms=60_000) for name, rate in rates.items()}


RATES = slowly(PER_CHANNEL), slowly(PER_METHOD)


@pytest.fixture(params=["shared", "own"])
def budget(request: pytest.FixtureRequest, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Budget | OwnBudget:
    monkeypatch.setattr(budgets, "EDIT_EVERY_S", 30.0)
    return Budget(redis, *RATES) if request.param == "shared" else OwnBudget(*RATES)


def test_edits_of_one_message_that_can_wait_keep_apart(budget: Budget | OwnBudget) -> None:
    assert budget.take(EDIT, "C1", spare=True, message="1.1") == 0.0
    assert 25 < budget.take(EDIT, "C1", spare=True, message="1.1") <= 30
    assert budget.take(EDIT, "C1", spare=True, message="1.2") == 0.0, "another message has its own"
    assert budget.take(EDIT, "C2", spare=True, message="1.1") == 0.0


def test_an_answer_is_not_kept_back_by_progress_and_keeps_progress_back(budget: Budget | OwnBudget) -> None:
    assert budget.take(EDIT, "C1", spare=True, message="1.1") == 0.0
    assert budget.take(EDIT, "C1", message="1.1") == 0.0
    assert budget.take(EDIT, "C1", message="1.1") == 0.0
    assert budget.take(EDIT, "C1", message="1.3") == 0.0
    assert budget.take(EDIT, "C1", spare=True, message="1.3") > 25


def test_when_it_is_short_answers_go_before_progress(budget: Budget | OwnBudget) -> None:
    progress = sum(budget.take(EDIT, "C1", spare=True, message=f"1.{n}") == 0.0 for n in range(40))
    answers = sum(budget.take(EDIT, "C1", message=f"2.{n}") == 0.0 for n in range(40))
    assert (progress, answers) == (4, 8)
    assert budget.take(EDIT, "C1", spare=True) > budget.take(EDIT, "C1") > 0


def test_a_pause_is_for_everybody_and_has_an_end(budget: Budget | OwnBudget) -> None:
    budget.pause(EDIT, 10**9)
    assert 590 < budget.take(EDIT, "C1") <= 600
    assert budget.take("chat.postMessage", "C1") == 0.0


def test_replicas_share_one_budget(redis: Redis) -> None:
    replicas = [Budget(redis, *RATES), Budget(redis, *RATES), Budget(redis, *RATES)]
    took = sum(replica.take("chat.postMessage", "C1") == 0.0 for _ in range(5) for replica in replicas)
    assert took == 4


def test_without_the_store_each_process_keeps_to_the_same_rates() -> None:
    gone = Budget(Redis.from_url(GONE), *RATES)
    assert sum(gone.take("chat.postMessage", "C1") == 0.0 for _ in range(20)) == 4
    gone.pause("users.info", 30)
    assert 25 < gone.take("users.info", "") <= 30


def test_what_a_process_remembers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [0.0]
    monkeypatch.setattr(budgets, "MAX_LOCAL", 10)
    own = OwnBudget({"post": Rate(1_000, burst=2)}, {}, clock_s=lambda: now_s[0])
    for number in range(1_000):
        now_s[0] += 5
        own.take("post", f"C{number}")
    assert len(own._until) <= 12
