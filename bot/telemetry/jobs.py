"""What goes along with a job through the queue: the reference that people were told, and the trace that it belongs to.

And how long the jobs take that are in work, so that a process whose threads are all stuck can be told from a busy one.
"""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from typing import Any, Final

import structlog
from dramatiq import Actor, Broker, Message, MessageProxy
from dramatiq.middleware import Middleware

from bot.telemetry import traces
from bot.telemetry.logs import correlated
from bot.telemetry.metrics import JOBS_DONE

REFERENCE: Final = "alb502_reference"
TRACE: Final = "traceparent"
DUE_MS: Final = "alb502_due_ms"
OVERDUE_GRACE_S: Final = 60.0
"""A job is stopped when its time is up; one that goes on for so long after that cannot be stopped."""


class JobContext(Middleware):
    """`longest_s`: the time that a job of this queue may take."""

    def __init__(self, longest_s: float) -> None:
        self._overdue_after_s = longest_s + OVERDUE_GRACE_S
        self._lock = threading.Lock()
        self._begun: dict[int, float] = {}
        self._thread = threading.local()

    def overdue(self) -> int:
        """How many threads are at one job for longer than that can take."""
        now = time.monotonic()
        with self._lock:
            return sum(now - began_s > self._overdue_after_s for began_s in self._begun.values())

    def after_declare_actor(self, _: Broker, actor: Actor[..., Any]) -> None:
        """What has never happened is 0, so that its first time is seen as a change."""
        for result in ("done", "failed", "set aside"):
            JOBS_DONE.labels(name=actor.actor_name, result=result)

    def before_enqueue(self, _: Broker, message: Message[Any], delay: int | None) -> None:
        options = message.options
        reference = structlog.contextvars.get_contextvars().get("correlation_id")
        for name, value in ((REFERENCE, reference), (TRACE, traces.carrier())):
            if value is not None:
                options.setdefault(name, value)
        now_ms = int(time.time() * 1_000)
        if delay is not None or DUE_MS not in options:
            options[DUE_MS] = now_ms + (delay or 0)

    def before_process_message(self, _: Broker, message: MessageProxy) -> None:
        stack = ExitStack()
        self._thread.stack = stack
        with self._lock:
            self._begun[threading.get_ident()] = time.monotonic()
        name, reference = message.actor_name, _text(message, REFERENCE)
        stack.enter_context(traces.span(f"job {name}", "job", _text(message, TRACE)))
        if reference is not None:
            stack.enter_context(correlated(reference, job=name, queued_by=reference))
        else:
            stack.enter_context(structlog.contextvars.bound_contextvars(job=name))

    def after_process_message(
        self, _: Broker, message: MessageProxy, *, result: Any = None, exception: BaseException | None = None
    ) -> None:
        with self._lock:
            self._begun.pop(threading.get_ident(), None)
        stack: ExitStack | None = getattr(self._thread, "stack", None)
        if stack is not None:
            self._thread.stack = None
            if exception is not None:
                traces.failed(type(exception).__name__)
            stack.close()

    def after_skip_message(self, broker: Broker, message: MessageProxy) -> None:
        self.after_process_message(broker, message)


def reference_of(message: MessageProxy) -> str | None:
    """The reference that people were told of what this job is about."""
    return _text(message, REFERENCE)


def _text(message: MessageProxy, option: str) -> str | None:
    found = message.options.get(option)
    return found if isinstance(found, str) else None
