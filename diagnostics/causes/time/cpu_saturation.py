"""The processor is at its limit, and everything waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import EcsService, HostMetrics, Metrics, TargetHealth
from diagnostics.printable import counted, percent
from diagnostics.rules.app_lines import LINE_USES, Lines, lines_of
from diagnostics.rules.asking import service_metric
from diagnostics.rules.load import LOAD_USES, Load, load_of
from diagnostics.rules.processor import PROCESSOR_USES, Processor, exhausted_hosts, full_hosts, processor_of
from diagnostics.rules.row_evidence import record
from diagnostics.rules.slowness import SLOW_USES, Slowness, on_one_route, on_one_target, slowness
from diagnostics.rules.strain import (
    STRAIN_USES,
    Silent,
    crashed_before,
    silent_targets,
    slow_clusters,
    slow_errors,
    span,
)

SOURCE = "cloudwatch:GetMetricData"
HALF = 0.5


@cause(
    code="cpu-saturation",
    title="The processor of the tasks is at its limit",
    needs=(Metrics,),
    uses=(*PROCESSOR_USES, *LOAD_USES, *SLOW_USES, *STRAIN_USES, *LINE_USES),
    clear_needs=(EcsService, HostMetrics, TargetHealth),
    shows=("elb_504", "elb_502", "unhealthy", "target_5xx"),
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-autoscaling-targettracking.html",
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html",
    ),
    leads_to=(
        "target-slow-response",
        "target-connection-saturation",
        "target-tls-handshake-timeout",
        "target-generated-5xx",
        "connect-timeout-unattributed",
        "all-targets-unhealthy-fail-open",
        "client-disconnected-460",
    ),
    helped_by=(
        "insufficient-task-count",
        "deployment-regression",
        "health-check-timeout-too-short",
        "health-check-thresholds-too-aggressive",
    ),
)
def cpu_saturation(facts: Facts) -> Iterator[Finding]:
    """Decided by a CPU of all tasks together at 95 % or more for several minutes of the trouble, while answers take
    several times as long as before or health checks of several targets time out; on burstable instances by CPU credits
    that are used up. Refuted by a processor with room, by one that is full only while tasks start, by trouble on one
    of several equal targets or on one route, and by a processor that was just as full before anybody suffered.
    """
    asked = span(facts)
    if asked is None:
        return
    start, end = asked
    rows = slow_clusters(facts)
    if on_one_target(facts, rows) or on_one_route(facts, rows):
        return
    slow, silent = slowness(facts, start, end), silent_targets(facts)
    effects = slow_errors(facts) | (silent.explains if silent.several else frozenset())
    in_step = bool(slow and slow.for_everybody) or bool(rows) or silent.several
    if not effects or not in_step:
        return
    used, load = processor_of(facts, start, end), load_of(facts, start, end)
    hosts = _hosts(facts, start, end)
    rose = load is not None and load.is_several_times
    if (used is None or not used.is_full or (used.long_full and not rose)) and not hosts:
        return
    pauses = lines_of(facts, start, end, "memory-pause")
    collects = pauses if pauses and pauses.enough and pauses.in_step and not rose else None
    yield _finding(facts, used, load, slow, silent, effects, hosts, collects)


def _hosts(facts: Facts, start: datetime, end: datetime) -> tuple[str, ...]:
    """Hosts without credits, or at their limit, when they are at least half of all."""
    full, measured = full_hosts(facts, start, end)
    spent = exhausted_hosts(facts, start, end)
    return next((found for found in (spent, full) if found and len(found) >= HALF * measured), ())


def _finding(
    facts: Facts,
    used: Processor | None,
    load: Load | None,
    slow: Slowness | None,
    silent: Silent,
    effects: frozenset[str],
    hosts: tuple[str, ...],
    collects: Lines | None,
) -> Finding:
    rows = slow_clusters(facts)
    too_slow = {"target_5xx"} if slow and slow.for_everybody else set()
    since = used.full_since if used and used.full_since else facts.observed.onset
    lost = tuple(crashed_before(facts, since)) if since and (load is None or load.is_flat) else ()
    return Finding(
        resource=facts.subject.service or facts.subject.label,
        summary=_summary(used, load, hosts),
        supports=(
            *_used(used, hosts),
            *((supporting(load.words, SOURCE, value=round(load.times, 1)),) if load and load.is_several_times else ()),
            *((supporting(slow.words, SOURCE, value=slow.p50),) if slow and slow.for_everybody else ()),
            *_left_out(used),
            *(record(facts, cluster, "504 without an answer in time", decides=False) for cluster in rows[:1]),
            *_silent(silent),
        ),
        against=tuple(_against(used, load, lost, collects)),
        effect_seen=True,
        role="consequence" if lost or collects else "root",
        explains=effects | (too_slow & facts.observed.symptoms),
        since=since,
        overturned_by="CPUUtilization with room while answers are slow: "
        + service_metric(facts, "CPUUtilization", "Average Maximum", facts.window.start, facts.window.end),
        advice=_advice(used, load, hosts),
    )


def _summary(used: Processor | None, load: Load | None, hosts: tuple[str, ...]) -> str:
    if used is not None and used.is_full:
        average = f" ({used.average:.0f} % over all tasks)" if used.average is not None else ""
        what = f"the tasks use {used.peak:.0f} % of their CPU{average}"
    else:
        what = f"{counted(len(hosts), 'host')} {'has' if len(hosts) == 1 else 'have'} no CPU left"
    why = f", with {load.times:.1f} times the usual load" if load and load.is_several_times else ""
    return f"{what}{why}: requests wait for the processor"


def _used(used: Processor | None, hosts: tuple[str, ...]) -> Iterator[Evidence]:
    if used is not None and used.is_full:
        text = f"CPUUtilization was at {used.peak:.0f} % in {counted(used.full_minutes, 'minute')} of the trouble"
        average = f", {used.average:.0f} % on average over all tasks" if used.average is not None else ""
        record_of = decisive if used.average is not None else supporting
        yield record_of(f"{text}{average}", SOURCE, at=used.full_since, value=used.peak)
    if hosts:
        text = f"instances at their limit or without CPU credits meanwhile: {', '.join(hosts[:3])}"
        yield decisive(text, SOURCE, value=len(hosts))


def _left_out(used: Processor | None) -> Iterator[Evidence]:
    if used is not None and used.serving < 1:
        text = f"only {percent(used.serving)} of the targets get requests, and carry the load of all"
        yield supporting(text, "elbv2:DescribeTargetHealth", value=round(used.serving, 2))


def _silent(silent: Silent) -> Iterator[Evidence]:
    if silent.several:
        text = f"health checks of {len(silent.targets)} targets got no answer in time"
        yield supporting(text, "elbv2:DescribeTargetHealth", value=len(silent.targets))


def _against(
    used: Processor | None, load: Load | None, lost: tuple[str, ...], collects: Lines | None
) -> Iterator[Evidence]:
    if collects:
        yield supporting(f"the garbage collector uses the processor: {collects.words}", collects.source)
    elif load is not None and load.is_flat and not lost and (used is None or used.serving == 1):
        text = "no more requests came than usual: a loop, a new revision or the garbage collector may use the processor"
        yield supporting(text, SOURCE, value=round(load.times, 1))
    if used is not None and used.is_full and used.average is None:
        yield supporting("whether all tasks or one of them is busy was not read", SOURCE)
    if lost:
        text = f"{counted(len(lost), 'task')} ended without an order before, and the others got their load"
        yield supporting(text, SOURCE)


def _advice(used: Processor | None, load: Load | None, hosts: tuple[str, ...]) -> str:
    if hosts:
        return "Spread the tasks over more hosts, or use instances whose CPU is not limited by credits."
    if used is not None and used.serving < 1:
        return "Bring the targets that get no requests back first; until then, run more tasks where they are used."
    if load is not None and load.is_flat:
        return (
            "The load is as usual: take a profile or a thread dump of one task, and roll back if a new revision runs."
            " More tasks help only for a while."
        )
    return (
        "Run more tasks now (desired count, or the scalable target's minimum where Application Auto Scaling owns it),"
        " then give each task more CPU in the task definition if one request alone needs it."
    )
