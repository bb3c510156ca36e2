"""The target closed the connection in the middle of a request, and nothing says why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, supporting
from diagnostics.facts import AccessLogs, Gap, Hosts, LogSignature, StoppedTasks
from diagnostics.rules.app_lines import LINE_USES
from diagnostics.rules.closed_early import CLOSED_USES, closed_early, events_between, idle_timeout_s, nature_of
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import FEW_ROWS, record, seconds, share_words, source_of
from diagnostics.rules.served_by import SERVED_USES, keep_alive, log_search, race_is_refuted
from diagnostics.rules.written import number, traced, written
from diagnostics.rules.written import record as line_record

BREAKS: tuple[LogSignature, ...] = ("crash", "unhandled-error", "worker-killed")
LIVES_ON = "process lives on"
STANDS_OUT = 0.8
NEAR = timedelta(minutes=2)


@cause(
    code="target-closed-mid-request",
    title="Targets close connections in the middle of requests",
    needs=(),
    uses=(*CLOSED_USES, *SERVED_USES, *LINE_USES, Hosts),
    clear_needs=(AccessLogs,),
    shows=("elb_502",),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html",
    ),
)
def target_closed_mid_request(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows of 502 that were dispatched to a target and got no response, because it closed the
    connection, and that fit no more specific story: a handler that fails hard, a limit inside a server, a process
    that goes on after a fault. Refuted where they are explained: a timer at a constant time, a route that always
    fails, connections that were idle, a task that died. The application's log of the same trace id tells.
    """
    for cluster in closed_early(facts, "unclear", "race"):
        if nature_of(cluster, facts) == "race" and not race_is_refuted(keep_alive(facts), idle_timeout_s(facts)):
            continue
        yield _finding(facts, cluster)


def _finding(facts: Facts, cluster: RowCluster) -> Finding:
    where, said = _where(cluster), _said(facts, cluster)
    return Finding(
        resource=facts.subject.label,
        summary=f"Targets closed the connection in the middle of {cluster.count:,} requests{where}",
        supports=(_record(facts, cluster, where), *said, *_nearby(facts, cluster)),
        against=tuple(_against(facts, said)),
        effect_seen=True,
        affects=cluster.targets,
        explains=cluster.explains,
        since=cluster.first,
        overturned_by="The line of the application's log for one of these requests, which tells whether it was never"
        f" seen, broke off or was answered: {log_search(facts, cluster.rows)}",
        advice="Search the application's log for the trace ids of these rows: the last line before each break says"
        " why.",
        at_most="possible" if any(_ends_unread(facts)) else None if said else "likely",
    )


def _said(facts: Facts, cluster: RowCluster) -> tuple[Evidence, ...]:
    """A line about one of these very requests decides; one about some request in the same time supports."""
    breaks = [line for line in traced(facts, cluster.rows) if line.signature in BREAKS]
    if breaks:
        return (line_record(breaks[0], "broke off one of these requests"),)
    around = [
        line
        for line in written(facts, *BREAKS, since=cluster.first, until=cluster.last)
        if line.details.get("kind") == LIVES_ON
    ]
    if not around:
        return ()
    enough = number(facts, "unhandled-error") >= FEW_ROWS
    return (line_record(around[0], "broke off requests and lived on", decides=enough),)


def _against(facts: Facts, said: tuple[Evidence, ...]) -> Iterator[Evidence]:
    if not said:
        yield supporting("why they closed it is not in the access log", source_of(facts))
    yield from _ends_unread(facts)


def _ends_unread(facts: Facts) -> Iterator[Evidence]:
    if isinstance(facts.maybe(StoppedTasks), Gap):
        yield supporting("stopped tasks were not read, so a crash is not excluded", "ecs:DescribeTasks")
    if isinstance(facts.maybe(Hosts), Gap):
        yield supporting("hosts were not read, so the end of one is not excluded", "ec2:DescribeInstances")


def _record(facts: Facts, cluster: RowCluster, where: str) -> Evidence:
    times = cluster.target_s
    took = f", after {seconds(times.low)} to {seconds(times.high)}" if times else ""
    return record(facts, cluster, f"the target closed the connection before it answered{took}{where}")


def _where(cluster: RowCluster) -> str:
    for share, what in ((cluster.top_target, "target"), (cluster.top_route, "route")):
        if share and share.share >= STANDS_OUT and (share.of_how_many > 1 or cluster.population == what):
            return f", {share_words(share, what)}"
    return f" on {len(cluster.targets)} targets" if len(cluster.targets) > 1 else ""


def _nearby(facts: Facts, cluster: RowCluster) -> Iterator[Evidence]:
    events = events_between(facts, cluster.first - NEAR, cluster.last + NEAR)
    for event in events[:1]:
        yield supporting(f"{event.what} at {event.at:%H:%M} UTC", "ecs:DescribeServices", at=event.at)
