"""Requests that were lost because a target was asked to stop, and what about the stop lost them.

A roll-out takes a target out of its group, waits for the deregistration delay, and only then sends SIGTERM; a person, a
Spot notice or the end of a host sends SIGTERM at once, while the nodes of the load balancer need 2-15 s to learn of it.
SIGKILL follows when the stop timeout is over.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/load-balancer-connection-draining.html
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from diagnostics.causes.cause import Evidence, Facts, decisive, supporting
from diagnostics.facts import (
    AccessLogs,
    ApplicationLogs,
    Changes,
    Container,
    ContainerInstances,
    Fact,
    Hosts,
    LoggedRow,
    Metrics,
    StoppedTasks,
    TargetGroupAttributes,
    Task,
    TaskDefinitions,
)
from diagnostics.rules import task_stops, written
from diagnostics.rules.counters import series_of
from diagnostics.rules.observations import NOISE_ERRORS
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import record, seconds
from diagnostics.rules.target_ends import (
    ORDERED_KINDS,
    EndKind,
    TargetEnd,
    end_of,
    host_addresses,
    kind_of,
    target_ends,
)

Mechanism = Literal["shutdown", "delay", "kill"]
"""The process went while requests still came; the delay was over before the requests were; SIGKILL cut off the work."""

LOST_USES: tuple[type[Fact], ...] = (
    AccessLogs,
    StoppedTasks,
    Changes,
    ContainerInstances,
    Hosts,
    TargetGroupAttributes,
    TaskDefinitions,
    Metrics,
    ApplicationLogs,
)
PROPAGATION_S = 15
"""So long requests may still reach a target that was deregistered."""
DEFAULT_STOP_TIMEOUT_S = 30
WORKED_S = 1.0
SLACK_S = 2.0
KILL_SLACK_S = 5.0
ENDING_TAKES_S = 60.0
"""From the end of the containers to the stop of the task, in which its network interface is released."""
MOST = 0.5
NAMED = 3
_DRAINED_FIRST: frozenset[EndKind] = frozenset({"scheduler", "deregistered"})
_LOST_BY: dict[EndKind, str] = {
    "scheduler": "a roll-out or a scale-in stopped the task",
    "person": "somebody stopped the task",
    "spot": "Spot took the task back",
    "host": "the task's host ended",
    "deregistered": "the target was deregistered",
    "itself": "the process ended by itself",
    "health": "a health check failed",
}


@dataclass(frozen=True, slots=True)
class Lost:
    """Requests of one target group that were lost at ends of one kind. `delay_s` None: it was not read."""

    kind: EndKind
    clusters: tuple[RowCluster, ...]
    tasks: tuple[Task, ...]
    ends: tuple[TargetEnd, ...]
    delay_s: int | None
    definitions: TaskDefinitions | None

    @property
    def count(self) -> int:
        return sum(cluster.count for cluster in self.clusters)

    @property
    def affects(self) -> frozenset[str]:
        return frozenset[str]().union(*(c.targets | c.ended for c in self.clusters))

    @property
    def explains(self) -> frozenset[str]:
        return frozenset[str]().union(*(cluster.explains for cluster in self.clusters))

    @property
    def since(self) -> datetime:
        return min(cluster.first for cluster in self.clusters)

    @property
    def broken_off(self) -> tuple[LoggedRow, ...]:
        """Rows of requests that a target had taken."""
        return tuple(row for c in self.clusters if c.family == "closed-before-response" for row in c.rows)

    @property
    def who(self) -> str:
        return _LOST_BY[self.kind]

    @property
    def drained_first(self) -> bool:
        return self.kind in _DRAINED_FIRST

    @property
    def is_of_a_machine(self) -> bool:
        """An instance that ends says nothing of a process that was asked to."""
        return self.kind == "host" and not self.tasks

    @property
    def outlasted_delay(self) -> float:
        """The part of the broken requests that were as old as the deregistration delay, 0-1."""
        if self.delay_s is None or not self.drained_first:
            return 0.0
        limit = max(self.delay_s - SLACK_S, WORKED_S)
        return _share(self.broken_off, lambda row: (row.elapsed_s or 0.0) >= limit and self._killed(row) is None)

    @property
    def may_be_delay(self) -> bool:
        """True when requests that took their time broke off, and nobody knows how long the delay was."""
        worked = _share(self.broken_off, lambda row: (row.elapsed_s or 0.0) >= WORKED_S)
        return self.delay_s is None and self.drained_first and worked >= MOST

    @property
    def outlasted_timeout(self) -> float:
        """The part of the broken requests that were being worked on from the stop order to SIGKILL, 0-1."""
        return _share(self.broken_off, lambda row: (row.elapsed_s or 0.0) >= (self._killed(row) or math.inf))

    def _killed(self, row: LoggedRow) -> float | None:
        """The stop timeout that was over when this row was written; None where SIGKILL did not cut it off."""
        end = end_of(row, self.ends)
        task = next((task for task in self.tasks if end and task.id == end.task_id), None)
        if end is None or task is None or killed_on_stop(task) is None:
            return None
        limit_s = stop_timeout_s(task, self.definitions) - KILL_SLACK_S
        return limit_s if (row.at - end.begin).total_seconds() >= limit_s else None

    @property
    def mechanism(self) -> Mechanism:
        if self.outlasted_delay >= MOST:
            return "delay"
        return "kill" if self.outlasted_timeout >= MOST else "shutdown"


def lost_at_stops(facts: Facts, *kinds: EndKind) -> tuple[Lost, ...]:
    """What access log rows show, by kind of end and target group; every ordered kind where none is named."""
    wanted = frozenset(kinds) or ORDERED_KINDS
    groups: dict[tuple[EndKind, str], list[RowCluster]] = defaultdict(list)
    every = facts.observed.clusters or ()
    for cluster in every:
        if cluster.end_kind not in wanted or cluster.target_status is not None or _happens_anyway(cluster, every):
            continue
        if facts.observed.saw(cluster.symptom):
            groups[cluster.end_kind, cluster.target_group or ""].append(cluster)
    found = (_lost(facts, kind, group, clusters) for (kind, group), clusters in groups.items())
    return tuple(lost for lost in found if lost.count >= NOISE_ERRORS and not lost.is_of_a_machine)


def ordered_stops(facts: Facts, *kinds: EndKind) -> tuple[Task, ...]:
    """Tasks that served and were asked to stop within the window, newest first."""
    stopped = facts.maybe(StoppedTasks)
    wanted = frozenset(kinds) or ORDERED_KINDS
    return tuple(
        task
        for task in (stopped.items if isinstance(stopped, StoppedTasks) else ())
        if kind_of(task) in wanted and task.started_at and task.stopped_at and task.stopped_at >= facts.window.start
    )


def killed_on_stop(task: Task) -> Container | None:
    """The container that SIGKILL ended after a stop order; None where memory was the reason, or nobody ordered it."""
    if kind_of(task) == "itself" or any(task_stops.out_of_memory(container) for container in task.containers):
        return None
    return next((c for c in task.containers if c.exit_code == task_stops.SIGKILL), None)


def stop_took_s(task: Task) -> float | None:
    """From the order to the end of the task, which includes the drain where ECS noted the order before it."""
    if task.stopping_at is None or task.stopped_at is None:
        return None
    return (task.stopped_at - task.stopping_at).total_seconds()


def stop_timeout_s(task: Task, definitions: TaskDefinitions | None) -> int:
    """How long ECS waits before SIGKILL; the default where the task definition says nothing or was not read."""
    container = killed_on_stop(task)
    definition = definitions.of(task.task_definition) if definitions else None
    found = definition.container(container.name) if definition and container else None
    return found.stop_timeout_s if found and found.stop_timeout_s is not None else DEFAULT_STOP_TIMEOUT_S


def took_the_timeout(task: Task, definitions: TaskDefinitions | None, delay_s: int | None) -> bool:
    """Whether the stop lasted as long as a process that does not end by itself makes it."""
    took, timeout = stop_took_s(task), stop_timeout_s(task, definitions)
    if took is None:
        return False
    drained = (0, delay_s or 0) if kind_of(task) in _DRAINED_FIRST else (0,)
    return any(-SLACK_S <= took - before - timeout <= ENDING_TAKES_S for before in drained)


def longest_request(facts: Facts) -> float | None:
    """The longest answered request in seconds; None where nothing was read.

    Requests that a delay cut off have no answer, so the rows' own times are not in it.
    """
    logs = facts.maybe(AccessLogs)
    if isinstance(logs, AccessLogs) and logs.latency.max is not None:
        return logs.latency.max
    counted = series_of(facts.maybe(Metrics), "TargetResponseTime", "Maximum", facts.subject.target_groups)
    return max((point.value for one in counted for point in one.points), default=None)


def rows_as_evidence(facts: Facts, lost: Lost) -> Iterator[Evidence]:
    for cluster in lost.clusters:
        what = _AT_END.get(cluster.family, "lost")
        times = cluster.elapsed_s
        age = f", {seconds(times.low)} to {seconds(times.high)} after they came" if times else ""
        text = f"{cluster.elb_status} {what}{age}, on {_targets(cluster)} around the stop"
        yield record(facts, cluster, text)


def stops_as_evidence(tasks: Iterable[Task], *, decides: bool = True) -> Iterator[Evidence]:
    """``task 1a2b3c4d was told to stop 03:10:02 by …, web exit 143 after 1 s``"""
    for task in list(tasks)[:NAMED]:
        record_of = decisive if decides else supporting
        yield record_of(f"task {task.id[:8]} {in_words(task)}", "ecs:DescribeTasks", at=task.stopping_at)


def in_words(task: Task) -> str:
    exits = [f"{c.name} exit {c.exit_code}" for c in task.containers if c.exit_code is not None]
    took, when = stop_took_s(task), task.stopping_at or task.stopped_at
    at = f" {when:%H:%M:%S}" if when else ""
    after = f", gone {took:.0f} s later" if took is not None else ""
    seen = f" (seen {task.seen_at:%H:%M}, no longer in ECS)" if task.seen_at else ""
    return f"was told to stop{at} UTC ({task.stop_code}){after}{': ' + ', '.join(exits) if exits else ''}{seen}"


def last_words(facts: Facts, tasks: Iterable[Task]) -> tuple[Evidence, ...]:
    """What the tasks' own logs say of SIGTERM, and how long they went on writing after it."""
    logs = facts.maybe(ApplicationLogs)
    if not isinstance(logs, ApplicationLogs):
        return ()
    found = []
    for task in tasks:
        own = [one for one in logs.lines if one.task == task.id]
        said = next((one for one in own if one.signature == "shutdown"), None)
        if said is not None:
            more_s = max((one.at - said.at).total_seconds() for one in own)
            text = f"wrote that it shuts down, and its last line {more_s:.0f} s later"
            found.append(written.record(said, text, decides=False, value=round(more_s)))
    return tuple(found[:NAMED])


