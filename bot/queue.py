"""The job queue: dramatiq on Redis, set so that a dead worker's jobs come back and a lost connection loses none."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, Protocol

import structlog
from dramatiq import Broker, Consumer, Message, MessageProxy
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.common import dq_name, q_name
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import CurrentMessage, Middleware, Retries, SkipMessage, TimeLimit
from dramatiq.middleware.time_limit import _CtypesTimeoutManager
from dramatiq.worker import ConsumerThread
from redis import Redis
from redis.client import Pipeline
from redis.commands.core import Script
from redis.exceptions import ConnectionError as NoConnectionError
from redis.exceptions import NoScriptError, ReadOnlyError, RedisError
from redis.exceptions import TimeoutError as NoAnswerError

from bot.store.keys import DAY_S, HOUR_S, JOBS, text_of
from bot.telemetry.jobs import DUE_MS, JobContext, reference_of
from bot.telemetry.metrics import JOBS_DONE

# A worker that is silent for this long is taken for dead and its jobs are given to others. Shorter is quicker after a
# crash, but a process that is merely paused (a throttled CPU) would have its jobs done twice.
HEARTBEAT_MS: Final = 12_000
# Dead workers are looked for with every command, not with one in a thousand: a quiet bot sends few commands.
MAINTENANCE_CHANCE: Final = 1_000_000
DEAD_LETTER_KEEP_MS: Final = DAY_S * 1_000
MAX_RETRIES: Final = 2
MAX_AWAY: Final = 10
"""So often a job that found Redis away is put back without that counting as a try of its own."""
MIN_BACKOFF_MS: Final = 1_000
MAX_BACKOFF_MS: Final = 15_000
MAX_BEGUN: Final = 15
"""A job that was begun so often ends its process each time; it is set aside. Questions are given up before, and their
askers told."""
BEGUN_KEEP_S: Final = HOUR_S
RECLAIM_EVERY_S: Final = 5.0
"""How often a worker compares what Redis has handed it with what it holds."""

DEADLINES_EVERY_MS: Final = 1_000
PROCESS: Final = f"{socket.gethostname()}:{os.getpid()}"
"""This one, for people: in Kubernetes the host is the pod."""

_KEPT: Final = "alb502_keep"
_AWAY: Final = "alb502_away"
_IS_AWAY: Final = (NoConnectionError, NoAnswerError, ReadOnlyError)
_STARTING: Final = threading.Lock()

_log: Final = structlog.get_logger(__name__)


def make_broker(redis: Redis, longest_job_ms: int) -> JobBroker:
    """A broker of its own for each queue, because each queue has a worker of its own."""
    context = JobContext(longest_job_ms / 1_000)
    broker = JobBroker(
        client=redis,
        namespace=JOBS,
        heartbeat_timeout=HEARTBEAT_MS,
        maintenance_chance=MAINTENANCE_CHANCE,
        dead_message_ttl=DEAD_LETTER_KEEP_MS,
        middleware=[
            context,
            _TimeLimit(longest_job_ms),
            CurrentMessage(),
            _SetAside(redis),
            _Retries(max_retries=MAX_RETRIES, min_backoff=MIN_BACKOFF_MS, max_backoff=MAX_BACKOFF_MS),
        ],
    )
    broker.overdue = context.overdue
    return broker


def job_in_work() -> str | None:
    """The id of the job that this thread works on; the same for whoever takes it up when its worker has died."""
    message = CurrentMessage.get_current_message()
    return None if message is None else str(message.message_id)


def queue_in_work() -> str | None:
    """The queue of the job that this thread works on."""
    message = CurrentMessage.get_current_message()
    return None if message is None else str(q_name(message.queue_name))


def begun_key(job_id: str) -> str:
    """How often a job was begun."""
    return f"{JOBS}:begun:{job_id}"


def _taker_key(job_id: str) -> str:
    """Which process has begun a job last."""
    return f"{JOBS}:begun-by:{job_id}"


def _failed_tries(message: MessageProxy) -> int:
    """How often it was begun and ended in an error, after which it was put back."""
    return int(message.options.get("retries", 0)) + int(message.options.get(_AWAY, 0))


class _TimeLimit(TimeLimit):
    """One thread watches over the jobs of all queues; the library starts one for each queue, and none of them ends."""

    def __init__(self, longest_job_ms: int) -> None:
        super().__init__(time_limit=longest_job_ms)
        self.manager = _deadlines()

    def after_process_boot(self, _: Broker) -> None:
        with _STARTING:
            if not _deadlines().is_alive():
                _deadlines().start()


@cache
def _deadlines() -> _CtypesTimeoutManager:
    """They are kept by thread."""
    return _CtypesTimeoutManager(DEADLINES_EVERY_MS)  # type: ignore[no-untyped-call]


class _SetAside(Middleware):
    """Sets aside what kills its workers, and says so of every job that failed for good. It is kept for a day."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def before_process_message(self, _: Broker, message: MessageProxy) -> None:
        name, taker = begun_key(message.message_id), _taker_key(message.message_id)
        try:
            pipe = self._redis.pipeline(transaction=False)
            pipe.incr(name)
            pipe.expire(name, BEGUN_KEEP_S)
            pipe.getset(taker, PROCESS)
            pipe.expire(taker, BEGUN_KEEP_S)
            begun, _, before, _ = pipe.execute()
        except RedisError:
            return
        if begun > 1 + _failed_tries(message) and before is not None:
            _log.warning(
                "job taken over: whoever had it ended, or fell silent, before it was done",
                job=message.actor_name,
                job_id=message.message_id,
                about=str(message.args[:1])[:100],
                begun=begun,
                taken_from=text_of(before),
                taken_by=PROCESS,
                correlation_id=reference_of(message),
            )
        if begun > MAX_BEGUN:
            message.fail()
            raise SkipMessage

    def after_nack(self, _: Broker, message: MessageProxy) -> None:
        JOBS_DONE.labels(name=message.actor_name, result="set aside").inc()
        _log.error(
            "job set aside",
            job=message.actor_name,
            about=str(message.args[:1])[:100],
            correlation_id=reference_of(message),
        )


