"""Memory runs short, and the tasks slow down or lose workers without being killed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from statistics import median

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import ApplicationLogs, EcsService, Metrics, Point, StoppedTasks
from diagnostics.facts.fact import Frozen
from diagnostics.rules import task_stops
from diagnostics.rules.app_lines import LINE_USES, Lines, lines_of
from diagnostics.rules.asking import service_metric
from diagnostics.rules.row_evidence import clusters
from diagnostics.rules.slowness import SLOW_USES, Slowness, on_one_target, slowness
from diagnostics.rules.strain import STRAIN_USES, silent_targets, slow_clusters, slow_errors, span
from diagnostics.rules.written import read_in_full

SOURCE = "cloudwatch:GetMetricData"
HIGH_PERCENT = 90.0
RISE_PERCENT = 5.0
LATEST = timedelta(minutes=15)
SUSTAINED = 3
DAYS = timedelta(days=3)
GUNICORN = "Perhaps out of memory?"
"""https://github.com/benoitc/gunicorn/blob/master/gunicorn/arbiter.py, of every worker that ended by SIGKILL"""


@cause(
    code="memory-pressure",
    title="Memory runs short",
    needs=(StoppedTasks,),
    uses=(EcsService, Metrics, *SLOW_USES, *STRAIN_USES, *LINE_USES),
    clear_needs=(EcsService, Metrics, *LINE_USES),
    docs=("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html",),
    leads_to=("target-slow-response", "target-generated-5xx", "target-closed-mid-request"),
    helped_by=("deployment-regression", "health-check-thresholds-too-aggressive"),
)
def memory_pressure(facts: Facts) -> Iterator[Finding]:
    """Decided by log lines of the application that it stands still to free memory, or loses worker processes to the
    lack of it while the task lives on, with a memory that rose above 90 %. A high and rising memory beside slow answers
    fits, no more; without an effect it is a risk. Refuted by a memory that is high and has been so all the time, and by
    a task that was killed for memory, which is then the cause.
    """
    stopped = task_stops.crashes(facts[StoppedTasks], facts.window.start)
    if any(task_stops.out_of_memory(c) or c.exit_code == task_stops.SIGKILL for _, c in stopped):
        return
    start, end = span(facts) or (facts.window.start, facts.window.end)
    memory = _memory(facts, end)
    rows = slow_clusters(facts)
    if on_one_target(facts, rows):
        return
    killed = lines_of(facts, start, end, "out-of-memory") or _workers_killed(facts, start, end)
    pauses = lines_of(facts, start, end, "memory-pause")
    told = tuple(one for one in (killed, pauses) if one is not None and one.enough and one.in_step)
    slow = slowness(facts, start, end)
    effects = _effects(facts, slow, lost_workers=killed is not None)
    waits = pauses if slow is not None and slow.for_everybody else None
    inside = any(one is not None and one in told for one in (waits, _of_heap(killed)))
    full = memory is None or memory.peak >= HIGH_PERCENT
    if (memory is not None and memory.is_short) or (told and (full or inside)):
        yield _finding(facts, memory, told, slow, effects)


def _of_heap(killed: Lines | None) -> Lines | None:
    """Lines of a process that ran into its own limit, which may be far below the task's."""
    return killed if killed is not None and killed.signature == "out-of-memory" else None


def _workers_killed(facts: Facts, start: datetime, end: datetime) -> Lines | None:
    """Workers that were killed and are said to have lacked memory. gunicorn says so of every worker that it kills
    itself, too: beside its time-out lines it means nothing."""
    logs = facts.maybe(ApplicationLogs)
    if not isinstance(logs, ApplicationLogs) or lines_of(facts, start, end, "worker-timeout") is not None:
        return None
    said = any(one.details.get("kind") == "memory" for one in logs.of("worker-killed"))
    return lines_of(facts, start, end, "worker-killed") if said else None


class _Memory(Frozen):
    """MemoryUtilization of the busiest task in per cent: the highest of the trouble, and the middle hours before."""

    peak: float
    before: float | None
    at: datetime
    high_minutes: int

    @property
    def is_short(self) -> bool:
        rose = self.before is not None and self.peak - self.before >= RISE_PERCENT
        return self.peak >= HIGH_PERCENT and self.high_minutes >= SUSTAINED and rose


