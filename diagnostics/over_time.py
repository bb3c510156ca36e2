"""How the errors came over time, for a picture: one number for each kind and stretch of time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from diagnostics.facts import Metrics
from diagnostics.report import ErrorsOverTime
from diagnostics.rules.observations import Observations
from diagnostics.snapshot import Snapshot

MAX_STRETCHES: Final = 60
MAX_KINDS: Final = 8
BEFORE_ONSET: Final = timedelta(minutes=10)
"""So much quiet is shown before errors that began before the window."""
STEPS_S: Final = (60, 120, 180, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600, 43_200, 86_400)
"""What people count time in; the last is for more than anybody may ask about."""


def errors_over_time(snapshot: Snapshot, observed: Observations) -> ErrorsOverTime | None:
    """The kinds of errors that came most, most first; None where nothing fails or no error was counted."""
    if observed.kind == "none":
        return None
    finest_s = _finest_s(snapshot)
    start, end = _span(snapshot, observed)
    start = datetime.fromtimestamp(-(-start.timestamp() // finest_s) * finest_s, UTC)
    step_s = _step_s(end - start, finest_s)
    stretches = max(1, -int((start - end).total_seconds() // step_s))
    counts = {
        name: _stretched(((point.at, point.value) for point in points), start, step_s, stretches)
        for name, points in observed.minutes_by_kind
    }
    told = sorted((name for name in counts if any(counts[name])), key=lambda name: -sum(counts[name]))[:MAX_KINDS]
    if not told:
        return None
    return ErrorsOverTime(start=start, step_seconds=step_s, counts={name: counts[name] for name in told})


def _span(snapshot: Snapshot, observed: Observations) -> tuple[datetime, datetime]:
    """The window, from a little before the onset on where that came before it."""
    window, metrics = snapshot.window, snapshot.get(Metrics)
    if observed.onset is None or observed.onset - BEFORE_ONSET >= window.start:
        return window.start, window.end
    begin = observed.onset - BEFORE_ONSET
    return (max(begin, metrics.covered_from) if isinstance(metrics, Metrics) else begin), window.end


def _finest_s(snapshot: Snapshot) -> int:
    metrics = snapshot.get(Metrics)
    return max((series.period_s for series in metrics.series), default=60) if isinstance(metrics, Metrics) else 60


def _step_s(span: timedelta, finest_s: int) -> int:
    """The shortest step of which not too many cover the span."""
    wide_enough = (step for step in STEPS_S if step >= finest_s and span.total_seconds() / step <= MAX_STRETCHES)
    return next(wide_enough, STEPS_S[-1])


def _stretched(
    points: Iterable[tuple[datetime, float]], start: datetime, step_s: int, stretches: int
) -> tuple[int, ...]:
    sums = [0.0] * stretches
    for at, value in points:
        number = int((at - start).total_seconds() // step_s)
        if 0 <= number < stretches:
            sums[number] += value
    return tuple(_whole(value) for value in sums)


def _whole(value: float) -> int:
    """Numbers scaled up from a sample are rounded, but an error stays one."""
    return max(round(value), 1) if value > 0 else 0
