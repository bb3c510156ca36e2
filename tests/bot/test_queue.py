"""The queue and a Redis that stumbles: no job is lost between Redis and the worker that lives on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from dramatiq import Actor, Worker, actor
from prometheus_client import REGISTRY
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import TimeoutError as NoAnswerError
from redis.retry import Retry

from bot import queue
from bot.queue import begun_key, job_in_work, make_broker
from bot.store.alarms import AlarmShelf
from tests.bot.conftest import eventually, stays

IMPATIENT_S = 0.1
"""How long the worker's connection waits for Redis."""


@dataclass
class Lane:
    """A queue whose jobs are noted, with one worker."""

    store_url: str
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        once = Retry(NoBackoff(), 0)
        self.redis = Redis.from_url(self.store_url, socket_timeout=IMPATIENT_S, retry=once)
        self.broker = make_broker(self.redis, 60_000)
        self.job: Actor[..., None] = actor(queue_name="q", actor_name="job", broker=self.broker)(self.done.append)

    def at_work(self) -> Worker:
        worker = Worker(self.broker, queues={"q"}, worker_threads=1, worker_timeout=10)
        worker.start()
        return worker


@pytest.fixture
def lane(store_url: str, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lane]:
    monkeypatch.setattr(queue, "RECLAIM_EVERY_S", 0.1)
    lane = Lane(store_url)
    yield lane
    lane.redis.close()


@pytest.fixture
def lost_once(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The next answer that hands out jobs is lost on its way. Set once that has happened."""
    lost, fetch = threading.Event(), lane.broker.do_fetch

    def losing(*args: object) -> list[bytes]:
        found: list[bytes] = fetch(*args)
        if found and not lost.is_set():
            lost.set()
            raise NoAnswerError("the answer did not come")
        return found

    monkeypatch.setattr(lane.broker, "do_fetch", losing, raising=False)
    return lost


def test_jobs_that_redis_handed_out_in_an_answer_that_was_lost_are_done(lane: Lane, lost_once: threading.Event) -> None:
    worker = lane.at_work()
    try:
        lane.job.send("checkout")
        assert lost_once.wait(5)
        eventually(lambda: lane.done)
        stays(lambda: lane.done == ["checkout"])
    finally:
        worker.stop()


def test_jobs_that_were_put_off_are_done_after_redis_was_away(lane: Lane, redis: Redis) -> None:
    worker = lane.at_work()
    try:
        lane.job.send_with_options(args=("later",), delay=700)
        eventually(lambda: redis.keys("alb502:jobs:__acks__*.q.DQ"))  # this process has it in its hands
        redis.client_pause(300)
        eventually(lambda: lane.done)
        stays(lambda: lane.done == ["later"])
    finally:
        worker.stop()


def test_a_job_in_work_is_not_given_out_again(lane: Lane, redis: Redis) -> None:
    go, begun = threading.Event(), []

    def hold(name: str) -> None:
        begun.append(name)
        go.wait(5)

    job: Actor[..., None] = actor(queue_name="q", actor_name="hold", broker=lane.broker)(hold)
    worker = lane.at_work()
    try:
        for name in ("first", "second"):  # one in work, one waiting in the process
            job.send(name)
        eventually(lambda: begun)
        redis.client_pause(200)
        stays(lambda: begun == ["first"], 0.6)
        go.set()
        eventually(lambda: redis.hlen("alb502:jobs:q.msgs") == 0)
        assert begun == ["first", "second"]
    finally:
        worker.stop()


def test_whoever_takes_up_the_job_of_a_dead_worker_is_known_by_its_id(lane: Lane, redis: Redis) -> None:
    seen: list[str | None] = []

    def who() -> None:
        seen.append(job_in_work())

    job: Actor[..., None] = actor(queue_name="q", actor_name="who", broker=lane.broker)(who)
    sent = job.send()
    lane.broker.do_fetch("q", 1)  # by a worker that ends here
    lane.broker.give_back("q")
    worker = lane.at_work()
    try:
        eventually(lambda: seen)
    finally:
        worker.stop()
    assert seen == [sent.message_id]
    shelf = AlarmShelf(redis)
    assert shelf.hold("news", by=sent.message_id)  # by the one that died
    assert shelf.hold("news", by=sent.message_id)
    assert not shelf.hold("news", by="a job that was queued twice")
    assert job_in_work() is None


def test_a_job_that_ends_each_of_its_workers_is_set_aside_and_said(lane: Lane, redis: Redis) -> None:
    sent = lane.job.send("poison")
    lane.job.send("checkout")
    redis.set(begun_key(sent.message_id), queue.MAX_BEGUN)
    worker = lane.at_work()
    try:
        eventually(lambda: lane.done == ["checkout"])
        eventually(lambda: redis.hlen("alb502:jobs:q.XQ.msgs") == 1)
    finally:
        worker.stop()
    assert lane.done == ["checkout"]
    assert REGISTRY.get_sample_value("alb502_jobs_total", {"job": "job", "result": "set aside"}) == 1
    assert redis.ttl(begun_key(sent.message_id)) > 0