class _Retries(Retries):
    """Puts a failed job back; when that fails too, because Redis is away, the job is marked instead of lost.

    The library logs the failure and then acknowledges the job, which ends it without a retry. A job that failed because
    Redis was away is not to blame: a Redis that comes and goes would use up all of its tries within seconds.
    """

    def after_process_message(
        self, broker: Broker, message: MessageProxy, *, result: Any = None, exception: BaseException | None = None
    ) -> None:
        most = broker.get_actor(message.actor_name).options.get("max_retries", self.max_retries)
        if isinstance(exception, _IS_AWAY) and most and message.options.get(_AWAY, 0) < MAX_AWAY:
            message.options[_AWAY] = message.options.get(_AWAY, 0) + 1
            message.options["retries"] = message.options.get("retries", 0) - 1
        try:
            super().after_process_message(  # type: ignore[no-untyped-call]
                broker, message, result=result, exception=exception
            )
        except RedisError:
            message.options[_KEPT] = True


class _Consumer(_RedisConsumer):
    """Gives marked jobs back to the queue, and waits for Redis after any of its errors, not only lost connections.

    A job whose hand-over was lost on its way (Redis paused, a connection that broke), and a job that was put off and
    that the library drops when its connection breaks, would stay this worker's for as long as it lives. So what Redis
    has handed to this worker is compared with what it holds, and the rest goes back to the queue.
    """

    def __init__(self, broker: JobBroker, queue_name: str, prefetch: int, timeout: int) -> None:
        super().__init__(broker, queue_name, prefetch, timeout)  # type: ignore[no-untyped-call]
        self._held = broker.held_of(queue_name)
        self._reclaim_at_s = 0.0

    def ack(self, message: MessageProxy) -> None:
        self._settle(message, super().ack)

    def nack(self, message: MessageProxy) -> None:
        self._settle(message, super().nack)

    def requeue(self, messages: Any) -> None:
        try:
            super().requeue(messages)  # type: ignore[no-untyped-call]
        except RedisError as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]

    def __next__(self) -> MessageProxy | None:
        try:
            if not self.message_cache and time.monotonic() >= self._reclaim_at_s:
                self._reclaim()
            message: MessageProxy | None = super().__next__()  # type: ignore[no-untyped-call]
        except RedisError as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]
        if message is not None:
            self._held.add(message.options["redis_message_id"])
        return message

    def _reclaim(self) -> None:
        """To be called by the thread that fetches, with nothing fetched in its hands."""
        lost = self.broker.handed_out(self.queue_name) - self._held
        if lost:
            _log.warning("jobs taken up again: they were handed out and never arrived", queue=self.queue_name)
            self.broker.do_requeue(self.queue_name, *lost)
        self._reclaim_at_s = time.monotonic() + RECLAIM_EVERY_S

    def _settle(self, message: MessageProxy, settle: Callable[[MessageProxy], object]) -> None:
        try:
            if message.options.get(_KEPT):
                self.broker.do_requeue(self.queue_name, message.options["redis_message_id"])
                self.queued_message_ids.discard(message.message_id)
            else:
                settle(message)
        except RedisError as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]
        self._held.discard(message.options["redis_message_id"])


