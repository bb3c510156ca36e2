"""Functions behind target groups: what they answer, how they fail, and when Lambda refuses to run them.

Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html,
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html and
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import lru_cache

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends

from demo.aws.metrics import MetricStore
from demo.world.function_log import FunctionLog
from demo.world.probe import Kind, Outcome
from demo.world.targets import Targets

LAMBDA = "AWS/Lambda"
MINUTE_S = 60
THROTTLED_S = 0.009
NOT_FOUND = Outcome(Kind.FUNCTION_FAILED, latency_s=THROTTLED_S, reason="LambdaResourceNotFound")
THROTTLED = Outcome(Kind.FUNCTION_FAILED, latency_s=THROTTLED_S, reason="LambdaThrottling")
UNHANDLED = "LambdaUnhandled"
AT_ONCE_S = 0.004
HEADERS, LISTS = "headers", "multiValueHeaders"


@dataclass(frozen=True, slots=True)
class FunctionApp:
    """How a function's code behaves: each invocation takes so long and answers so.

    `reads`: the member of a request that the code looks at, ``headers`` or ``multiValueHeaders``. It fails at once
    where requests have the other one. None: neither.
    """

    latency_s: float = 0.05
    status: int = 200
    reads: str | None = None


@dataclass(frozen=True, slots=True)
class _Called:
    """What an ARN led to at one moment, and what of it matters."""

    version: str
    timeout_s: float
    limit: int | None
    passes: str


Dimensions = tuple[tuple[str, str], ...]


class Functions:
    """All functions of one account and region."""

    def __init__(self, account: str, region: str, targets: Targets, metrics: MetricStore, rng: random.Random) -> None:
        self._place = account, region
        self._targets = targets
        self._metrics = metrics
        self._rng = rng
        self._minutes: dict[int, dict[tuple[str, Dimensions], Counter[float]]] = defaultdict(
            lambda: defaultdict(Counter)
        )
        self._begun: Counter[tuple[str, float]] = Counter()
        self._known: dict[tuple[str, str], tuple[float, _Called | None]] = {}
        self._log = FunctionLog(account, region, rng)
        self.apps: dict[str, FunctionApp] = {}

    def behind(self, target_group: str) -> str | None:
        """The ARN that is registered with the group, for a group of type lambda."""
        return self._targets.function(target_group)

    def call(self, group: str, arn: str, at: float, pulse_s: float) -> Outcome:
        """One request at this moment; `pulse_s` is how long the requests of one moment stand for."""
        name, called = arn.split(":")[6], self._called(group, arn, at)
        if called is None:
            return NOT_FOUND
        app, limit = self.apps.get(name, FunctionApp()), called.limit
        if limit is not None and self._begun[name, at] >= limit * pulse_s / app.latency_s:
            self._count(arn, at, "Throttles", 1.0)
            return THROTTLED
        self._begun[name, at] += 1
        outcome, told = self._run(app, called)
        self._count(arn, at, "Invocations", 1.0)
        self._count(arn, at, "Duration", round(1000 * outcome.latency_s, 2))
        at_once = math.ceil(self._begun[name, at] * app.latency_s / pulse_s)
        self._count(arn, at, "ConcurrentExecutions", float(at_once if limit is None else min(at_once, limit)))
        if told:
            self._count(arn, at, "Errors", 1.0)
            self._log.failed(name, called.version, at, told)
        return outcome

    def flush(self, now: float) -> None:
        """Publishes the minutes that are over."""
        for minute in [number for number in self._minutes if (number + 1) * MINUTE_S <= now]:
            for (name, dimensions), samples in self._minutes.pop(minute).items():
                counts = [float(number) for number in samples.values()]
                self._metrics.record(*self._place, LAMBDA, name, dict(dimensions), minute, list(samples), counts)
        if self._begun:
            self._begun = Counter({key: number for key, number in self._begun.items() if key[1] > now - MINUTE_S})

    def _run(self, app: FunctionApp, called: _Called) -> tuple[Outcome, str]:
        """What comes of an invocation, and what the log says of one that fails."""
        if app.reads is not None and app.reads != called.passes:
            text = (
                f"[ERROR] KeyError: '{app.reads}'\nTraceback (most recent call last):\n"
                f'  File "/var/task/app.py", line 12, in handler\n    host = event["{app.reads}"]["host"]'
            )
            return Outcome(Kind.FUNCTION_FAILED, latency_s=AT_ONCE_S, reason=UNHANDLED), text
        took_s = app.latency_s * self._rng.uniform(0.9, 1.1)
        if took_s < called.timeout_s:
            return Outcome(Kind.ANSWERED, app.status, took_s), ""
        text = f"Task timed out after {called.timeout_s:.2f} seconds"
        return Outcome(Kind.FUNCTION_FAILED, latency_s=called.timeout_s, reason=UNHANDLED), text

    def _called(self, group: str, arn: str, at: float) -> _Called | None:
        """The version that the ARN leads to, looked up once for each moment."""
        asked_at, called = self._known.get((group, arn), (None, None))
        if asked_at != at:
            called = self._look_up(group, arn)
            self._known[group, arn] = at, called
        return called

    def _look_up(self, group: str, arn: str) -> _Called | None:
        account, region = self._place
        backend = lambda_backends[account][region]
        try:
            runs, function = backend.get_function(arn), backend.get_function(arn.split(":")[6])
        except UnknownFunctionException:
            return None
        return _Called(
            version=str(runs.version),
            timeout_s=float(runs.timeout),
            limit=None if function.reserved_concurrency is None else int(function.reserved_concurrency),
            passes=LISTS if self._targets.passes_lists(group) else HEADERS,
        )

    def _count(self, arn: str, at: float, metric: str, value: float) -> None:
        """Of the function, and of the alias or version that was called; concurrency also of the whole account."""
        minute = self._minutes[int(at // MINUTE_S)]
        for dimensions in _dimensions(arn):
            minute[metric, dimensions][value] += 1
        if metric == "ConcurrentExecutions":
            minute[metric, ()][value] += 1


@lru_cache(maxsize=256)
def _dimensions(arn: str) -> tuple[Dimensions, ...]:
    _, _, _, _, _, _, name, *qualifier = arn.split(":")
    alone = (("FunctionName", name),)
    return (alone, (*alone, ("Resource", f"{name}:{qualifier[0]}"))) if qualifier else (alone,)
