"""The job queue: dramatiq on Redis, set so that a dead worker's jobs come back and a lost connection loses none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from dramatiq import Broker, Consumer, MessageProxy
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import Retries, TimeLimit
from redis import Redis
from redis.client import Pipeline
from redis.commands.core import Script
from redis.exceptions import NoScriptError, RedisError

from bot.store.keys import DAY_S, JOBS

# A worker that is silent for this long is taken for dead and its jobs are given to others. Shorter is quicker after a
# crash, but a process that is merely paused (a throttled CPU) would have its jobs done twice.
HEARTBEAT_MS: Final = 12_000
# Dead workers are looked for with every command, not with one in a thousand: a quiet bot sends few commands.
MAINTENANCE_CHANCE: Final = 1_000_000
DEAD_LETTER_KEEP_MS: Final = DAY_S * 1_000
MAX_RETRIES: Final = 2
MIN_BACKOFF_MS: Final = 1_000
MAX_BACKOFF_MS: Final = 15_000

_KEPT: Final = "alb502_keep"


def make_broker(redis: Redis, longest_job_ms: int) -> _Broker:
    """A broker of its own for each queue, because each queue has a worker of its own."""
    return _Broker(
        client=redis,
        namespace=JOBS,
        heartbeat_timeout=HEARTBEAT_MS,
        maintenance_chance=MAINTENANCE_CHANCE,
        dead_message_ttl=DEAD_LETTER_KEEP_MS,
        middleware=[
            TimeLimit(time_limit=longest_job_ms),
            _Retries(max_retries=MAX_RETRIES, min_backoff=MIN_BACKOFF_MS, max_backoff=MAX_BACKOFF_MS),
        ],
    )


class _Retries(Retries):
    """Puts a failed job back; when that fails too, because Redis is away, the job is marked instead of lost.

    The library logs the failure and then acknowledges the job, which ends it without a retry.
    """

    def after_process_message(
        self, broker: Broker, message: MessageProxy, *, result: Any = None, exception: BaseException | None = None
    ) -> None:
        try:
            super().after_process_message(  # type: ignore[no-untyped-call]
                broker, message, result=result, exception=exception
            )
        except RedisError:
            message.options[_KEPT] = True


class _Consumer(_RedisConsumer):
    """Gives marked jobs back to the queue, and waits for Redis after any of its errors, not only lost connections."""

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
            message: MessageProxy | None = super().__next__()  # type: ignore[no-untyped-call]
        except RedisError as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]
        return message

    def _settle(self, message: MessageProxy, settle: Callable[[MessageProxy], object]) -> None:
        try:
            if message.options.get(_KEPT):
                self.broker.do_requeue(self.queue_name, message.options["redis_message_id"])
                self.queued_message_ids.discard(message.message_id)
            else:
                settle(message)
        except RedisError as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]


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


class _Broker(RedisBroker):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self.scripts["dispatch"] = self._dispatched = _Dispatch(self.scripts["dispatch"])

    def one_trip(self, keep: Callable[[Redis], object], queue: Callable[[], object]) -> Any:
        """Keeps something and queues a job about it, in this order, with one wait for Redis instead of two. Both must
        do no harm when done twice. Returns what Redis says to the first command. Raises `RedisError`."""
        pipe = self.client.pipeline(transaction=False)
        keep(pipe)
        with self._dispatched.beside(pipe):
            queue()
        try:
            return pipe.execute()[0]
        except NoScriptError:  # Redis was started anew
            said = keep(self.client)
            queue()
            return said

    @property
    def consumer_class(self) -> type[Consumer]:
        return _Consumer
