"""The server kills a worker that has not answered in time, and with it the request."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import AccessLogs, EcsService, Metrics
from diagnostics.facts.load_balancing import DEFAULT_IDLE_TIMEOUT_S
from diagnostics.printable import counted
from diagnostics.rules import task_stops
from diagnostics.rules.app_lines import LINE_USES, Lines, lines_of
from diagnostics.rules.closed_early import CLOSED_USES, KILLS_SHARE, closed_early, idle_timeout_s, nature_of
from diagnostics.rules.observations import NOISE_ERRORS
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import record, rows_were_read, seconds, share_words, source_of
from diagnostics.rules.runtimes import WorkerTimeout, worker_lines_of, worker_timeout_of
from diagnostics.rules.served_by import SERVED_USES, keep_alive, race_is_refuted, serving_container
from diagnostics.rules.written import number, read_in_full, were_read, written
from diagnostics.rules.written import record as line_record

AGREES_WITHIN_S = 2.0
TASK_DEFINITION = "ecs:DescribeTaskDefinition"
SPARE_S = 5
MEMORY_SHORT_PERCENT = 90.0


@cause(
    code="worker-timeout-kill",
    title="The server kills workers that take too long",
    needs=(),
    uses=(*CLOSED_USES, *SERVED_USES, Metrics, *LINE_USES),
    clear_needs=(AccessLogs, *LINE_USES),
    shows=("elb_502",),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html",
    ),
    replaces=("malformed-response", "target-closed-mid-request"),
)
def worker_timeout_kill(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows of 502 whose target closed the connection after nearly the same number of seconds
    each time, below the load balancer's idle timeout: a timer of the server. Confirmed when the server's own time-out
    in the task definition is that number, or when the log names the killed workers (WORKER TIMEOUT, HARAKIRI). Without
    access log rows those lines decide, as far as they begin with the errors. Refuted by times that vary, or by a task
    that died.
    """
    container = serving_container(facts)
    timer = worker_timeout_of(container) if container else None
    for cluster in closed_early(facts, "worker-timeout"):
        if cluster.target_s is not None:
            yield _finding(facts, cluster, cluster.target_s.middle, timer)
    for cluster in closed_early(facts, "unclear", "race"):
        killed = lines_of(facts, cluster.first, cluster.last, "worker-timeout")
        often = killed is not None and killed.enough and killed.count >= KILLS_SHARE * cluster.count
        if killed and often and killed.in_step and not _may_be_race(facts, cluster):
            yield _with_the_worker(facts, cluster, killed, timer)
    if not rows_were_read(facts) and facts.observed.saw("elb_502") and facts.observed.errors_are_ours:
        yield from _by_lines(facts, timer)


def _may_be_race(facts: Facts, cluster: RowCluster) -> bool:
    return nature_of(cluster, facts) == "race" and not race_is_refuted(keep_alive(facts), idle_timeout_s(facts))


def _with_the_worker(facts: Facts, cluster: RowCluster, killed: Lines, timer: WorkerTimeout | None) -> Finding:
    """All requests that a worker holds end with it, however long each of them has run."""
    after = f" after {timer.seconds:g} s" if timer else ""
    lines = written(facts, "worker-timeout", since=cluster.first, until=cluster.last)
    return Finding(
        resource=facts.subject.label,
        summary=f"{timer.runtime if timer else 'The server'} kills workers that hang{after}, {killed.count} times, and"
        f" with them {counted(cluster.count, 'request')}",
        supports=(
            record(facts, cluster, "the target closed the connection in the middle of a request", decides=False),
            *(line_record(line, f"kills a worker, {killed.count} times", value=killed.count) for line in lines[:1]),
            *_agreeing(timer),
        ),
        against=(supporting("the requests ended after times that vary", source_of(facts)), *_or_memory(facts)),
        effect_seen=True,
        affects=cluster.targets,
        explains=cluster.explains,
        since=cluster.first,
        overturned_by="Rows of these 502s at other moments than the lines about killed workers",
        advice=_advice(facts, timer),
        at_most="likely",
    )


def _by_lines(facts: Facts, timer: WorkerTimeout | None) -> Iterator[Finding]:
    since, until = facts.observed.onset, facts.observed.last_seen
    lines, count = written(facts, "worker-timeout", since=since, until=until), number(facts, "worker-timeout")
    if not lines or count < NOISE_ERRORS:
        return
    after = f" after {timer.seconds:g} s" if timer else ""
    errors = facts.observed.counts.elb_502
    yield Finding(
        resource=facts.subject.label,
        summary=f"{lines[0].runtime or 'The server'} kills workers that take too long{after}, {count} times beside"
        f" {errors:,} times 502",
        supports=(
            line_record(lines[0], f"kills a worker, {count} times", value=count),
            supporting(f"{errors:,} times 502 of the load balancer in the same time", "cloudwatch:GetMetricData"),
            *_agreeing(timer),
        ),
        against=(
            supporting("access logs were not read: which requests these are is not known", "s3:GetObject"),
            *_or_memory(facts),
        ),
        effect_seen=True,
        explains=frozenset({"elb_502"}),
        since=since,
        overturned_by="Access log rows of these 502s that vary in their target processing time",
        advice=_advice(facts, timer),
        at_most="likely",
    )


