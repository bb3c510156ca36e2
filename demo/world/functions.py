"""Functions behind target groups: what they answer, and when Lambda refuses to run them.

Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html and
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from dataclasses import dataclass

from moto.awslambda.models import LambdaFunction, lambda_backends

from demo.aws.metrics import MetricStore
from demo.world.probe import Kind, Outcome
from demo.world.targets import Targets

LAMBDA = "AWS/Lambda"
MINUTE_S = 60
THROTTLED_S = 0.009
NOT_FOUND = Outcome(Kind.FUNCTION_FAILED, latency_s=THROTTLED_S, reason="LambdaResourceNotFound")
THROTTLED = Outcome(Kind.FUNCTION_FAILED, latency_s=THROTTLED_S, reason="LambdaThrottling")


@dataclass(frozen=True, slots=True)
class FunctionApp:
    """How a function behaves: each invocation takes so long and answers so."""

    latency_s: float = 0.05
    status: int = 200


Dimensions = tuple[tuple[str, str], ...]


class Functions:
    """All functions of one account and region."""

    def __init__(self, account: str, region: str, targets: Targets, metrics: MetricStore, rng: random.Random) -> None:
        self._place = account, region
        self._targets = targets
        self._metrics = metrics
        self._rng = rng
        self._minutes: dict[int, dict[tuple[str, Dimensions], Counter[float]]] = {}
        self._begun: Counter[tuple[str, float]] = Counter()
        self.apps: dict[str, FunctionApp] = {}

    def behind(self, target_group: str) -> str | None:
        """The ARN that is registered with the group, for a group of type lambda."""
        return self._targets.function(target_group)

    def call(self, arn: str, at: float, pulse_s: float) -> Outcome:
        """One request at this moment; `pulse_s` is how long the requests of one moment stand for."""
        name, function = arn.split(":")[6], self._function(arn.split(":")[6])
        if function is None:
            return NOT_FOUND
        app = self.apps.get(name, FunctionApp())
        limit = function.reserved_concurrency
        if limit is not None and self._begun[name, at] >= int(limit) * pulse_s / app.latency_s:
            self._count(arn, at, "Throttles", 1.0)
            return THROTTLED
        self._begun[name, at] += 1
        took_s = app.latency_s * self._rng.uniform(0.9, 1.1)
        self._count(arn, at, "Invocations", 1.0)
        self._count(arn, at, "Duration", round(1000 * took_s, 2))
        at_once = math.ceil(self._begun[name, at] * app.latency_s / pulse_s)
        self._count(arn, at, "ConcurrentExecutions", float(at_once if limit is None else min(at_once, int(limit))))
        return Outcome(Kind.ANSWERED, app.status, took_s)

    def flush(self, now: float) -> None:
        """Publishes the minutes that are over."""
        for minute in [number for number in self._minutes if (number + 1) * MINUTE_S <= now]:
            for (name, dimensions), samples in self._minutes.pop(minute).items():
                counts = [float(number) for number in samples.values()]
                self._metrics.record(*self._place, LAMBDA, name, dict(dimensions), minute, list(samples), counts)
        self._begun = Counter({key: number for key, number in self._begun.items() if key[1] > now - MINUTE_S})

    def _function(self, name: str) -> LambdaFunction | None:
        account, region = self._place
        return next(
            (one for one in lambda_backends[account][region].list_functions() if one.function_name == name), None
        )

    def _count(self, arn: str, at: float, metric: str, value: float) -> None:
        """Of the function, and of the alias or version that was called; concurrency also of the whole account."""
        _, _, _, _, _, _, name, *qualifier = arn.split(":")
        minute = self._minutes.setdefault(int(at // MINUTE_S), defaultdict(Counter))
        minute[metric, (("FunctionName", name),)][value] += 1
        if qualifier:
            minute[metric, (("FunctionName", name), ("Resource", f"{name}:{qualifier[0]}"))][value] += 1
        if metric == "ConcurrentExecutions":
            minute[metric, ()][value] += 1
