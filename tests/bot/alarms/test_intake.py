"""What is taken in is kept and queued, in one trip to the store, whatever becomes of the store in between."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from bot.jobs import Lane, Send
from bot.store.alarms import AlarmShelf
from handlers.alarms import AlarmNews

NEWS = AlarmNews(id="ask-1", correlation_id="c-1", state="ALARM", at=datetime(2026, 3, 14, 3, 12, tzinfo=UTC), team="T",
                 channel="C", alarm="checkout")  # fmt: skip


@pytest.fixture
def lane(redis: Redis) -> Lane:
    return Lane(redis, "alarms", 60)


@pytest.fixture
def job(lane: Lane) -> Send:
    return lane.job("alarm", lambda _: None)


def taken(redis: Redis, lane: Lane, job: Send) -> bool:
    return bool(lane.kept_and_queued(AlarmShelf(redis).putting(NEWS), lambda: job(NEWS.id)))


def test_the_first_is_new_and_each_is_queued(redis: Redis, lane: Lane, job: Send) -> None:
    assert [taken(redis, lane, job) for _ in range(2)] == [True, False]
    assert AlarmShelf(redis).get(NEWS.id) == NEWS
    assert lane.waiting() == 2


def test_one_trip_is_enough(redis: Redis, lane: Lane, job: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    job("ask-0")  # its script is known from now on
    monkeypatch.setattr(lane.broker.client, "execute_command", None)
    assert taken(redis, lane, job)


def test_a_store_that_was_started_anew_knows_no_script(redis: Redis, lane: Lane, job: Send) -> None:
    job("ask-0")
    redis.script_flush()
    assert taken(redis, lane, job)
    assert AlarmShelf(redis).get(NEWS.id) == NEWS
    assert lane.waiting() == 2


def test_without_a_store_nothing_is_taken(redis: Redis, lane: Lane, job: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object, **__: object) -> None:
        raise RedisConnectionError

    job("ask-0")
    with monkeypatch.context() as patch:
        patch.setattr("redis.client.Pipeline.execute", gone)
        with pytest.raises(RedisConnectionError):
            taken(redis, lane, job)
    assert taken(redis, lane, job)
    assert lane.waiting() == 2