def _finding(facts: Facts, cluster: RowCluster, constant_s: float, timer: WorkerTimeout | None) -> Finding:
    agrees = timer is not None and abs(timer.seconds - constant_s) <= AGREES_WITHIN_S
    idle, took = idle_timeout_s(facts), seconds(constant_s)
    below = f", below the idle timeout of {idle} s" if idle else ""
    route = cluster.top_route
    where = f"; {share_words(route, 'route')}" if route and route.share >= 0.5 else ""
    named = tuple(_named(facts, cluster))
    server = f"{timer.runtime} kills" if timer and agrees else "A timer of the server ends"
    return Finding(
        resource=facts.subject.label,
        summary=f"{server} requests that take {took}: {cluster.count:,} times 502{where}",
        supports=(
            record(facts, cluster, f"the target closed the connection after {took} each time{below}{where}"),
            *_agreeing(timer if agrees else None),
            *named,
        ),
        against=(*_against(facts, timer, agrees), *_or_memory(facts)),
        effect_seen=True,
        affects=cluster.targets,
        explains=cluster.explains,
        since=cluster.first,
        overturned_by="No line about a killed worker (WORKER TIMEOUT, HARAKIRI) in the application's log at the time of"
        " these rows",
        advice=_advice(facts, timer),
        at_most=None if named or (agrees and timer and timer.basis == "configured") else "likely",
    )


def _advice(facts: Facts, timer: WorkerTimeout | None) -> str:
    """A worker time-out above the idle timeout would make a 504 of the 502."""
    idle = idle_timeout_s(facts) or DEFAULT_IDLE_TIMEOUT_S
    limit = max(idle - SPARE_S, 1)
    said = next(iter(written(facts, "worker-timeout")), None)
    runtime = timer.runtime if timer else (said.runtime if said else None) or ""
    how = worker_lines_of(runtime, limit)
    known = f" For {runtime}: {how}." if how else f" Or a worker time-out of {limit} s, where every request needs it."
    return (
        "Make the slow request faster, or answer 202 with Location and Retry-After, queue the work, and let the client"
        f" poll.{known} Keep the worker time-out below the idle timeout of {idle} s."
    )


def _agreeing(timer: WorkerTimeout | None) -> Iterator[Evidence]:
    if timer is None:
        return
    how = decisive if timer.basis == "configured" else supporting
    unless = "" if timer.basis == "configured" else " unless set otherwise"
    text = f"{timer.runtime} ({timer.where}) kills a worker after {timer.seconds:g} s{unless}"
    yield how(text, TASK_DEFINITION, value=timer.seconds)


def _against(facts: Facts, timer: WorkerTimeout | None, agrees: bool) -> Iterator[Evidence]:
    if timer and not agrees and timer.basis == "configured":
        yield supporting(f"{timer.where}: the worker time-out is another one", TASK_DEFINITION, value=timer.seconds)
    elif not were_read(facts) and (not agrees or (timer and timer.basis == "default")):
        text = "the application's log, which would name the killed worker, was not read"
        yield supporting(text, source_of(facts))
    if read_in_full(facts) and not number(facts, "worker-timeout"):
        yield supporting("the application's log names no killed worker", "logs:FilterLogEvents")


def _or_memory(facts: Facts) -> Iterator[Evidence]:
    """gunicorn asks of every worker that it killed whether it lacked memory: that alone means nothing, and beside a
    full memory it may be so."""
    guesses = [line for line in written(facts, "worker-killed") if line.details.get("kind") == "memory"]
    peak = task_stops.memory_peak(facts.maybe(Metrics), facts.maybe(EcsService))
    if guesses and (peak is None or peak[0] >= MEMORY_SHORT_PERCENT):
        how_full = "its memory was not read" if peak is None else f"memory stood at {peak[0]:.0f} %"
        text = (
            'gunicorn asks "Perhaps out of memory?" of every worker that it kills for its time-out too;'
            f" {how_full}: a lack of memory may be what makes the workers hang"
        )
        yield supporting(text, "logs:FilterLogEvents", at=guesses[0].at)


def _named(facts: Facts, cluster: RowCluster) -> Iterator[Evidence]:
    lines = written(facts, "worker-timeout", since=cluster.first, until=cluster.last)
    if lines:
        count = number(facts, "worker-timeout")
        yield line_record(lines[0], f"kills a worker, {count} times", value=count)
