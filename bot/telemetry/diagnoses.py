"""Diagnoses, counted by what they found, and traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog

from bot.telemetry import traces
from bot.telemetry.metrics import CACHE_READS, CAUSES, GAPS, REPORTS
from diagnostics.collect.cache import FactCache
from diagnostics.question import Diagnosed, Outcome, ProgressListener, Question, Refused

HIT: Final = "hit"
MISS: Final = "miss"

_log: Final = structlog.get_logger(__name__)

Diagnose = Callable[[Question, ProgressListener], Outcome]


def counted(diagnose: Diagnose) -> Diagnose:
    """The same, with its results in the metrics and in the trace."""

    def diagnosed(question: Question, progress: ProgressListener) -> Outcome:
        with traces.span("diagnosis"):
            outcome = diagnose(question, progress)
            traces.mark("alb502.result", kind_of(outcome))
            if isinstance(outcome, Diagnosed):
                _count(outcome)
            elif isinstance(outcome, Refused):
                _log.warning("no report", why=outcome.message)
        return outcome

    return diagnosed


def kind_of(outcome: Outcome) -> str:
    """``diagnosed``, whether fixes belong to it or not, ``refused`` and so on."""
    return "diagnosed" if isinstance(outcome, Diagnosed) else type(outcome).__name__.lower()


def _count(found: Diagnosed) -> None:
    report = found.report
    REPORTS.labels(verdict=report.verdict).inc()
    for cause in report.causes:
        CAUSES.labels(code=cause.code, band=cause.band).inc()
    for _, gap in found.snapshot.gaps():
        GAPS.labels(kind=gap.kind).inc()
    traces.mark("alb502.report", report.id)
    traces.mark("alb502.verdict", report.verdict)
    if report.causes:
        traces.mark("alb502.cause", report.causes[0].code)
    _log.info(
        "report made",
        report=report.id,
        target=report.target.label,
        account=report.target.account,
        region=report.target.region,
        verdict=report.verdict,
        cause=report.causes[0].code if report.causes else None,
        not_read=len(report.gaps),
    )


class CountedFacts:
    """Implements `diagnostics.collect.cache.FactCache` by another one."""

    def __init__(self, cache: FactCache) -> None:
        self._cache = cache

    def get(self, key: str) -> tuple[str, float] | None:
        found = self._cache.get(key)
        CACHE_READS.labels(result=MISS if found is None else HIT).inc()
        return found

    def put(self, key: str, value: str, ttl_s: int) -> None:
        self._cache.put(key, value, ttl_s)
