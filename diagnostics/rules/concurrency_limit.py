"""Which limit of Lambda's concurrency a function has reached, if any.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from diagnostics.causes.cause import Facts
from diagnostics.facts import LambdaTarget, LambdaTargets, Metrics
from diagnostics.rules.counters import series_at

REACHED = 0.9
KEPT_UNRESERVED = 100
"""Lambda keeps so much of the account's concurrency for functions without a reservation."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What ran out. `seen`: executions at once, at most; None where that was not counted."""

    kind: Literal["switched-off", "reserved", "account"]
    size: int
    seen: int | None


def reached_limit(facts: Facts, target: LambdaTarget) -> Limit | None:
    """The limit that was reached; None where none is known to be."""
    lambdas = facts[LambdaTargets]
    if target.reserved_concurrency == 0:
        return Limit("switched-off", 0, None)
    own = _most(facts, FunctionName=target.name)
    if target.reserved_concurrency is not None:
        size = target.reserved_concurrency
        return Limit("reserved", size, own) if own is not None and own >= REACHED * size else None
    if not target.reserved_read:
        return None
    for metric, limit in (
        ("UnreservedConcurrentExecutions", lambdas.unreserved_limit),
        ("ConcurrentExecutions", lambdas.account_limit),
    ):
        everything = _most(facts, metric)
        if limit and everything is not None and everything >= REACHED * limit:
            return Limit("account", limit, everything)
    return None


def _most(facts: Facts, metric: str = "ConcurrentExecutions", **dimensions: str) -> int | None:
    found = series_at(facts.maybe(Metrics), metric, [dimensions], "Maximum")
    points = [point.value for one in found for point in one.between(facts.window.start, facts.window.end)]
    return round(max(points, default=0)) or None