def delay_of(facts: Facts, group: str | None) -> int | None:
    """None where the attributes of the target group were not read."""
    attributes = facts.maybe(TargetGroupAttributes)
    if not isinstance(attributes, TargetGroupAttributes) or group not in attributes.by_arn:
        return None
    return attributes.deregistration_delay_s(group)


def errors_at(tasks: Iterable[Task], facts: Facts) -> bool:
    """Whether the counters' errors are mostly of the minutes of these stops, and none came before the first of them."""
    known = [task for task in tasks if task.stopped_at]
    onset = facts.observed.onset
    if not known or onset is None:
        return False
    first = min(task.stopping_at or task.stopped_at for task in known if task.stopped_at)
    begins = first - timedelta(minutes=1) <= onset
    return begins and task_stops.errors_follow(known, facts.observed)


_AT_END: dict[str, str] = {
    "closed-before-response": "broken off",
    "not-dispatched-fast": "refused",
    "not-dispatched-timeout": "without a connection for 10 s (the address was released already)",
    "response-timeout": "without an answer",
}


def _lost(facts: Facts, kind: EndKind, group: str, clusters: list[RowCluster]) -> Lost:
    stopped, definitions = facts.maybe(StoppedTasks), facts.maybe(TaskDefinitions)
    ids = frozenset[str]().union(*(cluster.ended for cluster in clusters))
    addresses = host_addresses(facts.maybe(ContainerInstances), facts.maybe(Hosts))
    ends = target_ends(stopped, facts.maybe(Changes), facts.maybe(TargetGroupAttributes), addresses)
    return Lost(
        kind=kind,
        clusters=tuple(clusters),
        tasks=tuple(t for t in stopped.items if t.id in ids) if isinstance(stopped, StoppedTasks) else (),
        ends=tuple(end for end in ends if end.kind == kind),
        delay_s=delay_of(facts, group),
        definitions=definitions if isinstance(definitions, TaskDefinitions) else None,
    )


def _happens_anyway(cluster: RowCluster, every: Sequence[RowCluster]) -> bool:
    """Whether connections fail like this as often where nobody ended a target: the way to it is at fault then."""
    if not cluster.family.startswith("not-dispatched"):
        return False
    alike = (one for one in every if (one.family, one.target_group) == (cluster.family, cluster.target_group))
    return sum(one.count for one in alike if one.end_kind not in ORDERED_KINDS) >= cluster.count


def _share(rows: tuple[LoggedRow, ...], holds: Callable[[LoggedRow], bool]) -> float:
    return sum(map(holds, rows)) / len(rows) if rows else 0.0


def _targets(cluster: RowCluster) -> str:
    return min(cluster.targets) if len(cluster.targets) == 1 else f"{len(cluster.targets)} targets"
