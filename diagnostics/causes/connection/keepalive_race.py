"""The target closes an idle connection just as the load balancer sends the next request on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import AccessLogs, EcsService, Gap, LogSignature, Metrics, StoppedTasks, TaskDefinitions
from diagnostics.facts.load_balancing import DEFAULT_IDLE_TIMEOUT_S
from diagnostics.printable import counted
from diagnostics.report import Band
from diagnostics.rules.app_lines import LINE_USES, lines_of
from diagnostics.rules.closed_early import CLOSED_USES, closed_early, events_between, idle_timeout_s
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import NOT_READ, explained, record, rows_were_read, seconds, source_of
from diagnostics.rules.runtimes import KeepAlive
from diagnostics.rules.served_by import SERVED_USES, keep_alive, log_search, race_is_refuted
from diagnostics.rules.written import never_heard_of, traced, were_read
from diagnostics.rules.written import record as line_record

ENOUGH_ROWS = 10
ENOUGH_UNHEARD = 3
NEAR = timedelta(minutes=2)
BEGINS_AFTER = timedelta(minutes=10)
STEADY_FOR = timedelta(minutes=10)
SPARE_S = 5
WORTH_IT_S = 15
"""An idle timeout below this would cut off requests that are merely slow."""
LOW_RATE_COUNTED = 0.02
OTHER_STORIES: Final[tuple[LogSignature, ...]] = (
    "length-mismatch",
    "header-too-large",
    "worker-timeout",
    "worker-killed",
    "unhandled-error",
    "crash",
    "out-of-memory",
    "too-many-connections",
)
"""Lines that say why connections are closed early, where they begin with the errors."""
TASK_DEFINITION = "ecs:DescribeTaskDefinition"


@cause(
    code="keepalive-race",
    title="The target closes idle connections before the load balancer does",
    needs=(),
    uses=(*CLOSED_USES, *SERVED_USES, Metrics, *LINE_USES),
    clear_needs=(AccessLogs, Metrics),
    shows=("elb_502",),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
    ),
)
def keepalive_race(facts: Facts) -> Iterator[Finding]:
    """The target's keep-alive time is not longer than the load balancer's idle timeout, so that a request now and then
    meets a connection that is being closed.

    A diagnosis of exclusion. Decided by access log rows of 502 whose target closed the connection within milliseconds,
    few, steady, on all targets and routes, with no stop or deployment around them, together with a keep-alive setting
    that is not longer than the idle timeout. A default that was recognised by the image or the command makes it
    likely, never confirmed. Refuted by a longer keep-alive that was set, by a server that closes after each answer, by
    errors on one target or one route, by processing times of seconds. Metrics alone show a pattern that fits, no more.
    """
    setting, idle = keep_alive(facts), idle_timeout_s(facts)
    races = setting.races(idle) if setting and idle is not None else None
    if race_is_refuted(setting, idle):
        return
    found = closed_early(facts, "race")
    if found:
        yield _seen(facts, found, setting, idle, races)
    elif races is not False and _fits_the_counters(facts):
        yield _guess(facts, setting, idle)
    elif races and setting:
        yield _risk(facts, setting, idle)


def _seen(
    facts: Facts, found: Sequence[RowCluster], setting: KeepAlive | None, idle: int | None, races: bool | None
) -> Finding:
    count = sum(cluster.count for cluster in found)
    first, last = min(cluster.first for cluster in found), max(cluster.last for cluster in found)
    events = events_between(facts, first - NEAR, last + NEAR)
    late, known = _began_of_itself(facts, found), _known_to_the_application(facts, found)
    doubtful = races is False or late or known or _is_unread(facts, setting)
    proven = setting is not None and setting.basis == "configured" and races
    at_most: Band | None = "possible" if doubtful else None if proven else "likely"
    compared = f"; {setting.in_words()}, the load balancer after {idle} s" if setting and idle and races else ""
    return Finding(
        resource=facts.subject.label,
        summary=f"The target closes idle connections while the load balancer still uses them: {count:,} times 502,"
        f" steadily and everywhere{compared}",
        supports=(
            *(_record(facts, cluster) for cluster in found),
            *_setting(setting, idle, races),
            *_unknown_to_the_application(facts, found),
        ),
        against=(
            *_against(facts, setting, idle, races, [event.what for event in events]),
            *known,
            *late,
        ),
        effect_seen=True,
        affects=frozenset[str]().union(*(cluster.targets for cluster in found)),
        explains=explained(found),
        since=first,
        overturned_by="A line of the application's log for one of these requests, which a connection that was already"
        f" closed cannot have: {log_search(facts, (row for cluster in found for row in cluster.rows))}",
        advice=_advice(setting, idle),
        at_most=at_most,
    )


def _is_unread(facts: Facts, setting: KeepAlive | None) -> bool:
    """Whether what would acquit it was not read: crashes, or a server that keeps connections for longer."""
    decides = (StoppedTasks,) if setting is not None else (StoppedTasks, EcsService, TaskDefinitions)
    return any(isinstance(facts.maybe(kind), Gap) for kind in decides)


def _began_of_itself(facts: Facts, found: Sequence[RowCluster]) -> tuple[Evidence, ...]:
    """A timer does not start to run in the middle of a quiet hour, unless something was changed then."""
    logs = facts.maybe(AccessLogs)
    first, last = min(cluster.first for cluster in found), max(cluster.last for cluster in found)
    if not isinstance(logs, AccessLogs) or first - logs.covered_from < last - first:
        return ()
    if events_between(facts, first - BEGINS_AFTER, first + NEAR):
        return ()
    text = f"they began at {first:%H:%M} UTC, and nothing that was read changed then"
    return (supporting(text, source_of(facts), at=first),)


def _record(facts: Facts, cluster: RowCluster) -> Evidence:
    times = cluster.target_s
    took = f", half of them within {seconds(times.middle)}" if times else ""
    targets, routes = len(cluster.targets), {row.route for row in cluster.rows if row.route}
    return record(
        facts,
        cluster,
        f"the target closed the connection before it answered{took}; on {counted(targets, 'target')} and"
        f" {counted(len(routes), 'route')}, from {cluster.first:%H:%M} to {cluster.last:%H:%M} UTC",
        decides=cluster.count >= ENOUGH_ROWS,
    )


def _setting(setting: KeepAlive | None, idle: int | None, races: bool | None) -> Iterator[Evidence]:
    if setting and races:
        record_of = decisive if setting.basis == "configured" else supporting
        text = f"{setting.in_words()}; the load balancer's idle timeout is {idle} s, and must be the shorter one"
        yield record_of(text, TASK_DEFINITION, value=setting.seconds)


def _against(
    facts: Facts, setting: KeepAlive | None, idle: int | None, races: bool | None, events: Sequence[str]
) -> Iterator[Evidence]:
    if setting is None:
        yield supporting("how long the application keeps idle connections is not known", TASK_DEFINITION)
    elif races is False:
        text = f"{setting.in_words()}, which is longer than the idle timeout of {idle} s"
        yield supporting(text, TASK_DEFINITION, value=setting.seconds)
    elif setting.basis == "default" and races:
        yield supporting("this is the default, and may be set otherwise in code", TASK_DEFINITION)
    if isinstance(facts.maybe(StoppedTasks), Gap):
        yield supporting("stopped tasks were not read, so that crashes are not excluded", "ecs:DescribeTasks")
    if events:
        yield supporting(f"in the same time: {', '.join(dict.fromkeys(events[:3]))}", "ecs:DescribeServices")
    if rows_were_read(facts) and (setting is None or setting.basis == "default") and not were_read(facts):
        yield supporting("the application's log, which must not know these requests, was not read", source_of(facts))


def _unknown_to_the_application(facts: Facts, found: Sequence[RowCluster]) -> Iterator[Evidence]:
    """It fits a connection that was closed already, and a log that is incomplete as well."""
    rows = [row for cluster in found for row in cluster.rows]
    count = never_heard_of(facts, rows)
    if count >= ENOUGH_UNHEARD and not traced(facts, rows):
        text = (
            f"{count} of these requests were looked for and stand nowhere in the application's log, which names others"
        )
        yield supporting(text, "logs:FilterLogEvents", value=count)


def _known_to_the_application(facts: Facts, found: Sequence[RowCluster]) -> tuple[Evidence, ...]:
    """A request on a connection that was closed already never reaches the application."""
    lines = traced(facts, (row for cluster in found for row in cluster.rows))
    return tuple(line_record(line, "knows one of these requests", decides=False) for line in lines[:1])


def _advice(setting: KeepAlive | None, idle: int | None) -> str:
    limit = (idle or DEFAULT_IDLE_TIMEOUT_S) + SPARE_S
    text = f"Let the application keep idle connections for {limit} s or more (longer than the load balancer does)."
    if setting and setting.fix(limit):
        text += f" For {setting.runtime}: {setting.fix(limit)}."
    if setting and setting.seconds is not None and setting.seconds > WORTH_IT_S:
        below = f"an idle timeout of less than {setting.seconds:g} s, if no request takes as long"
        text += f" Without a deployment: {below}."
    return text


def _fits_the_counters(facts: Facts) -> bool:
    """A low, steady number of 502 without failed connections, while nothing happened to the targets."""
    observed = facts.observed
    counts = observed.counts
    if rows_were_read(facts) or not observed.errors_are_ours or not observed.saw("elb_502"):
        return False
    if counts.lambda_errors or facts.subject.function:  # a function is called, not connected to
        return False
    if counts.connection_errors != 0 or counts.tls_errors or observed.saw("unhealthy", "task-stops", "no-targets"):
        return False
    if observed.onset is None or observed.last_seen is None or observed.last_seen - observed.onset < STEADY_FOR:
        return False
    if observed.error_share is None or observed.error_share > LOW_RATE_COUNTED:
        return False
    if observed.pattern in {"burst", "deployment"}:
        return False
    told = lines_of(facts, observed.onset, observed.last_seen, *OTHER_STORIES)
    if told is not None and told.enough and told.in_step:
        return False
    return not events_between(facts, observed.onset - NEAR, observed.last_seen + NEAR)


def _guess(facts: Facts, setting: KeepAlive | None, idle: int | None) -> Finding:
    """It explains nothing by itself: the same counters fit a response that breaks off and a worker that is killed."""
    counts, races = facts.observed.counts, setting.races(idle) if setting and idle is not None else None
    text = f"{counts.elb_502:,} times 502 in a low, steady rate, and no failed connection to a target"
    pattern = supporting(text, "cloudwatch:GetMetricData", value=counts.elb_502)
    return Finding(
        resource=facts.subject.label,
        summary="The target may close idle connections while the load balancer still uses them"
        + (f": {setting.in_words()}, the load balancer after {idle} s" if setting and races else ""),
        supports=(pattern, *_setting(setting, idle, races)),
        against=(
            supporting(f"the counters fit other faults as well; {NOT_READ}", "cloudwatch:GetMetricData"),
            *_against(facts, setting, idle, races, ()),
        ),
        effect_seen=True,
        since=facts.observed.onset,
        overturned_by="Access log rows of these 502s with a target processing time of more than 50 ms, or on one target"
        " or route only",
        advice=_advice(setting, idle),
        at_most="possible",
    )


def _risk(facts: Facts, setting: KeepAlive, idle: int | None) -> Finding:
    return Finding(
        resource=facts.subject.label,
        summary=f"{setting.in_words()}, the load balancer after {idle} s; no errors of its kind were seen",
        supports=tuple(_setting(setting, idle, True)),
        effect_seen=False,
        advice=_advice(setting, idle),
    )
