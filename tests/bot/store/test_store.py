"""The store's promises: effects once, one flight for one question, budgets kept, what fails looks empty."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from redis import Redis

from bot.store.alarms import AlarmShelf
from bot.store.asks import Asks, fence_key
from bot.store.budget import Budget, Rate
from bot.store.effects import Effects
from bot.store.facts import StoredFacts, StoredIndex
from bot.store.flights import MAX_PASSENGERS, Flights
from bot.store.keys import text_of
from bot.store.packing import packed, unpacked
from bot.store.reports import MAX_REPORTS, Reports
from diagnostics.question import Question, Refused
from handlers.ask import Ask, Origin
from handlers.effects import Claim, SupersededError
from tests.reports import report

QUESTION = Question(words="checkout")


def ask(name: str = "ask-1") -> Ask:
    origin = Origin(team="T1", channel="C1", user="U1")
    return Ask(
        id=name, correlation_id="c-1", kind="command", question=QUESTION, origin=origin, asked_at=datetime.now(UTC)
    )


@pytest.fixture
def asks(redis: Redis) -> Asks:
    asks = Asks(redis)
    asks.save(ask())
    return asks


def test_everything_is_kept_under_one_prefix_and_expires(redis: Redis, asks: Asks) -> None:
    asks.begin("ask-1")
    Effects(redis).claim("ask-1", "parent", 1)
    Flights(redis, 60).board(QUESTION, "ask-1")
    StoredFacts(redis).put("k", "v", 30)
    StoredIndex(redis).put("k", "v")
    Reports(redis, 30).put_answer(Refused(message="m"))
    AlarmShelf(redis).tries("n-1", "slack")
    names = redis.keys("*")
    assert names
    assert all(text_of(name).startswith("alb502:") for name in names)
    assert all(redis.ttl(name) > 0 for name in names)


def test_what_is_unpacked_is_bounded_whatever_the_store_holds() -> None:
    assert unpacked(packed("x" * 1_000_000), 10) == b"x" * 10
    assert unpacked(b"not compressed", 10) == b""


def test_an_ask_that_is_saved_twice_stays_as_it_was(asks: Asks) -> None:
    fence = asks.begin("ask-1")
    asks.save(ask().model_copy(update={"correlation_id": "c-2"}))
    assert asks.load("ask-1") == ask().model_copy(update={"asked_at": (asks.load("ask-1") or ask()).asked_at})
    Effects(asks._redis).check("ask-1", fence)


def test_waiting_for_a_later_ask_takes_none_of_the_tries_that_slack_has(asks: Asks) -> None:
    for _ in range(50):
        asks.overtaken("ask-1")
    assert asks.put_off("ask-1") == 1
    assert asks.put_offs("ask-1") == 51, "the job was begun so often without ending its worker"


def test_a_forgotten_ask_cannot_begin(asks: Asks) -> None:
    assert asks.begin("ask-9") == 0


def test_a_finished_ask_is_neither_begun_again_nor_in_progress(redis: Redis, asks: Asks) -> None:
    """A late second delivery has nothing to do, and must not overtake whoever edits the answer."""
    asks.in_progress("ask-1")
    asks.finish("ask-1")
    editing = asks.begin("ask-1")
    assert asks.begin("ask-1", open_only=True) == 0
    Effects(redis).check("ask-1", editing)
    asks.in_progress("ask-1")
    assert not asks.is_in_progress("ask-1")


def test_only_the_newest_delivery_may_claim(redis: Redis, asks: Asks) -> None:
    effects = Effects(redis)
    first, second = asks.begin("ask-1"), asks.begin("ask-1")
    with pytest.raises(SupersededError):
        effects.claim("ask-1", "parent", first)
    with pytest.raises(SupersededError):
        effects.check("ask-1", first)
    assert effects.claim("ask-1", "parent", second) == Claim()


def test_an_unconfirmed_claim_is_in_doubt_a_confirmed_one_is_done_a_released_one_is_free(
    redis: Redis, asks: Asks
) -> None:
    effects = Effects(redis)
    earlier = asks.begin("ask-1")
    effects.claim("ask-1", "parent", earlier)
    fence = asks.begin("ask-1")
    assert effects.claim("ask-1", "parent", fence).posting_for_s
    effects.doubt("ask-1", "parent", earlier)
    assert effects.claim("ask-1", "parent", fence).in_doubt_since_s
    effects.release("ask-1", "parent", earlier)  # it is the newer one's by now
    assert effects.claim("ask-1", "parent", fence).in_doubt_since_s
    effects.release("ask-1", "parent", fence)
    assert effects.claim("ask-1", "parent", fence) == Claim()
    effects.confirm("ask-1", "parent", "17.1")
    assert effects.claim("ask-1", "parent", fence) == Claim(done_ts="17.1")


def test_a_flight_has_one_leader_and_tells_it_who_boarded(redis: Redis, asks: Asks) -> None:
    flights = Flights(redis, 60)
    fence = asks.begin("ask-1")
    assert flights.board(QUESTION, "ask-1") == "lead"
    assert flights.board(QUESTION, "ask-1") == "lead", "a second delivery of the leader's job goes on leading"
    assert flights.board(QUESTION.model_copy(update={"words": " checkout "}), "ask-2") == "board"
    assert flights.board(QUESTION, "ask-2") == "board"
    assert flights.board(QUESTION.model_copy(update={"since_s": 60}), "ask-3") == "lead"
    assert flights.land(QUESTION, "ask-1", "a-1", fence_key("ask-1"), fence)
    assert flights.passengers("ask-1") == ("ask-2",)
    assert flights.landed("ask-1") == "a-1"
    assert flights.board(QUESTION, "ask-4") == "lead", "who comes after the landing asks anew"


def test_a_leader_that_was_superseded_does_not_land(redis: Redis, asks: Asks) -> None:
    flights = Flights(redis, 60)
    old = asks.begin("ask-1")
    flights.board(QUESTION, "ask-1")
    asks.begin("ask-1")
    assert not flights.land(QUESTION, "ask-1", "a-1", fence_key("ask-1"), old)
    assert flights.landed("ask-1") is None


def test_a_full_flight_takes_nobody_more(redis: Redis) -> None:
    flights = Flights(redis, 60)
    flights.board(QUESTION, "ask-0")
    for number in range(MAX_PASSENGERS):
        flights.board(QUESTION, f"ask-p{number}")
    assert flights.board(QUESTION, "ask-late") == "alone"


def test_a_budget_gives_a_burst_then_asks_for_patience(redis: Redis) -> None:
    budget = Budget(redis, {"post": Rate(60_000, burst=2)}, {"post": Rate(10, burst=100)})
    assert [budget.take("post", "C1"), budget.take("post", "C1")] == [0.0, 0.0]
    assert 0 < budget.take("post", "C1") <= 60
    assert budget.take("post", "C2") == 0.0, "another channel has its own"


def test_what_can_be_left_out_leaves_a_reserve_for_what_cannot(redis: Redis) -> None:
    budget = Budget(redis, {}, {"update": Rate(60_000, burst=3, reserve=2)})
    assert budget.take("update", "C1", spare=True) == 0.0
    assert budget.take("update", "C1", spare=True) > 0
    assert budget.take("update", "C1") == 0.0


def test_a_method_that_slack_refused_pauses_for_every_channel(redis: Redis) -> None:
    budget = Budget(redis)
    budget.pause("chat.update", 30)
    budget.pause("chat.update", 1)
    assert 25 < budget.take("chat.update", "C1") <= 30
    assert 25 < budget.take("chat.update", "C2", spare=True) <= 30
    assert budget.take("chat.postMessage", "C1") == 0.0


def test_reports_come_back_as_they_were_and_the_oldest_are_dropped(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_REPORTS > 1_000
    monkeypatch.setattr("bot.store.reports.MAX_REPORTS", 2)
    reports = Reports(redis, 30)
    kept = [report(id=f"r-{number}", made_at=datetime.now(UTC)) for number in range(3)]
    for one in kept:
        reports.save(one)
    assert reports.load("r-0") is None
    assert reports.load("r-2") == kept[2]
    assert reports.answer(reports.put_answer(Refused(message="no"))) == (Refused(message="no"), None)
    assert reports.answer("a-unknown") is None


def test_a_cached_fact_has_an_age(redis: Redis) -> None:
    facts = StoredFacts(redis)
    facts.put("k", "text ä", 30)
    found = facts.get("k")
    assert found is not None
    assert found[0] == "text ä"
    assert 0 <= found[1] < 5
    assert facts.get("other") is None


def test_one_at_a_time_refreshes_the_index(redis: Redis) -> None:
    index = StoredIndex(redis)
    with index.refreshing("1/us-east-1") as mine, index.refreshing("1/us-east-1") as theirs:
        assert (mine, theirs) == (True, False)
    with index.refreshing("1/us-east-1") as again:
        assert again


def test_a_store_that_is_gone_or_holds_nonsense_looks_empty(redis: Redis) -> None:
    gone = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=0.2)
    facts, index = StoredFacts(gone), StoredIndex(gone)
    facts.put("k", "v", 30)
    assert facts.get("k") is None
    assert index.get("k") is None
    with index.refreshing("k") as held:
        assert not held
    gone.close()
    StoredFacts(redis).put("k", "v", 30)
    (name,) = redis.keys("alb502:fact:*")
    redis.set(name, b"nonsense")
    assert StoredFacts(redis).get("k") is None
