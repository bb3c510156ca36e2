"""The jobs: each loads by id, calls one function, and hands on. The functions are in `answering`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, Protocol

import structlog
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

_log: Final = structlog.get_logger(__name__)


class Send(Protocol):
    """Queues a job about something, to begin after `after_s` seconds. Raises `RedisError`."""

    def __call__(self, about: str, after_s: float = 0.0) -> None: ...


class PutOffError(Exception):
    """The job cannot go on now (Slack asks for patience) and is to be tried again after `after_s`."""

    def __init__(self, after_s: float) -> None:
        super().__init__(f"again in {after_s:.1f} s")
        self.after_s = after_s

    @staticmethod
    def asked_by(later: SlackLaterError) -> PutOffError:
        """As long as Slack asks for, and no less than a moment."""
        return PutOffError(max(later.after_s, MIN_PUT_OFF_S))


class Work(Protocol):
    """What the jobs do. Any exception but `PutOffError` and `SupersededError` counts as a failed try."""

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
        self._work = work
        self._answer = self._actor(self._run_answer, "answer", on_retry_exhausted="give_up")
        self._deliver = self._actor(self._run_deliver, "deliver", on_retry_exhausted="give_up")
        self._give_up = self._actor(self._run_give_up, "give_up")

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

    def job(self, name: str, run: Callable[[str], None]) -> Send:
        """Another job of this queue, by the id that it is about. To be called before a worker starts."""

        def counted(about: str) -> None:
            self._counted(name, made, (about,), run)

        made = self._actor(counted, name)
        return lambda about, after_s=0.0: _sent(made, about, after_s)

    def waiting(self) -> int:
        """Jobs that are queued, put off or in work. Raises `RedisError`."""
        return self.broker.waiting(self.queue)

    def _run_answer(self, ask_id: str) -> None:
        if self._work is not None:
            self._counted("answer", self._answer, (ask_id,), self._work.answer)

    def _run_deliver(self, ask_id: str, answer_id: str) -> None:
        if self._work is not None:
            self._counted("deliver", self._deliver, (ask_id, answer_id), self._work.deliver)

    def _run_give_up(self, message: dict[str, Any], retries: dict[str, int]) -> None:
        """dramatiq passes the job that has failed for good, and how often it was tried."""
        if self._work is not None:
            give_up, ask_id = self._work.give_up, str(message["args"][0])
            _log.error("job set aside", ask_id=ask_id, job=message["actor_name"])
            self._counted("give_up", self._give_up, (message, retries), lambda *_: give_up(ask_id))

    def _counted(self, name: str, job: Actor[..., None], args: tuple[Any, ...], run: Callable[..., None]) -> None:
        try:
            run(*args)
        except PutOffError as put_off:
            job.send_with_options(args=args, delay=int(put_off.after_s * 1_000))
            JOBS_DONE.labels(name=name, result="put off").inc()
        except SupersededError:
            JOBS_DONE.labels(name=name, result="superseded").inc()
        except Exception:
            JOBS_DONE.labels(name=name, result="failed").inc()
            raise
        else:
            JOBS_DONE.labels(name=name, result="done").inc()

    def _actor(self, run: Callable[..., None], name: str, **options: Any) -> Actor[..., None]:
        made: Actor[..., None] = actor(actor_name=name, queue_name=self.queue, broker=self.broker, **options)(run)
        return made


def _sent(job: Actor[..., None], about: str, after_s: float) -> None:
    job.send_with_options(args=(about,), delay=int(after_s * 1_000) or None)
