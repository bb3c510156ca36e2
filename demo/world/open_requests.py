"""Requests that a task works on for a while, and that are lost when its processes end before the answer.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html (a target
that closes the connection while a request is outstanding: 502).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from demo.world.access_log import Handled
from demo.world.ecs.model import Task
from demo.world.probe import Kind, Outcome
from demo.world.timing import Timing

OPEN_FROM_S = 10.0
"""Shorter requests are settled when they are sent."""
LOST = 502


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request that came at `created` and would be answered at `due`, `latency_s` later in real AWS."""

    created: float
    due: float
    handled: Handled
    latency_s: float
    task: Task


def is_long(handled: Handled, latency_s: float) -> bool:
    """Whether the answer takes so long that it is not certain when the request is sent."""
    return latency_s >= OPEN_FROM_S and handled.generated_by_target


class OpenRequests:
    """What is being worked on in one account and region."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._open: list[OpenRequest] = []

    def takes(self, created: float, handled: Handled, latency_s: float, task: Task | None) -> bool:
        """Keeps a request that `is_long`; False where no task works on it."""
        if task is None:
            return False
        due = created + self._timing.span_s(latency_s)
        self._open.append(OpenRequest(created, due, handled, latency_s, task))
        return True

    def settled(self, now: float) -> Iterator[tuple[OpenRequest, float, Handled, float]]:
        """Those that ended by now, when they did, how, and with which latency."""
        if not self._open:
            return
        left = []
        for one in self._open:
            ended = one.task.execution_stopped
            if ended is not None and ended < one.due:
                yield one, ended, *_cut_off(one, ended)
            elif one.due <= now:
                yield one, one.due, one.handled, one.latency_s
            else:
                left.append(one)
        self._open = left


def _cut_off(one: OpenRequest, ended: float) -> tuple[Handled, float]:
    latency_s = round(max(ended - one.created, 0.001), 3)
    return replace(one.handled, outcome=Outcome(Kind.CLOSED, latency_s=latency_s), status=LOST), latency_s