class _Dispatch:
    """The library's script for every command of a queue; within `one_trip` it goes along with other commands."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._thread = threading.local()

    def __call__(self, keys: list[str], args: list[Any]) -> Any:
        pipe: Pipeline | None = getattr(self._thread, "pipe", None)
        if pipe is None:
            return self._script(keys=keys, args=args)
        pipe.evalsha(self._script.sha, len(keys), *keys, *args)
        return None

    @contextmanager
    def beside(self, pipe: Pipeline) -> Iterator[None]:
        self._thread.pipe = pipe
        try:
            yield
        finally:
            self._thread.pipe = None


class JobBroker(RedisBroker):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self.scripts["dispatch"] = self._dispatched = _Dispatch(self.scripts["dispatch"])
        self._held: dict[str, set[str]] = {}
        self.overdue: Callable[[], int] = lambda: 0

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """As the library's. In the thread that moves jobs that were put off, an error of Redis makes it begin anew."""
        try:
            queued: Message[Any] = super().enqueue(message, delay=delay)
        except RedisError as error:
            if isinstance(threading.current_thread(), ConsumerThread):
                raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]
            raise
        return queued

    def held_of(self, queue_name: str) -> set[str]:
        """Which jobs of a queue this process holds, by their ids in Redis; for a consumer that begins. Those that were
        put off have just been dropped by the one before it."""
        if queue_name == dq_name(q_name(queue_name)):
            self._held[queue_name] = set()
        return self._held.setdefault(queue_name, set())

    def give_back(self, queue_name: str) -> int:
        """Puts what this process was handed and has not finished back into the queue, for others; returns how many.
        Raises `RedisError`."""
        unfinished = self.handed_out(queue_name)
        if unfinished:
            self.do_requeue(queue_name, *unfinished)
        return len(unfinished)

    def handed_out(self, queue_name: str) -> set[str]:
        """Which jobs of a queue Redis has given to this worker and not heard of since."""
        found = self.client.smembers(f"{self.namespace}:__acks__.{self.broker_id}.{queue_name}")
        return {text_of(raw) for raw in found}

    def waiting(self, queue_name: str) -> int:
        """Jobs of a queue that are queued, put off or in work. Raises `RedisError`."""
        names = (queue_name, dq_name(queue_name))
        return sum(self.client.hlen(f"{self.namespace}:{name}.msgs") for name in names)

    def oldest_due_ms(self, queue_name: str) -> int | None:
        """When the next job of a queue was due, since the epoch; None if none waits. Raises `RedisError`."""
        waiting = self.client.lindex(f"{self.namespace}:{queue_name}", 0)
        raw = None if waiting is None else self.client.hget(f"{self.namespace}:{queue_name}.msgs", waiting)
        if raw is None:
            return None
        message: Message[Any] = Message.decode(raw if isinstance(raw, bytes) else raw.encode())
        return int(message.options.get(DUE_MS, message.message_timestamp))

    def one_trip(self, keep: Callable[[Redis], object], queue: Callable[[], object]) -> Any:
        """Keeps something and queues a job about it, in this order, in one transaction and with one wait for Redis. It
        must do no harm when the job is queued twice. Returns what Redis says to the first command. Raises `RedisError`.
        """
        pipe = self.client.pipeline(transaction=True)
        keep(pipe)
        with self._dispatched.beside(pipe):
            queue()
        said = pipe.execute(raise_on_error=False)
        failed = next((one for one in said if isinstance(one, Exception)), None)
        if isinstance(failed, NoScriptError):  # Redis was started anew; what is to be kept is kept
            queue()
        elif failed is not None:
            raise failed
        return said[0]

    @property
    def consumer_class(self) -> type[Consumer]:
        return _Consumer


class Queued(Protocol):
    """A queue with its jobs: `bot.jobs.Lane`, or that of fixes."""

    @property
    def queue(self) -> str: ...

    @property
    def broker(self) -> JobBroker: ...

    def waiting(self) -> int:
        """Jobs that are queued, put off or in work. Raises `RedisError`."""
