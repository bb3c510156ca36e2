"""The queue of fixes: what was agreed and has to be carried out, watched and closed. Only the executor reads it."""

from __future__ import annotations

from typing import Any, Final, Protocol

import structlog
from dramatiq import Actor, actor
from redis import Redis

from bot.queue import JobBroker, make_broker
from bot.telemetry.metrics import JOBS_DONE

FIXES: Final = "fixes"
LONGEST_S: Final = 900
"""A job that takes longer is stopped. What it has sent by then is in its journal."""


class FixWork(Protocol):
    """What the jobs do; `remediations.executor.Executor`."""

    def run(self, ticket_id: str) -> None: ...

    def watch(self, ticket_id: str) -> None: ...

    def close(self, ticket_id: str) -> None: ...


class FixLane:
    """Implements `remediations.tickets.FixQueue`. Without `work` it only takes jobs in.

    A job that fails is not tried again by the queue: the executor's sweep finds what was left, and the journal says
    how far it came. The job of a worker that died comes back by itself.
    """

    queue: Final = FIXES

    def __init__(self, redis: Redis, work: FixWork | None = None) -> None:
        self.broker: JobBroker = make_broker(redis, LONGEST_S * 1_000)
        self._work = work
        self._run = self._actor("run")
        self._watch = self._actor("watch")
        self._close = self._actor("close")

    def connect(self, work: FixWork) -> None:
        """Says who does the jobs, before a worker starts."""
        self._work = work

    def run(self, ticket_id: str, after_s: float = 0.0) -> None:
        """Queues the execution. Raises `RedisError`, as the others do."""
        _send(self._run, ticket_id, after_s)

    def watch(self, ticket_id: str, after_s: float) -> None:
        _send(self._watch, ticket_id, after_s)

    def close(self, ticket_id: str, after_s: float) -> None:
        _send(self._close, ticket_id, after_s)

    def waiting(self) -> int:
        """Jobs that are queued, put off or in work. Raises `RedisError`."""
        return self.broker.waiting(FIXES)

    def _actor(self, name: str) -> Actor[..., None]:
        def counted(ticket_id: str) -> None:
            if self._work is None:
                return
            try:
                with structlog.contextvars.bound_contextvars(plan=ticket_id):
                    getattr(self._work, name)(ticket_id)
            except Exception:
                JOBS_DONE.labels(name=f"fix-{name}", result="failed").inc()
                raise
            JOBS_DONE.labels(name=f"fix-{name}", result="done").inc()

        made: Actor[..., None] = actor(actor_name=f"fix-{name}", queue_name=FIXES, broker=self.broker, max_retries=0)(
            counted
        )
        return made


def _send(job: Actor[..., None], ticket_id: str, after_s: float) -> None:
    options: dict[str, Any] = {"delay": int(after_s * 1_000)} if after_s > 0 else {}
    job.send_with_options(args=(ticket_id,), **options)