def _memory(facts: Facts, end: datetime) -> _Memory | None:
    metrics, service = facts.maybe(Metrics), facts.maybe(EcsService)
    if not isinstance(metrics, Metrics) or not isinstance(service, EcsService):
        return None
    series = metrics.find("MemoryUtilization", "Maximum", ClusterName=service.cluster, ServiceName=service.service)
    points: tuple[Point, ...] = series.between(end - LATEST, end) if series else ()
    if series is None or not points:
        return None
    earlier = [point.value for point in series.between(end - timedelta(hours=3), end - timedelta(hours=1))]
    top = max(points, key=lambda point: point.value)
    return _Memory(
        peak=top.value,
        before=median(earlier) if earlier else None,
        at=top.at,
        high_minutes=sum(point.value >= HIGH_PERCENT for point in points),
    )


def _effects(facts: Facts, slow: Slowness | None, *, lost_workers: bool) -> frozenset[str]:
    """Only what is seen together with slow answers or lost workers."""
    effects: frozenset[str] = frozenset()
    if slow is not None and slow.for_everybody:
        effects |= slow_errors(facts, unconnected=False) | ({"target_5xx"} & facts.observed.symptoms)
    silent = silent_targets(facts)
    if silent.several:
        effects |= silent.explains
    if lost_workers:
        for cluster in clusters(facts, "closed-before-response", elb_status=502):
            effects |= cluster.explains
        if facts.observed.clusters is None and facts.observed.errors_are_ours:
            effects |= {"elb_502"} & facts.observed.symptoms
    return effects


def _finding(
    facts: Facts, memory: _Memory | None, told: tuple[Lines, ...], slow: Slowness | None, effects: frozenset[str]
) -> Finding:
    level = f"memory of the tasks is at {memory.peak:.0f} % of its limit" if memory else "the tasks run out of memory"
    if memory and memory.peak < HIGH_PERCENT:
        level = f"the process is at a memory limit of its own, with {memory.peak:.0f} % of the task's memory in use"
    said = f": {told[0].words}" if told else " and rising"
    return Finding(
        resource=facts.subject.service or facts.subject.label,
        summary=f"{level}{said}",
        supports=(
            *(one.record() for one in told),
            *_level(memory, decides=bool(told)),
            *((supporting(slow.words, SOURCE, value=slow.p50),) if slow and slow.for_everybody else ()),
        ),
        against=(*_against(memory, told), *_guessed(facts, told)),
        effect_seen=bool(effects),
        explains=effects,
        since=told[0].first if told else facts.observed.onset,
        overturned_by="a MemoryUtilization that has stood at this height for days without slow answers: "
        + service_metric(facts, "MemoryUtilization", "Maximum", facts.now - DAYS, facts.now),
        advice=(
            "Give the tasks more memory, or the process a limit below the container's (heap size, number of workers),"
            " and look for what grows; a new deployment frees it for a while."
        ),
        at_most="possible" if memory is None else None,
    )


def _against(memory: _Memory | None, told: tuple[Lines, ...]) -> Iterator[Evidence]:
    if not told:
        yield supporting("no line of the application's log that tells of it was read", "logs:FilterLogEvents")
    if memory is None:
        yield supporting("how full the memory is was not read", SOURCE)


def _guessed(facts: Facts, told: tuple[Lines, ...]) -> Iterator[Evidence]:
    """gunicorn asks "Perhaps out of memory?" of every worker that ends by SIGKILL, and its own time-out sends one."""
    workers = [one for one in told if one.signature == "worker-killed"]
    if workers and GUNICORN in workers[0].quote and not read_in_full(facts):
        text = (
            "gunicorn asks the same of a worker that it killed itself for its time-out; a line about one was not read"
        )
        yield supporting(text, workers[0].source)


def _level(memory: _Memory | None, *, decides: bool) -> Iterator[Evidence]:
    if memory is not None:
        was = f", {memory.before:.0f} % hours before" if memory.before is not None else ""
        text = f"MemoryUtilization reached {memory.peak:.0f} %{was}"
        enough = decides and memory.peak >= HIGH_PERCENT
        yield (decisive if enough else supporting)(text, SOURCE, at=memory.at, value=memory.peak)
