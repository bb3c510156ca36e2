"""The jobs: each loads by id, calls one function, and hands on. The functions are in `answering`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final, Literal, Protocol

from dramatiq import Actor, actor
from redis import Redis

from bot.queue import make_broker
from bot.telemetry.metrics import JOBS_DONE
from handlers.effects import SupersededError
from handlers.slack_calls import SlackLaterError

Queue = Literal["people", "alarms", "incidents", "deliveries"]
QUEUES: Final[tuple[Queue, ...]] = ("people", "alarms", "incidents", "deliveries")
"""Deliveries have a queue of their own, so that a known answer never waits behind diagnoses that run; incidents, too:
what the first alarms of a storm need does not wait until all of its alarms are looked at."""
HANDING_OUT_S: Final = 60
"""Time for posting, on top of the time that a diagnosis may take."""
MIN_PUT_OFF_S: Final = 1.0


class Send(Protocol):
    """Queues a job about something, to begin after `after_s` seconds. Raises `RedisError`."""

    def __call__(self, about: str, after_s: float = 0.0) -> None: ...


class PutOffError(Exception):
    """The job cannot go on now and is to be tried again after `after_s`."""

    def __init__(self, after_s: float) -> None:
        super().__init__(f"again in {after_s:.1f} s")
        self.after_s = after_s


class Work(Protocol):
    """What the jobs do. What raises `PutOffError` or `SlackLaterError` is put off; any other exception but
    `SupersededError` counts as a failed try."""

    def answer(self, ask_id: str) -> None:
        """Works on a question until its answer is known and handed to every asker's `deliver`."""

    def deliver(self, ask_id: str, answer_id: str) -> None:
        """Brings a known answer to one asker."""

    def give_up(self, ask_id: str) -> None:
        """Tells the asker, and everybody who waits for the same answer, that there will be none."""


class Lane:
    """One queue with its jobs. Without `work` it only takes jobs in."""

    def __init__(self, redis: Redis, queue: Queue, diagnosis_s: int, work: Work | None = None) -> None:
        self.queue = queue
        self.broker = make_broker(redis, (diagnosis_s + HANDING_OUT_S) * 1_000)
        self._answer = self._actor("answer", None if work is None else work.answer, on_retry_exhausted="give_up")
        self._deliver = self._actor("deliver", None if work is None else work.deliver, on_retry_exhausted="give_up")
        self._actor("give_up", None if work is None else partial(_give_up, work))

    def answer(self, ask_id: str) -> None:
        """Queues the work on a question. Raises `RedisError`."""
        self._answer.send(ask_id)

    def deliver(self, ask_id: str, answer_id: str) -> None:
        """Queues the delivery of an answer. Raises `RedisError`."""
        self._deliver.send(ask_id, answer_id)

    def kept_and_queued(self, keep: Callable[[Redis], object], queue: Callable[[], object]) -> object:
        """Keeps something and queues a job of this queue about it, in one trip to Redis: `bot.queue`. Returns what
        keeping it returns. Raises `RedisError`."""
        return self.broker.one_trip(keep, queue)

    def job(self, name: str, run: Callable[[str], None] | None = None) -> Send:
        """Another job of this queue, by the id that it is about, which without `run` is only queued here. To be called
        before a worker starts."""
        made = self._actor(name, run)
        return lambda about, after_s=0.0: _sent(made, about, after_s)

    def waiting(self) -> int:
        """Jobs that are queued, put off or in work. Raises `RedisError`."""
        return self.broker.waiting(self.queue)

    def _actor(self, name: str, run: Callable[..., None] | None, **options: Any) -> Actor[..., None]:
        def counted(*args: Any) -> None:
            if run is not None:
                _counted(name, made, args, run)

        made: Actor[..., None] = actor(actor_name=name, queue_name=self.queue, broker=self.broker, **options)(counted)
        return made


def _counted(name: str, job: Actor[..., None], args: tuple[Any, ...], run: Callable[..., None]) -> None:
    result = "failed"
    try:
        run(*args)
        result = "done"
    except SupersededError:
        result = "superseded"
    except (PutOffError, SlackLaterError) as later:
        least_s = MIN_PUT_OFF_S if isinstance(later, SlackLaterError) else 0.0
        job.send_with_options(args=args, delay=int(max(later.after_s, least_s) * 1_000))
        result = "put off"
    finally:
        JOBS_DONE.labels(name=name, result=result).inc()


def _give_up(work: Work, message: dict[str, Any], _retries: dict[str, int]) -> None:
    """dramatiq passes the job that has failed for good, and how often it was tried."""
    work.give_up(str(message["args"][0]))


def _sent(job: Actor[..., None], about: str, after_s: float) -> None:
    job.send_with_options(args=(about,), delay=int(after_s * 1_000) or None)
