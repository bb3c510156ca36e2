"""Targets wait for something behind them: a database, a pool of connections, another service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, supporting
from diagnostics.facts import AccessLogs, LoadBalancerAttributes, Metrics
from diagnostics.rules.app_lines import LINE_USES, WAITING, Lines, lines_of
from diagnostics.rules.closed_early import idle_timeout_s
from diagnostics.rules.in_time import in_time
from diagnostics.rules.load import LOAD_USES, load_of
from diagnostics.rules.processor import PROCESSOR_USES, Processor, processor_of
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import own_clusters, record, seconds
from diagnostics.rules.slowness import SLOW_USES, Slowness, on_one_target, slowness
from diagnostics.rules.strain import span

SOURCE = "cloudwatch:GetMetricData"


@cause(
    code="target-dependency-hang",
    title="Requests wait for something behind the application",
    needs=LINE_USES,
    uses=(*SLOW_USES, *PROCESSOR_USES, *LOAD_USES, LoadBalancerAttributes),
    clear_needs=(Metrics, AccessLogs),
    shows=("elb_504", "elb_460", "target_5xx"),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",),
    replaces=("target-slow-response",),
    leads_to=("target-generated-5xx", "client-disconnected-460", "worker-timeout-kill"),
    helped_by=("insufficient-task-count", "deployment-regression"),
)
def target_dependency_hang(facts: Facts) -> Iterator[Finding]:
    """Decided by log lines of the application that tell of waiting (an exhausted pool of connections, a database or a
    service that answers late or not at all) since the trouble began, together with requests that get no answer within
    the idle timeout or take several times as long as before. Refuted by a processor at its limit, by trouble on one of
    several equal targets, and by such lines long before anybody suffered.
    """
    asked = span(facts)
    if asked is None:
        return
    start, end = asked
    rows = _waiting(facts)
    slow = slowness(facts, start, end)
    effects = frozenset[str]().union(*(cluster.explains for cluster in rows)) | _counted(facts, rows)
    is_slow = slow is not None and (slow.for_everybody or slow.for_some)
    if is_slow:
        effects |= {"target_5xx"} & facts.observed.symptoms
    waits = lines_of(facts, start, end, *WAITING)
    if waits is None or not waits.tells or not effects or not (rows or is_slow) or on_one_target(facts, rows):
        return
    used = processor_of(facts, start, end)
    if used is not None and used.is_full and not used.long_full:
        return
    yield _finding(facts, waits, rows, slow if is_slow else None, used, effects, (start, end))


def _waiting(facts: Facts) -> tuple[RowCluster, ...]:
    """Rows of requests that were sent to a target and waited."""
    slow = own_clusters(facts, "response-timeout", elb_status=504)
    gone = (one for one in own_clusters(facts, "client-gone", elb_status=460) if facts.observed.saw(one.symptom))
    return tuple(one for one in (*slow, *gone) if one.population != "at-end-of-target")


def _counted(facts: Facts, rows: tuple[RowCluster, ...]) -> frozenset[str]:
    """504 that nothing but the counter knows."""
    observed = facts.observed
    failed = observed.counts.connection_errors or observed.counts.tls_errors
    mine = observed.clusters is None and observed.errors_are_ours and observed.saw("elb_504") and not failed
    return frozenset({"elb_504"}) if mine and not rows else frozenset()


def _finding(
    facts: Facts,
    waits: Lines,
    rows: tuple[RowCluster, ...],
    slow: Slowness | None,
    used: Processor | None,
    effects: frozenset[str],
    asked: tuple[datetime, datetime],
) -> Finding:
    return Finding(
        resource=facts.subject.service or facts.subject.label,
        summary=f"requests wait for something behind the application: {waits.words}",
        supports=(
            waits.record(),
            *(record(facts, cluster, f"no answer{_after(cluster)}") for cluster in rows[:2]),
            *((supporting(slow.words, SOURCE, value=slow.p50),) if slow else ()),
            *_idle(used),
        ),
        against=tuple(_against(facts, waits, used, asked)),
        effect_seen=True,
        affects=frozenset().union(*(cluster.targets for cluster in rows)),
        explains=effects,
        since=min(waits.first, facts.observed.onset) if facts.observed.onset and waits.in_step else None,
        overturned_by=(
            "an answer of that database or service within its usual time, seen from a task: aws ecs execute-command"
            f" --cluster {facts.subject.cluster} --task TASK --interactive --command sh"
        ),
        advice=(
            "Look at what the lines name: its own latency, its limit of connections, its locks; and whether the tasks'"
            " security group lets them out to it. Give every outgoing call a time-out shorter than the load balancer's"
            " idle timeout, and answer 503 with Retry-After when it is over. --force-new-deployment frees stuck"
            " connections, as a stop-gap. Where the wait belongs to the work: "
            f"{in_time(idle_timeout_s(facts))}"
        ),
        at_most=None if used is not None else "likely",
    )


def _after(cluster: RowCluster) -> str:
    waited = cluster.elapsed_s
    routes = cluster.top_route.of_how_many if cluster.top_route else 0
    where = f", on {routes} routes" if routes > 1 else ""
    return f" within {seconds(waited.middle)}{where}" if waited else where


def _idle(used: Processor | None) -> Iterator[Evidence]:
    if used is not None and used.is_low:
        yield supporting(f"the processor had room meanwhile ({used.peak:.0f} % at most)", SOURCE, value=used.peak)


def _against(
    facts: Facts, waits: Lines, used: Processor | None, asked: tuple[datetime, datetime]
) -> Iterator[Evidence]:
    if used is None:
        yield supporting("whether the processor was at its limit was not read", SOURCE)
    if not waits.in_step:
        text = f"such lines were written before the trouble too, since {waits.first:%H:%M} UTC"
        yield supporting(text, waits.source, at=waits.first)
    load = load_of(facts, *asked)
    if load is not None and load.is_several_times:
        yield supporting(f"{load.words}: what waits may only be too busy", SOURCE, value=round(load.times, 1))
