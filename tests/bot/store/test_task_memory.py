"""What is remembered of stopped tasks lives in the store, bounded, and ends by itself."""

from __future__ import annotations

from redis import Redis

from bot.store.connection import open_client
from bot.store.keys import text_of
from bot.store.task_memory import KEEP_S, MAX_BYTES, StoredTasks
from diagnostics.collect.task_memory import with_remembered
from diagnostics.facts import StoppedTasks
from diagnostics.snapshot import Window
from tests.incidents.building import Incident, ago, stopped_task


def test_a_second_replica_knows_what_the_first_one_saw(redis: Redis) -> None:
    seen = Incident().stopped(stopped_task(9, minutes_ago=20, exit_code=1)).snapshot()
    with_remembered(seen, StoredTasks(redis))
    later = Incident().snapshot().model_copy(update={"window": Window(start=ago(60), end=ago(0))})
    found = with_remembered(later, StoredTasks(redis)).get(StoppedTasks)
    assert isinstance(found, StoppedTasks)
    assert [task.seen_at for task in found.items] == [seen.taken_at]


def test_it_is_kept_for_a_week_under_one_prefix(redis: Redis) -> None:
    StoredTasks(redis).keep("1/us-east-1/prod/checkout", "{}")
    (name,) = redis.keys("*")
    assert text_of(name).startswith("alb502:stopped-tasks:")
    assert KEEP_S - 5 <= redis.ttl(name) <= KEEP_S == 7 * 24 * 3600


def test_services_do_not_mix(redis: Redis) -> None:
    memory = StoredTasks(redis)
    memory.keep("a", "{}")
    assert (memory.recall("a"), memory.recall("b")) == ("{}", None)


def test_too_much_is_not_kept(redis: Redis) -> None:
    StoredTasks(redis).keep("a", "x" * (MAX_BYTES + 1))
    assert not redis.keys("*")


def test_a_store_that_is_away_or_broken_looks_empty(redis: Redis) -> None:
    gone = StoredTasks(open_client("redis://127.0.0.1:1"))
    gone.keep("a", "{}")
    assert gone.recall("a") is None
    StoredTasks(redis).keep("a", "{}")
    redis.set(redis.keys("*")[0], b"not compressed")
    assert StoredTasks(redis).recall("a") is None
