"""What is looked up when Prometheus asks: queues, Redis, fixes that are under way."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping
from typing import Final, get_args

import structlog
from redis import Redis
from redis.exceptions import RedisError

from bot import __version__
from bot.clock import Now, utc_now
from bot.queue import Queued
from bot.store.audit import stream
from bot.store.keys import SECOND_MS
from bot.store.plans import Tickets
from bot.telemetry.metrics import (
    AUDIT_RECORDS,
    FIX_APPROVED_SECONDS,
    FIXES_OPEN,
    INFO,
    JOBS_OVERDUE,
    JOBS_WAITING,
    OLDEST_JOB_SECONDS,
    REDIS_EVICTED,
    REDIS_MEMORY,
)
from remediations.approval import State

UNKNOWN: Final = math.nan
MAX_TICKETS: Final = 100

_log: Final = structlog.get_logger(__name__)


class Gauges:
    """To be called before each look at the metrics. What cannot be read is not a number, never an old one."""

    def __init__(
        self,
        redis: Redis,
        role: str,
        lanes: Mapping[str, Queued],
        tickets: Tickets,
        now: Now = utc_now,
    ) -> None:
        """`redis` is asked first: the queues wait longer for one that hangs. Each process looks at the `tickets`: so it
        shows, too, where no executor runs."""
        self._redis = redis
        self._lanes = lanes
        self._tickets = tickets
        self._now = now
        INFO.labels(version=__version__, role=role).set(1)

    def __call__(self) -> None:
        for queue, lane in self._lanes.items():
            JOBS_OVERDUE.labels(queue=queue).set(lane.broker.overdue())
        try:
            self._look()
        except RedisError as error:
            self._unknown()
            _log.info("metrics without the store", error=type(error).__name__, seldom=True)

    def _look(self) -> None:
        memory, stats = self._redis.info("memory"), self._redis.info("stats")
        for queue, lane in self._lanes.items():
            JOBS_WAITING.labels(queue=queue).set(lane.waiting())
            due_ms = lane.broker.oldest_due_ms(lane.queue)
            waits_s = 0.0 if due_ms is None else time.time() - due_ms / SECOND_MS
            OLDEST_JOB_SECONDS.labels(queue=queue).set(max(0.0, waits_s))
        limit = int(memory.get("maxmemory", 0))
        REDIS_MEMORY.set(int(memory.get("used_memory", 0)) / limit if limit else 0.0)
        REDIS_EVICTED.set(int(stats.get("evicted_keys", 0)))
        AUDIT_RECORDS.set(int(self._redis.xlen(stream())))
        self._look_at_fixes()

    def _look_at_fixes(self) -> None:
        unfinished = self._tickets.unfinished()[:MAX_TICKETS]
        found = [ticket for ticket_id in unfinished if (ticket := self._tickets.load(ticket_id))]
        states = Counter(ticket.state for ticket in found)
        for state in get_args(State):
            FIXES_OPEN.labels(state=state).set(states[state])
        approved = [
            ticket.approved_at for ticket in found if ticket.state == "approved" and ticket.approved_at is not None
        ]
        FIX_APPROVED_SECONDS.set(max(0.0, (self._now() - min(approved)).total_seconds()) if approved else 0.0)

    def _unknown(self) -> None:
        for queue in self._lanes:
            JOBS_WAITING.labels(queue=queue).set(UNKNOWN)
            OLDEST_JOB_SECONDS.labels(queue=queue).set(UNKNOWN)
        for gauge in (REDIS_MEMORY, REDIS_EVICTED, AUDIT_RECORDS, FIX_APPROVED_SECONDS):
            gauge.set(UNKNOWN)
        for state in get_args(State):
            FIXES_OPEN.labels(state=state).set(UNKNOWN)
