"""The workers: threads that take jobs from the queues, each queue with its own."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import structlog
from dramatiq import Worker
from dramatiq.worker import ConsumerThread
from redis.exceptions import RedisError

from bot.queue import Queued

THREADS: Final[Mapping[str, int]] = MappingProxyType({"people": 8, "alarms": 4, "incidents": 4, "deliveries": 4})
IDLE_POLL_MS: Final = 100
"""The longest that a new job waits for an idle worker."""

SETTLE_S: Final = 1.0
"""For the threads that fetch, on top of the time that the jobs have."""

_log: Final = structlog.get_logger(__name__)


class Workers:
    def __init__(self, lanes: Mapping[Any, Queued], threads: Mapping[str, int] = THREADS) -> None:
        self._lanes = lanes
        self._workers = {queue: _worker(lane, threads[queue]) for queue, lane in lanes.items()}
        self._is_stopping = False

    def start(self) -> None:
        """Begins to take jobs. To be called once."""
        for queue, worker in self._workers.items():
            # The library's own command line does this; without it no job would ever be stopped for taking too long.
            self._lanes[queue].broker.emit_after("process_boot")
            worker.start()

    def stop(self, timeout_s: float) -> None:
        """Takes no more jobs and waits for those in work. What is not finished by then goes back to its queue, where
        another process takes it up at once; the thread that still works on it is overtaken and has no more effects."""
        deadline_s = time.monotonic() + timeout_s
        self._is_stopping = True
        for queue, worker in self._workers.items():
            _fetch_no_more(worker.consumers[queue])  # that of jobs that were put off goes on and tells that we live
        at_work = [thread for worker in self._workers.values() for thread in worker.workers]
        for thread in at_work:
            thread.stop()
        for thread in at_work:
            thread.join(max(0.0, deadline_s - time.monotonic()))
        for worker in self._workers.values():
            for consumer in worker.consumers.values():  # these tell that the jobs in work are in work
                consumer.stop()
        settled_s = time.monotonic() + SETTLE_S
        for worker in self._workers.values():
            for consumer in worker.consumers.values():
                consumer.join(max(0.0, settled_s - time.monotonic()))
        for queue, worker in self._workers.items():
            worker.stop(timeout=0)  # all that can be waited for was waited for
            _log.info("queue drained", queue=queue, given_back=self._given_back(queue))

    def _given_back(self, queue: Any) -> int | None:
        lane = self._lanes[queue]
        try:
            return lane.broker.give_back(lane.queue)
        except RedisError as error:
            _log.warning("unfinished jobs wait until this process is taken for dead", error=type(error).__name__)
            return None

    def complaint(self) -> str | None:
        """One line if a thread that should take jobs has ended, or if all of them are stuck: only a restart helps."""
        if self._is_stopping:
            return None
        for queue, worker in self._workers.items():
            threads = (*worker.workers, *worker.consumers.values())
            if not threads or not all(thread.is_alive() for thread in threads):
                return f"a worker thread of the queue {queue} has ended; restart this process"
            if self._lanes[queue].broker.overdue() >= len(worker.workers):
                return f"every worker thread of the queue {queue} is stuck in a job; restart this process"
        return None


def _fetch_no_more(thread: ConsumerThread) -> None:
    thread.prefetch = 0
    if thread.consumer is not None:
        thread.consumer.prefetch = 0  # type: ignore[attr-defined]


def _worker(lane: Queued, threads: int) -> Worker:
    worker = Worker(lane.broker, queues={lane.queue}, worker_threads=threads, worker_timeout=IDLE_POLL_MS)
    # A job that is fetched ahead waits for this process while another one may be idle.
    worker.queue_prefetch = threads
    return worker
