"""The process goes as soon as it is asked to, while the load balancer still sends it requests."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, supporting
from diagnostics.facts import AccessLogs, Gap, Metrics, StoppedTasks, Task
from diagnostics.printable import counted
from diagnostics.report import Band
from diagnostics.rules.lost_at_stop import (
    LOST_USES,
    PROPAGATION_S,
    Lost,
    delay_of,
    errors_at,
    last_words,
    longest_request,
    lost_at_stops,
    ordered_stops,
    rows_as_evidence,
    stops_as_evidence,
)
from diagnostics.rules.row_evidence import NOT_READ, rows_were_read
from diagnostics.rules.served_by import ANY_SHUTDOWN, SERVED_USES, shutdown_advice


@cause(
    code="graceful-shutdown-missing",
    title="Tasks drop requests when they are asked to stop",
    needs=(),
    uses=(*LOST_USES, *SERVED_USES),
    clear_needs=(AccessLogs, Metrics, StoppedTasks),
    shows=("elb_502", "elb_504"),
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/load-balancer-connection-draining.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
    ),
    replaces=("target-closed-mid-request", "connect-timeout-unattributed"),
    helped_by=("deployment-min-healthy-too-low",),
)
def graceful_shutdown_missing(facts: Facts) -> Iterator[Finding]:
    """Decided by access log rows of 502 on a target within seconds of the order to stop it: requests that broke off,
    were refused, or met an address that was released already (504 after ten seconds, which only looks like a security
    group). The load balancer's nodes need 2-15 s to learn that a target leaves. Where a person or a Spot notice gave
    the order, that is the root, and this what it could have been harmless with. Refuted by requests as old as the
    deregistration delay, which was then too short, by a stop timeout that cut off the work, and by errors that other
    targets have just as often. In a roll-out SIGTERM comes only after the drain, which speaks against it.
    """
    found = [lost for lost in lost_at_stops(facts) if lost.mechanism == "shutdown"]
    for lost in found:
        yield _seen(facts, lost)
    if not found and not rows_were_read(facts):
        yield from _guess(facts)


def _seen(facts: Facts, lost: Lost) -> Finding:
    drained = lost.drained_first and lost.delay_s is not None and lost.delay_s >= PROPAGATION_S
    unseen = isinstance(facts.maybe(StoppedTasks), Gap) or not lost.tasks
    at_most: Band | None = "likely" if drained or unseen else None
    if lost.may_be_delay:
        at_most = "possible"
    return Finding(
        resource=_resource(facts, lost.tasks),
        summary=f"{counted(lost.count, 'request')} {'was' if lost.count == 1 else 'were'} lost in the seconds in which"
        f" {lost.who}: the process did not wait for the load balancer to stop sending, nor for its open requests",
        supports=(*rows_as_evidence(facts, lost), *stops_as_evidence(lost.tasks), *last_words(facts, lost.tasks)),
        against=tuple(_against(facts, lost, drained)),
        effect_seen=True,
        affects=lost.affects,
        explains=lost.explains,
        since=lost.since,
        overturned_by="A line of the application's log that it went on answering for 20 s after SIGTERM and closed"
        f" nothing before: {_log_search(facts)}",
        advice=shutdown_advice(facts) or ANY_SHUTDOWN,
        at_most=at_most,
    )


def _against(facts: Facts, lost: Lost, drained: bool) -> Iterator[Evidence]:
    if isinstance(facts.maybe(StoppedTasks), Gap):
        yield supporting("stopped tasks were not read, so how the process ended is not known", "ecs:DescribeTasks")
    if lost.may_be_delay:
        text = "the deregistration delay was not read; these requests may have outlasted it"
        yield supporting(text, "elbv2:DescribeTargetGroupAttributes")
    if drained:
        yield supporting(
            f"ECS sends SIGTERM only after the deregistration delay of {lost.delay_s} s, when requests that are shorter"
            " have ended; the process seems to have left before that",
            "elbv2:DescribeTargetGroupAttributes",
            value=lost.delay_s,
        )


def _guess(facts: Facts) -> Iterator[Finding]:
    """From the counters: 502 in the minutes of stops that a process could have survived without losing a request."""
    if not facts.observed.saw("elb_502") or not facts.observed.errors_are_ours:
        return
    stops = [task for task in ordered_stops(facts) if _may_lose(facts, task)]
    if not errors_at(stops, facts):
        return
    text = f"{facts.observed.counts.elb_502:,} times 502, most of them in the minutes of these stops"
    yield Finding(
        resource=_resource(facts, stops),
        summary="Tasks seem to drop requests when they are asked to stop",
        supports=(
            supporting(text, "cloudwatch:GetMetricData", value=facts.observed.counts.elb_502),
            *stops_as_evidence(stops, decides=False),
        ),
        against=(supporting(NOT_READ, "cloudwatch:GetMetricData"),),
        effect_seen=True,
        affects=frozenset(task.id for task in stops),
        explains=frozenset({"elb_502"}),
        since=facts.observed.onset,
        overturned_by="Access log rows of these 502s on targets that were not being stopped",
        advice=shutdown_advice(facts) or ANY_SHUTDOWN,
        at_most="possible",
        circumstantial=True,
    )


def _may_lose(facts: Facts, task: Task) -> bool:
    """A drain that is long enough for propagation and for every request leaves nothing to lose."""
    delays = [delay_of(facts, group) for group in facts.subject.target_groups]
    if task.stop_code != "ServiceSchedulerInitiated" or not delays or None in delays:
        return True
    shortest = min(delay for delay in delays if delay is not None)
    return shortest < max(PROPAGATION_S, longest_request(facts) or 0)


def _resource(facts: Facts, tasks: tuple[Task, ...] | list[Task]) -> str:
    return tasks[0].task_definition if tasks else facts.subject.label


def _log_search(facts: Facts) -> str:
    since = int(facts.window.start.timestamp()) * 1000
    return f"aws logs filter-log-events --log-group-name LOG_GROUP --filter-pattern SIGTERM --start-time {since}"
