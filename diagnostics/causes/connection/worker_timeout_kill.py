"""The server kills a worker that has not answered in time, and with it the request."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import AccessLogs
from diagnostics.rules.closed_early import CLOSED_USES, closed_early, idle_timeout_s
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import record, seconds, share_words, source_of
from diagnostics.rules.runtimes import WorkerTimeout, worker_timeout_of
from diagnostics.rules.served_by import SERVED_USES, serving_container

AGREES_WITHIN_S = 2.0
TASK_DEFINITION = "ecs:DescribeTaskDefinition"


@cause(
    code="worker-timeout-kill",
    family="connection",
    title="The server kills workers that take too long",
    needs=(),
    uses=(*CLOSED_USES, *(kind for kind in SERVED_USES if kind not in CLOSED_USES)),
    clear_needs=(AccessLogs,),
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
    in the task definition is that number. The log line of the killed worker (WORKER TIMEOUT, HARAKIRI) would settle
    it. Refuted by times that vary, or by a task that died.
    """
    container = serving_container(facts)
    timer = worker_timeout_of(container) if container else None
    for cluster in closed_early(facts, "worker-timeout"):
        times = cluster.target_s
        if times is not None:
            yield _finding(facts, cluster, times.middle, timer)


def _finding(facts: Facts, cluster: RowCluster, constant_s: float, timer: WorkerTimeout | None) -> Finding:
    agrees = timer is not None and abs(timer.seconds - constant_s) <= AGREES_WITHIN_S
    idle = idle_timeout_s(facts)
    below = f", below the idle timeout of {idle} s" if idle else ""
    route = cluster.top_route
    where = f"; {share_words(route, 'route')}" if route and route.share >= 0.5 else ""
    server = f"{timer.runtime} kills" if timer and agrees else "A timer of the server ends"
    return Finding(
        resource=facts.subject.label,
        summary=f"{server} requests that take {seconds(constant_s)}: {cluster.count} x 502{where}",
        supports=(
            record(
                facts, cluster, f"the target closed the connection after {seconds(constant_s)} each time{below}{where}"
            ),
            *_agreeing(timer if agrees else None),
        ),
        against=tuple(_against(facts, timer, agrees)),
        effect_seen=True,
        affects=cluster.targets,
        explains=cluster.explains,
        since=cluster.first,
        overturned_by="No line about a killed worker (WORKER TIMEOUT, HARAKIRI) in the application's log at the time of"
        " these rows",
        advice="Make the slow request faster or move it out of the request; then a longer worker time-out, below the"
        " load balancer's idle timeout. With gunicorn's sync workers also gthread or more workers: a connection that"
        " the load balancer opens ahead occupies one.",
        at_most=None if agrees and timer and timer.basis == "configured" else "likely",
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
    elif not agrees or (timer and timer.basis == "default"):
        yield supporting("the application's log, which would name the killed worker, was not read", source_of(facts))
