"""The queue and a Redis that stumbles: no job is lost between Redis and the worker that lives on."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from dramatiq import Actor, Worker, actor
from dramatiq.middleware.time_limit import TimeLimitExceeded, _CtypesTimeoutManager
from prometheus_client import REGISTRY
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnectionError
from redis.exceptions import ReadOnlyError
from redis.exceptions import TimeoutError as NoAnswerError
from redis.retry import Retry

from bot import jobs, queue
from bot.queue import begun_key, job_in_work, make_broker
from bot.store.alarms import AlarmShelf
from bot.telemetry.logs import correlated
from handlers.slack_calls import SlackLaterError
from tests.bot.conftest import WAIT, eventually, stays

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
        self.patient = Redis.from_url(self.store_url)
        self.other = make_broker(self.patient, 60_000)
        self.other.declare_queue("q")
        self.job: Actor[..., None] = actor(queue_name="q", actor_name="job", broker=self.broker)(self.done.append)

    def send(self, job: Actor[..., None], *args: str, delay: int | None = None) -> str:
        """Queues it, by a connection that waits for a machine that is busy; returns its id."""
        sent = self.other.enqueue(job.message(*args), delay=delay)
        return str(sent.message_id)

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
    lane.patient.close()


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
        lane.send(lane.job, "checkout")
        assert lost_once.wait(5)
        eventually(lambda: lane.done)
        stays(lambda: lane.done == ["checkout"])
    finally:
        worker.stop()


def test_jobs_that_were_put_off_are_done_after_redis_was_away(lane: Lane, redis: Redis) -> None:
    worker = lane.at_work()
    try:
        lane.send(lane.job, "later", delay=700)
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
            lane.send(job, name)
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
    sent = lane.send(job)
    lane.other.do_fetch("q", 1)  # by a worker that ends here
    lane.other.give_back("q")
    worker = lane.at_work()
    try:
        eventually(lambda: seen)
    finally:
        worker.stop()
    assert seen == [sent]
    shelf = AlarmShelf(redis)
    assert shelf.hold("news", by=sent)  # by the one that died
    assert shelf.hold("news", by=sent)
    assert not shelf.hold("news", by="a job that was queued twice")
    assert job_in_work() is None


def test_a_job_that_ends_each_of_its_workers_is_set_aside_and_said(lane: Lane, redis: Redis) -> None:
    sent = lane.send(lane.job, "poison")
    lane.send(lane.job, "checkout")
    redis.set(begun_key(sent), queue.MAX_BEGUN)
    worker = lane.at_work()
    try:
        eventually(lambda: lane.done == ["checkout"])
        eventually(lambda: redis.hlen("alb502:jobs:q.XQ.msgs") == 1)
    finally:
        worker.stop()
    assert lane.done == ["checkout"]
    assert REGISTRY.get_sample_value("alb502_jobs_total", {"name": "job", "result": "set aside"}) == 1
    assert redis.ttl(begun_key(sent)) > 0


def test_a_redis_that_comes_and_goes_uses_up_no_tries(
    store_url: str, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MIN_BACKOFF_MS", 1)
    lane = Lane(store_url)
    failures = [NoConnectionError(), NoAnswerError(), ReadOnlyError()] * 2 + [ValueError()] * queue.MAX_RETRIES

    def stumble() -> None:
        if failures:
            raise failures.pop(0)
        lane.done.append("at last")

    worker = Worker(lane.broker, queues={"q"}, worker_threads=1, worker_timeout=10)
    lane.send(actor(queue_name="q", actor_name="stumble", broker=lane.broker)(stumble))
    worker.start()
    try:
        eventually(lambda: lane.done)
        assert not redis.exists("alb502:jobs:q.XQ.msgs")
    finally:
        worker.stop()
        lane.redis.close()
        lane.patient.close()


def test_a_job_that_never_finds_redis_is_set_aside_in_the_end(
    store_url: str, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MIN_BACKOFF_MS", 1)
    lane = Lane(store_url)
    begun = []

    def fail() -> None:
        begun.append(1)
        raise NoAnswerError

    lane.send(actor(queue_name="q", actor_name="fail", broker=lane.broker)(fail))
    worker = lane.at_work()
    try:
        eventually(lambda: redis.hlen("alb502:jobs:q.XQ.msgs") == 1)
        assert len(begun) == queue.MAX_AWAY + queue.MAX_RETRIES + 1 <= queue.MAX_BEGUN
    finally:
        worker.stop()
        lane.redis.close()
        lane.patient.close()


def test_a_job_that_somebody_else_had_begun_is_said_to_be_taken_over(
    lane: Lane, redis: Redis, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MIN_BACKOFF_MS", 1)
    tries: list[str] = []

    def fail_once(about: str) -> None:
        tries.append(about)
        if len(tries) == 1:
            raise ValueError("try again")

    again = actor(queue_name="q", actor_name="again", broker=lane.broker)(fail_once)
    with correlated("c-1"):
        sent = lane.send(lane.job, "ask-1")
        lane.send(again, "ask-2")
    redis.set(begun_key(sent), 1)
    redis.set(f"alb502:jobs:begun-by:{sent}", "pod-a:7")
    worker = lane.at_work()
    eventually(lambda: lane.done == ["ask-1"] and tries == ["ask-2", "ask-2"])
    worker.stop()
    said = [json.loads(line) for line in lines.getvalue().splitlines()]
    (taken,) = [line for line in said if line["event"].startswith("job taken over")]
    assert (taken["job_id"], taken["about"], taken["begun"]) == (sent, "('ask-1',)", 2)
    assert (taken["correlation_id"], taken["taken_from"], taken["taken_by"]) == ("c-1", "pod-a:7", queue.PROCESS)
    assert all(redis.ttl(name) > 0 for name in redis.scan_iter("alb502:jobs:begun*"))


def test_a_job_is_ended_at_its_time_and_one_thread_sees_to_it_for_all_queues(lane: Lane) -> None:
    for broker in (lane.broker, lane.other):
        broker.emit_after("process_boot")
    ended = threading.Event()

    def endless() -> None:
        try:
            while True:
                WAIT(0.02)
        except TimeLimitExceeded:
            ended.set()

    lane.send(actor(queue_name="q", actor_name="endless", broker=lane.broker, time_limit=100, max_retries=0)(endless))
    worker = lane.at_work()
    assert ended.wait(20)
    worker.stop()
    assert sum(isinstance(thread, _CtypesTimeoutManager) for thread in threading.enumerate()) == 1


def test_a_job_that_slack_asks_patience_for_is_put_off_for_a_moment_at_least(redis: Redis) -> None:
    def asks_for_patience(_: str) -> None:
        raise SlackLaterError("chat.update", 0.2)

    people = jobs.Lane(redis, "people", 60)
    people.job("patient", asks_for_patience)
    before_ms = time.time() * 1_000
    people.broker.get_actor("patient").fn("about-1")
    (put_off,) = map(json.loads, redis.hvals("alb502:jobs:people.DQ.msgs"))
    assert put_off["args"] == ["about-1"]
    assert put_off["options"]["eta"] - before_ms >= jobs.MIN_PUT_OFF_S * 1_000 - 1
